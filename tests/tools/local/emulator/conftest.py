"""One emulator for all tests of this directory, started the way that users start it."""

import functools
import io
import os
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tools.local.emulator.process import Emulator

ACCOUNT_ID = "123456789012"
REGION = "ca-central-1"

Client = Callable[[str], Any]


def package(files: dict[str, str]) -> bytes:
    """A Lambda package of files by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def lambda_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the functions of the tests are given by this machine; each test writes its own pattern into it."""
    path = tmp_path_factory.mktemp("lambda") / "config.json"
    path.write_text("{}")
    return path


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, lambda_config: Path) -> Iterator[Emulator]:
    with Emulator(ACCOUNT_ID, log_dir=tmp_path_factory.mktemp("log"), lambda_config=lambda_config) as running:
        yield running


@pytest.fixture(scope="session")
def client(emulator: Emulator) -> Client:
    """A boto3 client by name of its service, which sees nothing of the user's own AWS settings, nor do other tests see
    any of these.
    """

    @functools.cache
    def make(service: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for name, value in emulator.environment(REGION).items():
                patch.setenv(name, value)
            return boto3.Session().client(service, config=Config(retries={"total_max_attempts": 1}))

    return make


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"
