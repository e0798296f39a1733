"""A key that is kept, by real Terraform: after a destruction, whole or killed, it is the same one again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.deploy.conftest import ENVIRONMENT, Deployment
from tools.deploy import keep, terraform

pytestmark = [pytest.mark.emulator, pytest.mark.long, pytest.mark.timeout(1200)]

KEPT, GONE = "alias/iot-data-dev", "alias/iot-logs-dev"


def test_a_kept_key_comes_back_after_a_destruction_and_after_one_that_was_killed(deployment: Deployment) -> None:
    # GIVEN a network whose data key encrypts something that is left over
    network, environ, kms = deployment.stack("network"), deployment.environ, deployment.client("kms")

    def run(*arguments: str) -> str:
        return terraform.run([*arguments, "-no-color"], cwd=network.folder, environ=environ).stdout

    def deploy() -> str:
        aws: dict[str, Any] = {"s3": deployment.client("s3"), "client": client}
        with keep.taken_up(ENVIRONMENT, **aws):
            run("init", "-input=false")
            said = run("apply", "-auto-approve", "-input=false", "-parallelism=30")
        run("plan", "-input=false", "-detailed-exitcode")  # raises unless it is empty
        return said

    def client(service: str, region: str) -> Any:
        assert region == environ["AWS_REGION"]
        return deployment.client(service)

    def release() -> list[str]:
        said: list[str] = []
        keep.release(ENVIRONMENT, environ=environ, s3=deployment.client("s3"), client=client, say=said.append)
        return said

    deploy()
    made = {name: kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] for name in (KEPT, GONE)}
    secrets = deployment.client("secretsmanager")
    secrets.create_secret(Name="left", SecretString="{}", KmsKeyId=made[KEPT])
    secrets.delete_secret(SecretId="left", RecoveryWindowInDays=30)

    # WHEN a destruction is killed as soon as the key was let go, and the environment deployed again
    (said,) = release()
    assert "aws_kms_key.keys_data" in said
    assert "aws_kms_alias.keys_data" in said
    assert "keys_data" not in run("state", "list")
    said = deploy()

    # THEN the key was imported, and none was made
    assert "2 imported, 0 added" in said
    assert kms.describe_key(KeyId=KEPT)["KeyMetadata"]["Arn"] == made[KEPT]
    assert len(kms.list_keys()["Keys"]) == len(network.configuration["resource"]["aws_kms_key"])

    # WHEN a killed destruction is run again to its end
    release()
    assert release() == []
    run("destroy", "-auto-approve", "-input=false", "-parallelism=30")

    # THEN it is the only key that is left
    states = {name: kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] for name, arn in made.items()}
    assert states == {KEPT: "Enabled", GONE: "PendingDeletion"}
    assert run("state", "list") == ""

    # THEN the next deployment takes it up, and makes the others anew
    assert "2 imported" in deploy()
    assert kms.describe_key(KeyId=KEPT)["KeyMetadata"]["Arn"] == made[KEPT]
    assert kms.describe_key(KeyId=GONE)["KeyMetadata"]["Arn"] != made[GONE]
