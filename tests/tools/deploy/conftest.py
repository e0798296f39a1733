"""A synthesized `iot-dev` and an embedded AWS with its state bucket; and, fast, all tools played."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from fake_tools import Tools, fake_tools

from settings import load
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

ENVIRONMENT = "iot-dev"


@dataclass(frozen=True)
class Deployment:
    """What the functions of `deploy` are given."""

    environ: dict[str, str]
    outdir: Path

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return boto3.client(
            service,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name=self.environ["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def stack(self, component: str) -> Stack:
        """One stack of the environment."""
        return next(stack for stack in stacks.find(ENVIRONMENT) if stack.name == f"{ENVIRONMENT}-{component}")


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The embedded AWS with the bucket that bootstrap makes, and the environment synthesized elsewhere."""
    from main import build_app

    environment = load(ENVIRONMENT)
    outdir = tmp_path / "cdktf.out"
    build_app([environment], outdir).synth()
    monkeypatch.setattr(stacks, "OUTDIR", outdir)
    with Emulator(environment.account_id, log_dir=tmp_path) as emulator:
        aws = {**without_aws(os.environ), **emulator.environment(environment.region)}
        made = Deployment({**aws, **terraform.settings(aws)}, outdir)
        made.client("s3").create_bucket(
            Bucket=made.stack("network").backend["bucket"],
            CreateBucketConfiguration={"LocationConstraint": environment.region},
        )
        yield made


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """The tools played for `iot-dev`."""
    with fake_tools(tmp_path, monkeypatch) as played:
        yield played
