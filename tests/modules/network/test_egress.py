"""NAT gateways and interface endpoints."""

from __future__ import annotations

import json

import pytest
from constructs import Construct
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.network import InterfaceEndpoints, NatGateways
from settings import load
from settings.naming import Naming
from settings.network import NetworkSettings

ZONES = ("ca-central-1a", "ca-central-1b", "ca-central-1d")
ACCOUNT = Account("111111111111", "ca-central-1")
NAMES = Naming("iot", "dev")


def settings(**changes: object) -> NetworkSettings:
    """Network settings of the first environment with changes."""
    return load("iot-dev").network.model_copy(update=changes)


def nat(kind: str) -> Synthesized:
    """NAT gateways of the kind over three zones."""
    return synthesize_module(
        lambda scope: NatGateways(
            scope,
            "nat",
            settings=settings(nat=kind),
            names=NAMES,
            public_subnet_ids={zone: f"public-{zone}" for zone in ZONES},
            private_route_table_ids={zone: f"table-{zone}" for zone in ZONES},
        )
    )


def zone_of_gateway(stack: Synthesized, route_table: str) -> str:
    """The public subnet through whose gateway a private table leaves."""
    route = stack.one("aws_route", route_table_id=route_table, destination_cidr_block="0.0.0.0/0")
    return next(
        str(gateway["subnet_id"])
        for gateway in stack.all("aws_nat_gateway")
        if route["nat_gateway_id"] == f"${{{stack.address('aws_nat_gateway', subnet_id=gateway['subnet_id'])}.id}}"
    )


def test_no_nat_means_no_gateway_no_address_and_no_route() -> None:
    assert nat("none").addresses == []


def test_a_single_gateway_carries_every_zone() -> None:
    stack = nat("single")

    assert stack.one("aws_nat_gateway")["subnet_id"] == "public-ca-central-1a"
    for zone in ZONES:
        assert zone_of_gateway(stack, f"table-{zone}") == "public-ca-central-1a"


def test_per_zone_every_zone_leaves_through_its_own_gateway() -> None:
    stack = nat("per_zone")

    for zone in ZONES:
        assert zone_of_gateway(stack, f"table-{zone}") == f"public-{zone}"


@pytest.mark.parametrize("kind", ["single", "per_zone"])
def test_every_gateway_has_an_address_of_its_own(kind: str) -> None:
    stack = nat(kind)

    for gateway in stack.all("aws_nat_gateway"):
        address = stack.address("aws_eip", tags=gateway["tags"])
        assert gateway["allocation_id"] == f"${{{address}.id}}"
        assert stack.one("aws_eip", tags=gateway["tags"])["domain"] == "vpc"
    addresses = [gateway["allocation_id"] for gateway in stack.all("aws_nat_gateway")]
    assert len(set(addresses)) == len(addresses)


def endpoints(*services: str) -> tuple[Synthesized, InterfaceEndpoints]:
    """Interface endpoints of these services."""
    built: list[InterfaceEndpoints] = []

    def build(scope: Construct) -> None:
        built.append(
            InterfaceEndpoints(
                scope,
                "endpoints",
                settings=settings(interface_endpoints=services),
                names=NAMES,
                account=ACCOUNT,
                vpc_id="vpc-1",
                subnet_ids=["subnet-1", "subnet-2"],
            )
        )

    return synthesize_module(build), built[0]


def test_without_services_there_is_no_endpoint_and_no_security_group() -> None:
    stack, construct = endpoints()

    assert stack.addresses == []
    assert construct.security_group_id is None


def test_an_endpoint_answers_in_every_subnet_under_the_name_of_its_service() -> None:
    stack, _ = endpoints("secretsmanager", "ecr.api")

    group = f"${{{stack.address('aws_security_group', name='iot-endpoints-dev')}.id}}"
    for service in ("secretsmanager", "ecr.api"):
        endpoint = stack.one("aws_vpc_endpoint", service_name=f"com.amazonaws.ca-central-1.{service}")
        assert endpoint["vpc_endpoint_type"] == "Interface"
        assert endpoint["private_dns_enabled"] is True
        assert endpoint["subnet_ids"] == ["subnet-1", "subnet-2"]
        assert endpoint["security_group_ids"] == [group]


def test_the_security_group_of_the_endpoints_has_no_rule_until_a_caller_adds_one() -> None:
    stack, _ = endpoints("kms")

    group = stack.one("aws_security_group")
    assert "ingress" not in group
    assert "egress" not in group
    assert not stack.all("aws_vpc_security_group_ingress_rule")


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("secretsmanager", "secretsmanager:*"),
        ("ecr.dkr", "ecr:*"),
        ("monitoring", "cloudwatch:*"),
        ("elasticfilesystem", "elasticfilesystem:*"),
    ],
)
def test_an_endpoint_serves_its_own_service_to_identities_of_the_account_only(service: str, actions: str) -> None:
    stack, _ = endpoints(service)

    (statement,) = json.loads(stack.one("aws_vpc_endpoint")["policy"])["Statement"]

    assert statement["Effect"] == "Allow"
    assert statement["Action"] == [actions]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
