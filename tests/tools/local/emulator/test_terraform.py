"""The real Terraform and the real AWS provider: apply, an empty second plan, destroy."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.local.emulator.conftest import ACCOUNT_ID, REGION, Client, package
from tools.deploy.terraform import binary, settings
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

_CONFIGURATION = Path(__file__).with_name("terraform")

_ROTATION = """
import boto3

def rotate(event, context):
    secrets = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="rotated", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""

Terraform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def terraform(emulator: Emulator, tmp_path: Path) -> Terraform:
    shutil.copytree(_CONFIGURATION, tmp_path, dirs_exist_ok=True)
    zip_file = tmp_path / "rotation.zip"
    zip_file.write_bytes(package({"handler.py": _ROTATION}))
    environment = {
        **without_aws(os.environ),
        **emulator.environment(REGION),
        **settings(os.environ),
        "TF_VAR_account_id": ACCOUNT_ID,
        "TF_VAR_rotation_package": str(zip_file),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary(environment), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_apply_is_followed_by_an_empty_plan_and_a_clean_destroy(terraform: Terraform, client: Client) -> None:
    def succeed(*arguments: str) -> str:
        done = terraform(*arguments)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    succeed("init", "-no-color", "-input=false")
    succeed("apply", "-no-color", "-input=false", "-auto-approve", "-parallelism=30")

    outputs = {key: value["value"] for key, value in json.loads(succeed("output", "-json")).items()}
    assert ":loadbalancer/net/" in outputs["load_balancer_arn"]
    assert outputs["clustered_endpoint"] == "clustercfg.clustered.ca-central-1.cache.amazonaws.com"
    assert outputs["replicated_members"] == ["replicated-001", "replicated-002"]
    secrets = client("secretsmanager")
    assert secrets.get_secret_value(SecretId=outputs["secret_arn"])["SecretString"] == "rotated"
    master = json.loads(secrets.get_secret_value(SecretId=outputs["master_secret_arn"])["SecretString"])
    assert master["username"] == "steward"

    # 2 would be a difference; it stands here and not in succeed(), so that the plan is shown.
    succeed("plan", "-no-color", "-input=false", "-detailed-exitcode", "-parallelism=30")
    destroyed = succeed("destroy", "-no-color", "-input=false", "-auto-approve", "-refresh=false", "-parallelism=30")
    assert "Destroy complete!" in destroyed
