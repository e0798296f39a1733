"""A deployment whose tasks cannot start: ECS rolls back, the provider is content, and the apply fails all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct
from service_parts import ACCOUNT, PARTS, add_service
from synthesized import synthesize_module

from modules.common.security_groups import closed_security_group
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.emulator

GOOD, BROKEN, MENDED = (
    f"registry.{domain}/shop:{tag}" for domain, tag in (("example.com", 1), ("invalid", 2), ("example.com", 3))
)
TARGETS = ACCOUNT.arn("elasticloadbalancing", "targetgroup/shop-entry-dev/0123456789abcdef")
KEY = ACCOUNT.arn("kms", "key/12345678-1234-1234-1234-123456789012")
NAME = "shop-service-dev"


def surroundings(scope: Construct) -> Any:
    """What the service is put into, as far as the embedded AWS asks for it."""
    AwsProvider(scope, "aws", region=ACCOUNT.region)
    vpc = Vpc(scope, "vpc", cidr_block="10.0.0.0/16")
    subnet = Subnet(scope, "subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
    groups = {
        name: closed_security_group(scope, name, name=name, description=name, vpc_id=vpc.id).id
        for name in ("entry", "database", "redis")
    }
    return SimpleNamespace(
        network=SimpleNamespace(vpc_id=vpc.id, subnet_ids=lambda _: [subnet.id], s3_prefix_list_id="pl-12345678"),
        entry=SimpleNamespace(security_group_id=groups["entry"], target_group_arn=TARGETS),
        database=SimpleNamespace(**{**vars(PARTS.database), "security_group_id": groups["database"]}),
        cache=SimpleNamespace(
            **{
                **vars(PARTS.cache),
                "security_group_id": groups["redis"],
                "connect_arns": (ACCOUNT.arn("elasticache", "replicationgroup:shop"),),
            }
        ),
    )


class Deployment:
    """One folder of Terraform, applied again and again with another image."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder = folder
        aws = {**without_aws(os.environ), **emulator.environment(ACCOUNT.region)}
        self._environ = {**aws, **terraform.settings(aws)}
        self.ecs = boto3.client(
            "ecs",
            endpoint_url=emulator.endpoint_url,
            region_name=ACCOUNT.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def write(self, image: str) -> None:
        made = synthesize_module(
            lambda scope: add_service(
                scope,
                parts=surroundings(scope),
                with_storage=False,
                endpoint_group_id=None,
                logs_key_arn=KEY,
                image=image,
                redeploy_after_rotation=True,
            )
        )
        (self._folder / "cdk.tf.json").write_text(json.dumps(made.json), encoding="utf-8")

    def terraform(self, *arguments: str) -> CompletedProcess[str]:
        return terraform.run([*arguments, "-input=false"], cwd=self._folder, environ=self._environ, check=False)

    def running(self) -> str:
        """The image of the definition that the service runs."""
        (service,) = self.ecs.describe_services(cluster=NAME, services=[NAME])["services"]
        definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        assert definition["status"] == "ACTIVE"
        return str(definition["containerDefinitions"][0]["image"])


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Emulator(ACCOUNT.id, log_dir=tmp_path) as emulator:
        made = Deployment(tmp_path, emulator)
        made.write(GOOD)
        assert made.terraform("init").returncode == 0
        yield made


def test_a_broken_image_fails_the_deployment_and_the_old_one_goes_on(deployment: Deployment) -> None:
    # GIVEN a service that runs, with nothing left to do
    first = deployment.terraform("apply", "-auto-approve")
    assert first.returncode == 0, first.stderr
    again = deployment.terraform("plan", "-detailed-exitcode")
    assert again.returncode == 0, again.stdout

    # WHEN an image is deployed that cannot be pulled
    deployment.write(BROKEN)
    broken = deployment.terraform("apply", "-auto-approve")

    # THEN the deployment fails and says why, though the service is steady: with its old definition
    assert broken.returncode == 1, broken.stdout
    assert "rolled back" in " ".join(broken.stderr.replace("│", " ").split())
    assert deployment.running() == GOOD
    # and the next plan does not take it for done
    assert deployment.terraform("plan", "-detailed-exitcode").returncode == 2

    # WHEN the image is mended
    deployment.write(MENDED)
    mended = deployment.terraform("apply", "-auto-approve")

    # THEN it is deployed, what it replaced is gone, and nothing is left to do
    assert mended.returncode == 0, mended.stderr
    assert deployment.running() == MENDED
    assert len(deployment.ecs.list_task_definitions(familyPrefix=NAME, status="ACTIVE")["taskDefinitionArns"]) == 1
    assert deployment.terraform("plan", "-detailed-exitcode").returncode == 0
