"""Each type of resource is taken back after a killed deployment, or need not be; and nothing that is not ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from all_environments import environment_names
from moto import mock_aws

from tools.deploy import orphans
from tools.deploy.aws import Clients
from tools.synthesized import stacks

TAGS = {"Name": "iot-files-dev", "Environment": "iot-dev"}
LISTED = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def found(clients: Clients, type_: str, **planned: Any) -> str | None:
    return orphans.find({"type": type_, "change": {"after": planned}}, clients)


def test_there_is_a_way_for_every_type_of_every_environment(app_outdir: Path) -> None:
    # Those of bootstrap have none: its state lies on the machine of whoever is at it until it is in its bucket.
    found = [stack for name in environment_names() for stack in stacks.find(name, outdir=app_outdir)]
    types = {type_ for stack in found for type_ in stack.configuration["resource"]}

    assert {"aws_vpc", "aws_budgets_budget", "aws_route53_record"} <= types
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


def test_an_authorizer_and_a_domain(clients: Clients) -> None:
    gateway, route53, certificate = (
        clients("apigateway"),
        clients("route53"),
        "arn:aws:acm:ca-central-1:1:certificate/1",
    )
    api = gateway.create_rest_api(name="own")["id"]
    gateway.put_method(
        restApiId=api,
        resourceId=gateway.get_resources(restApiId=api)["items"][0]["id"],
        httpMethod="GET",
        authorizationType="NONE",
    )
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[2]
    login = {"rest_api_id": api, "name": "login"}
    mapping = {"domain_name": "api.example.com"}
    record = {"zone_id": zone, "name": "api.example.com", "type": "A"}
    wanted = {
        "aws_api_gateway_authorizer": login,
        "aws_api_gateway_base_path_mapping": mapping,
        "aws_route53_record": record,
    }
    assert [found(clients, type_, **planned) for type_, planned in wanted.items()] == [None, None, None]

    # WHEN they exist, beside others
    pool = "arn:aws:cognito-idp:ca-central-1:111111111111:userpool/ca-central-1_a"
    for name in ("other", "login"):
        authorizer = gateway.create_authorizer(
            restApiId=api, name=name, type="COGNITO_USER_POOLS", providerARNs=[pool], identitySource="header"
        )["id"]
    gateway.create_domain_name(domainName="api.example.com", regionalCertificateArn=certificate)
    gateway.create_base_path_mapping(domainName="api.example.com", restApiId=api)
    for name in ("api.example.com", "other.example.com"):
        change = {"Name": name, "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "192.0.2.1"}]}
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": change}]}
        )

    # THEN each is found by itself
    assert [found(clients, type_, **planned) for type_, planned in wanted.items()] == [
        f"{api}/{authorizer}",
        "api.example.com/",
        f"{zone}_api.example.com_A",
    ]
    assert found(clients, "aws_api_gateway_authorizer", rest_api_id=api, name="third") is None
    assert found(clients, "aws_route53_record", zone_id=zone, name="b.example.com", type="A") is None
    assert found(clients, "aws_route53_record", zone_id=zone, name="api.example.com", type="AAAA") is None


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
