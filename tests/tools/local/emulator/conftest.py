"""One emulator for all tests of this directory, started the way that users start it."""

import io
import os
import subprocess
import sys
import time
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

_ROOT = Path(__file__).resolve().parents[4]

Client = Callable[[str], Any]


def package(files: dict[str, str]) -> bytes:
    """A Lambda package of files by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def serve(tmp_path: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """The command itself, as a process that the test must end, and its port."""
    port_file = tmp_path / "port"
    command = [
        sys.executable,
        "-m",
        "tools.local.emulator",
        "--account-id",
        ACCOUNT_ID,
        "--port-file",
        str(port_file),
    ]
    server = subprocess.Popen([*command, "--log", str(tmp_path / "log"), *arguments], cwd=_ROOT, stdin=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not port_file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return server, int(port_file.read_text())


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
def client(emulator: Emulator) -> Iterator[Client]:
    """A boto3 client by name of its service, which sees nothing of the user's own AWS settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in emulator.environment(REGION).items():
            patch.setenv(name, value)
        session = boto3.Session()
        config = Config(retries={"total_max_attempts": 1})
        yield lambda service: session.client(service, config=config)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"
