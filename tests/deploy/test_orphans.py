"""Each type of resource is taken back after a killed deployment, or need not be; and nothing that is not ours."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deploy import orphans
from deploy.asking import Clients

TAGS = {"Name": "iot-files-dev", "Environment": "iot-dev"}
LISTED = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def found(clients: Clients, type_: str, **planned: Any) -> str | None:
    return orphans.find({"type": type_, "change": {"after": planned}}, clients)


def test_there_is_a_way_for_every_type_of_every_environment(app_outdir: Path) -> None:
    synthesized = [json.loads(file.read_text()) for file in app_outdir.glob("stacks/*/cdk.tf.json")]
    types = {type_ for stack in synthesized for type_ in stack.get("resource", {})}

    assert types
    assert [type_ for type_ in sorted(types) if not orphans.is_known(type_)] == []


@pytest.mark.parametrize(
    ("type_", "planned", "id_"),
    [
        ("aws_ssm_document", {"name": "a"}, "a"),
        ("aws_ssm_document", {}, None),
        ("aws_lambda_permission", {"function_name": "a", "statement_id": "b"}, "a/b"),
        ("aws_lambda_permission", {"statement_id": "b"}, None),
        ("aws_iam_role_policy", {"name": "a"}, None),
    ],
)
def test_a_name_is_an_id_as_soon_as_it_is_known(type_: str, planned: dict[str, str], id_: str | None) -> None:
    assert orphans.name({"type": type_, "change": {"after": planned}}) == id_


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    """moto in this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="ca-central-1")


def test_files_their_targets_and_access_points(clients: Clients) -> None:
    efs, ec2 = clients("efs"), clients("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    assert found(clients, "aws_efs_file_system", tags_all=TAGS) is None

    # WHEN they exist, beside another's
    other = efs.create_file_system(CreationToken="other", Tags=[LISTED[0]])["FileSystemId"]
    files = efs.create_file_system(CreationToken="own", Tags=LISTED)["FileSystemId"]
    target = efs.create_mount_target(FileSystemId=files, SubnetId=subnet)["MountTargetId"]
    point = efs.create_access_point(ClientToken="own", FileSystemId=files, Tags=LISTED)["AccessPointId"]

    # THEN they are found, where they were planned
    assert found(clients, "aws_efs_file_system", tags_all=TAGS) == files
    assert found(clients, "aws_efs_mount_target", file_system_id=files, subnet_id=subnet) == target
    assert found(clients, "aws_efs_access_point", file_system_id=files, tags_all=TAGS) == point
    assert found(clients, "aws_efs_mount_target", file_system_id=other, subnet_id=subnet) is None
    assert found(clients, "aws_efs_mount_target", subnet_id=subnet) is None

    # WHEN two are equal, THEN nobody knows which is meant
    efs.create_file_system(CreationToken="third", Tags=LISTED)
    assert found(clients, "aws_efs_file_system", tags_all=TAGS) is None


def test_a_secret_that_waits_for_its_deletion_is_none(clients: Clients) -> None:
    secrets = clients("secretsmanager")
    assert found(clients, "aws_secretsmanager_secret", name="iot/dev/own") is None

    arn = secrets.create_secret(Name="iot/dev/own")["ARN"]
    assert found(clients, "aws_secretsmanager_secret", name="iot/dev/own") == arn

    secrets.delete_secret(SecretId=arn)
    assert found(clients, "aws_secretsmanager_secret", name="iot/dev/own") is None


def test_a_service_that_has_ended_is_none(clients: Clients) -> None:
    ecs = clients("ecs")
    planned = {"cluster": "arn:aws:ecs:ca-central-1:111111111111:cluster/iot", "name": "main"}
    assert found(clients, "aws_ecs_service", **planned) is None

    ecs.create_cluster(clusterName="iot")
    ecs.register_task_definition(family="main", containerDefinitions=[{"name": "main", "image": "main", "memory": 1}])
    ecs.create_service(cluster="iot", serviceName="main", taskDefinition="main", desiredCount=0)
    assert found(clients, "aws_ecs_service", **planned) == "iot/main"

    ecs.delete_service(cluster="iot", service="main")
    assert found(clients, "aws_ecs_service", **planned) is None
