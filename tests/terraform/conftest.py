"""Real Terraform and the real AWS provider on the synthesized JSON, without any AWS to call."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploy import terraform

# The provider then plans without credentials; `allowed_account_ids` would ask who is calling.
_OFFLINE = {
    "provider": {
        "aws": {
            "allowed_account_ids": None,
            "skip_credentials_validation": True,
            "skip_requesting_account_id": True,
            "skip_metadata_api_check": True,
            "access_key": "offline",
            "secret_key": "offline",
        }
    },
    "terraform": {"backend": {"local": {}}},
}

Terraform = Callable[..., CompletedProcess[str]]


@pytest.fixture
def offline(app_outdir: Path, tmp_path: Path) -> Callable[[str], Terraform]:
    """Gives for a stack's name a function that runs Terraform on a copy of its JSON, initialized."""

    def prepare(stack: str) -> Terraform:
        shutil.copy(app_outdir / "stacks" / stack / "cdk.tf.json", tmp_path)
        (tmp_path / "offline_override.tf.json").write_text(json.dumps(_OFFLINE), encoding="utf-8")
        environ = {**os.environ, **terraform.settings(os.environ)}

        def run(*arguments: str) -> CompletedProcess[str]:
            done = terraform.run(arguments, cwd=tmp_path, environ=environ, check=False)
            assert done.returncode == 0, f"terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}"
            return done

        run("init", "-input=false")
        return run

    return prepare
