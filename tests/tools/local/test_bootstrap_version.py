"""Why the application's secret has a bootstrap version with a permanent stage: three ways to write a first version,
each planned again after two real rotations on an emulator that drops versions without a stage, as AWS does.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.tools.local.emulator.conftest import package
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.terraform

_ACCOUNT, _REGION = "123456789012", "ca-central-1"
_ROTATE = """
import boto3

def handler(event, context):
    secrets = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="rotated " + token, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
        secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
_IGNORED: dict[str, Any] = {"lifecycle": {"ignore_changes": ["secret_string", "version_stages"]}}
_WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "ignored": _IGNORED,
    "permanent": {"version_stages": ["AWSCURRENT", "BOOTSTRAP"], **_IGNORED},
}


def _configuration(zip_file: Path) -> dict[str, Any]:
    secret = "aws_secretsmanager_secret.{}.id"
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": terraform.PROVIDER_VERSION}}
        },
        "resource": {
            "aws_iam_role": {"rotate": {"name": "rotate", "assume_role_policy": _TRUST}},
            "aws_lambda_function": {
                "rotate": {
                    "function_name": "rotate",
                    "filename": str(zip_file),
                    "role": "${aws_iam_role.rotate.arn}",
                    "handler": "rotate.handler",
                    "runtime": "python3.13",
                    "timeout": 60,  # a busy machine needs more than the default of 3 to import boto3
                }
            },
            "aws_lambda_permission": {
                "rotate": {
                    "function_name": "${aws_lambda_function.rotate.function_name}",
                    "action": "lambda:InvokeFunction",
                    "principal": "secretsmanager.amazonaws.com",
                    "source_account": _ACCOUNT,
                }
            },
            "aws_secretsmanager_secret": {way: {"name": way, "recovery_window_in_days": 0} for way in _WAYS},
            "aws_secretsmanager_secret_version": {
                way: {"secret_id": f"${{{secret.format(way)}}}", "secret_string": "facts", **how}
                for way, how in _WAYS.items()
            },
            "aws_secretsmanager_secret_rotation": {
                way: {
                    "secret_id": f"${{{secret.format(way)}}}",
                    "rotation_lambda_arn": "${aws_lambda_function.rotate.arn}",
                    "rotation_rules": {"automatically_after_days": 30},
                    "depends_on": ["aws_lambda_permission.rotate", f"aws_secretsmanager_secret_version.{way}"],
                }
                for way in _WAYS
            },
        },
    }


def _rotate(secrets: Any, way: str) -> None:
    """Rotate, and wait for the end: RotateSecret returns before the function has run."""
    token = secrets.rotate_secret(SecretId=way)["VersionId"]
    _wait_for_current(secrets, way, lambda value: value["VersionId"] == token)


def _wait_for_current(secrets: Any, way: str, arrived: Any) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if arrived(secrets.get_secret_value(SecretId=way, VersionStage="AWSCURRENT")):
            return
        time.sleep(0.2)
    raise AssertionError(f"{way} was not rotated")


def test_only_a_version_with_a_permanent_stage_survives_two_rotations(tmp_path: Path) -> None:
    zip_file = tmp_path / "rotate.zip"
    zip_file.write_bytes(package({"rotate.py": _ROTATE}))
    (tmp_path / "main.tf.json").write_text(json.dumps(_configuration(zip_file)), encoding="utf-8")
    with Emulator(_ACCOUNT, log_dir=tmp_path) as emulator:
        aws = {**without_aws(os.environ), **emulator.environment(_REGION)}
        environ = {**aws, **terraform.settings(aws)}
        secrets = boto3.client(
            "secretsmanager",
            endpoint_url=emulator.endpoint_url,
            region_name=_REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        # GIVEN the three secrets, deployed and rotated once by the creation of their rotation
        terraform.run(["init", "-input=false"], cwd=tmp_path, environ=environ)
        terraform.run(["apply", "-auto-approve", "-input=false"], cwd=tmp_path, environ=environ)
        for way in _WAYS:
            _wait_for_current(secrets, way, lambda value: value["SecretString"].startswith("rotated"))

        # WHEN each is rotated once more
        for way in _WAYS:
            _rotate(secrets, way)

        # THEN the plan would write the first two again, over the live value, and leaves the third alone
        terraform.run(["plan", "-input=false", "-out=plan"], cwd=tmp_path, environ=environ)
        plan = json.loads(terraform.run(["show", "-json", "plan"], cwd=tmp_path, environ=environ).stdout)
    actions = {
        change["name"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["type"] == "aws_secretsmanager_secret_version"
    }
    assert actions == {"plain": ["create"], "ignored": ["create"], "permanent": ["no-op"]}
