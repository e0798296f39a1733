"""The VPC and its access lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.network import Network
from settings import load
from settings.cidr import plan_subnets
from settings.naming import Naming

ZONES = ("ca-central-1a", "ca-central-1b", "ca-central-1d")
CIDR = "10.20.0.0/16"
ANYWHERE = "0.0.0.0/0"


def network(zones: tuple[str, ...] = ZONES) -> Synthesized:
    """A network of the first environment's settings over these zones."""
    return synthesize_module(
        lambda scope: Network(
            scope,
            "network",
            settings=load("iot-dev").network,
            zones=zones,
            names=Naming("iot", "dev"),
            account=Account("111111111111", "ca-central-1"),
        )
    )


@pytest.fixture(scope="module")
def made() -> Synthesized:
    """A network over three zones."""
    return network()


def subnets(stack: Synthesized, tier: str) -> dict[str, str]:
    """Zone -> reference to the id of the tier's subnet."""
    return {
        zone: f"${{{stack.address('aws_subnet', availability_zone=zone, tags=tags)}.id}}"
        for zone in ZONES
        for tags in [{"Name": f"iot-{tier}-{zone}-dev", "Tier": tier}]
        if stack.all("aws_subnet", availability_zone=zone, tags=tags)
    }


def table_of(stack: Synthesized, subnet_id: str) -> str:
    """Name of the route table of a subnet."""
    table_id = stack.one("aws_route_table_association", subnet_id=subnet_id)["route_table_id"]
    return next(
        str(table["tags"]["Name"])
        for table in stack.all("aws_route_table")
        if table_id == f"${{{stack.address('aws_route_table', tags=table['tags'])}.id}}"
    )


@pytest.mark.parametrize("zones", [ZONES[:2], ZONES])
def test_every_zone_has_its_planned_subnets(zones: tuple[str, ...]) -> None:
    stack = network(zones)

    for zone, planned in zip(zones, plan_subnets(CIDR, len(zones)), strict=True):
        for tier in ("public", "private", "data"):
            (subnet,) = (
                found for found in stack.all("aws_subnet", availability_zone=zone) if found["tags"]["Tier"] == tier
            )
            assert subnet["cidr_block"] == str(getattr(planned, tier))
    assert {subnet["availability_zone"] for subnet in stack.all("aws_subnet")} == set(zones)


def test_no_subnet_gives_public_addresses(made: Synthesized) -> None:
    assert {subnet["map_public_ip_on_launch"] for subnet in made.all("aws_subnet")} == {False}
    assert not any(subnet.get("assign_ipv6_address_on_creation") for subnet in made.all("aws_subnet"))


def test_the_vpc_resolves_the_names_of_endpoints(made: Synthesized) -> None:
    vpc = made.one("aws_vpc", cidr_block=CIDR)

    assert vpc["enable_dns_support"] is True
    assert vpc["enable_dns_hostnames"] is True


def test_the_default_security_group_and_access_list_have_no_rule(made: Synthesized) -> None:
    for type_ in ("aws_default_security_group", "aws_default_network_acl"):
        default = made.one(type_)
        assert default.get("ingress", []) == []
        assert default.get("egress", []) == []


def test_only_public_subnets_have_a_way_to_the_internet(made: Synthesized) -> None:
    # GIVEN the only route of the network stack
    route = made.one("aws_route")
    table = next(
        found
        for found in made.all("aws_route_table")
        if route["route_table_id"] == f"${{{made.address('aws_route_table', tags=found['tags'])}.id}}"
    )

    # THEN it is the public table's, through the internet gateway
    assert table["tags"] == {"Name": "iot-public-dev"}
    assert route["destination_cidr_block"] == ANYWHERE
    assert route["gateway_id"] == f"${{{made.address('aws_internet_gateway')}.id}}"
    # and the table of the data subnets is to have none at all, so that a deployment removes one that was added
    assert {found["tags"]["Name"]: found.get("route") for found in made.all("aws_route_table")} == {
        "iot-public-dev": None,
        "iot-data-dev": [],
        **{f"iot-private-{zone}-dev": None for zone in ZONES},
    }


def test_every_subnet_has_the_route_table_of_its_tier_and_private_ones_of_their_zone(made: Synthesized) -> None:
    for zone in ZONES:
        assert table_of(made, subnets(made, "public")[zone]) == "iot-public-dev"
        assert table_of(made, subnets(made, "private")[zone]) == f"iot-private-{zone}-dev"
        assert table_of(made, subnets(made, "data")[zone]) == "iot-data-dev"


def rules(acl: dict[str, Any], direction: str) -> list[tuple[object, ...]]:
    """(action, protocol, first port, last port, block) of every rule in its order."""
    found = sorted(acl[direction], key=lambda rule: int(rule["rule_no"]))
    return [(r["action"], r["protocol"], r["from_port"], r["to_port"], r["cidr_block"]) for r in found]


def test_the_access_list_of_the_data_tier_knows_the_vpc_only(made: Synthesized) -> None:
    acl = made.one("aws_network_acl", tags={"Name": "iot-data-dev"})

    assert rules(acl, "ingress") == rules(acl, "egress") == [("allow", "-1", 0, 0, CIDR)]
    assert acl["subnet_ids"] == list(subnets(made, "data").values())


@pytest.mark.parametrize("tier", ["public", "private"])
def test_the_access_lists_of_other_tiers_let_in_nothing_but_answers(made: Synthesized, tier: str) -> None:
    acl = made.one("aws_network_acl", tags={"Name": f"iot-{tier}-dev"})

    assert rules(acl, "egress") == [("allow", "-1", 0, 0, CIDR), ("allow", "tcp", 0, 65535, ANYWHERE)]
    assert acl["subnet_ids"] == list(subnets(made, tier).values())
    vpc, *from_the_world = rules(acl, "ingress")
    assert vpc == ("allow", "-1", 0, 0, CIDR)
    for action, protocol, first, _, block in from_the_world:
        if action == "allow":
            assert (protocol, block) == ("tcp", ANYWHERE)
            assert int(str(first)) >= 1024, "ports below 1024 are those of servers, not of answers"


def test_s3_is_reached_through_the_gateway_endpoint_of_every_private_table(made: Synthesized) -> None:
    endpoint = made.one("aws_vpc_endpoint", vpc_endpoint_type="Gateway")

    assert endpoint["service_name"] == "com.amazonaws.ca-central-1.s3"
    private = [f"${{{made.address('aws_route_table', tags={'Name': f'iot-private-{zone}-dev'})}.id}}" for zone in ZONES]
    assert endpoint["route_table_ids"] == private


def test_the_s3_endpoint_admits_own_buckets_and_the_layers_of_images_only(made: Synthesized) -> None:
    own, layers = json.loads(made.one("aws_vpc_endpoint")["policy"])["Statement"]

    assert own["Condition"]["StringEquals"] == {
        "aws:PrincipalAccount": "111111111111",
        "aws:ResourceAccount": "111111111111",
    }
    assert not any("*" in action for action in own["Action"])
    assert layers["Action"] == ["s3:GetObject"]
    assert layers["Resource"] == ["arn:aws:s3:::prod-ca-central-1-starport-layer-bucket/*"]


@pytest.mark.parametrize(
    ("type_", "name"), [("aws_db_subnet_group", "iot-database-dev"), ("aws_elasticache_subnet_group", "iot-cache-dev")]
)
def test_databases_and_caches_lie_in_the_data_subnets(made: Synthesized, type_: str, name: str) -> None:
    assert made.one(type_, name=name)["subnet_ids"] == list(subnets(made, "data").values())


@pytest.mark.parametrize("type_", ["aws_internet_gateway", "aws_db_subnet_group", "aws_elasticache_subnet_group"])
def test_what_cannot_move_into_another_vpc_is_made_anew_with_it(made: Synthesized, type_: str) -> None:
    """The provider would change them in place, which AWS refuses."""
    vpc = made.address("aws_vpc")

    assert made.one(type_)["lifecycle"] == {"replace_triggered_by": [f"{vpc}.id"]}


def test_the_default_access_list_is_read_when_every_subnet_has_its_own(made: Synthesized) -> None:
    own = [address for address in made.addresses if address.startswith("aws_network_acl.")]

    assert sorted(made.one("aws_default_network_acl")["depends_on"]) == own
