"""The pictures: what they say of a platform."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from all_environments import FULL, load
from all_environments import environment_names as all_names

from tools.pages import flowcharts
from tools.pages.picture import Arrow, ArrowKind, Box, Picture
from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform, of_stacks, read

_RULES = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")


@pytest.fixture(scope="session")
def production(app_outdir: Path) -> Platform:
    return read(load("iot-prod"), app_outdir)


@pytest.fixture
def changed(production: Platform) -> dict[str, Any]:
    """A copy of iot-prod's JSON to change."""
    return copy.deepcopy(dict(production.stacks))


def box(drawn: Picture, title: str) -> Box:
    return next(found for found in drawn.boxes if found.title == title)


def arrows(drawn: Picture, source: str, target: str) -> list[Arrow]:
    ends = (box(drawn, source).key, box(drawn, target).key)
    return [arrow for arrow in drawn.arrows if (arrow.source, arrow.target) == ends]


def first_rule(stacks: dict[str, Any], type_: str) -> tuple[dict[str, Any], str]:
    """The rules of the secrets stack, and the id of the one about the database."""
    rules = stacks["iot-prod-secrets"]["resource"][type_]
    return rules, next(id_ for id_, rule in rules.items() if rule.get("from_port") == 5432)


def test_the_order_of_stacks_leaves_out_what_others_imply() -> None:
    needs: dict[str, tuple[str, ...]] = {"e-a": (), "e-b": ("e-a",), "e-c": ("e-a", "e-b")}
    resources: dict[str, Any] = {"aws_x": {"one": {}, "two": {}}}

    chart = flowcharts.stacks(of_stacks("e", {name: {"resource": resources} for name in needs}, needs)).splitlines()

    assert chart[1] == '  a["<b>a</b><br/>2 resources"]'
    assert chart[4:] == ["  a --> b", "  b --> c"]


def test_every_zone_and_tier_is_there(production: Platform) -> None:
    drawn = Picture(production)

    zones = [zone[-1] for zone in load("iot-prod").zones]
    assert [list(tier.blocks) for tier in drawn.tiers] == [zones] * 3
    assert [(tier.name, tier.way_out) for tier in drawn.tiers] == [
        ("public", "routed to the internet"),
        ("private", "to the internet through NAT"),
        ("data", "no route to the internet"),
    ]
    blocks = {subnet.values["cidr_block"] for subnet in production.all("aws_subnet")}
    assert {block for tier in drawn.tiers for block in tier.blocks.values()} == blocks


def test_every_security_group_is_a_box_in_the_tier_of_its_subnets(production: Platform) -> None:
    drawn = Picture(production)

    names = {group.values["name"] for group in production.all("aws_security_group")}
    assert names <= {found.name for found in drawn.boxes}
    assert (box(drawn, "Aurora").tier, box(drawn, "Lambda function").tier) == ("data", "private")
    zones = f"zones {', '.join(zone[-1] for zone in load('iot-prod').zones)}"
    assert box(drawn, "Aurora").where == box(drawn, "NAT gateways").where == box(drawn, "Load balancer").where == zones
    assert (box(drawn, "ElastiCache").where, box(drawn, "ECS service on Fargate").where) == (
        "nodes: 3",
        "tasks: 3 to 12",
    )


def test_what_stands_in_one_zone_or_in_shards_says_so(app_outdir: Path) -> None:
    development, shop = (Picture(read(load(name), app_outdir)) for name in ("iot-dev", "globecart-prod"))

    assert (box(development, "Aurora").where, box(development, "NAT gateways").where) == ("zones a", "zones a")
    assert box(shop, "ElastiCache").where == "shards: 3, nodes: 9"


def test_every_rule_between_groups_is_an_arrow(app_outdir: Path) -> None:
    for environment in all_names():
        platform = read(load(environment), app_outdir)
        drawn = Picture(platform)

        allowed = {(arrow.source, arrow.target) for arrow in drawn.arrows if arrow.kind is ArrowKind.ALLOWED}
        ports = {arrow.label for arrow in drawn.arrows}
        for rule in platform.all(*_RULES):
            (own,) = platform.referred(rule.stack, rule.values["security_group_id"])
            for other in platform.referred(rule.stack, rule.values.get("referenced_security_group_id")):
                ends = [f"{group.stack}/{group.address}" for group in (own, other)]
                assert tuple(ends if rule.type == _RULES[1] else ends[::-1]) in allowed, rule.address
                assert any(f"tcp {rule.values['from_port']}" in label for label in ports), rule.address
        assert ArrowKind.STOPPED not in {arrow.kind for arrow in drawn.arrows}
        assert ArrowKind.OPEN not in {arrow.kind for arrow in drawn.arrows}


def test_the_way_to_s3_ends_within_the_vpc_and_is_not_that_of_nat(production: Platform) -> None:
    drawn = Picture(production)

    assert box(drawn, "Gateway endpoint of S3").tier == "private"
    (arrow,) = arrows(drawn, "ECS service on Fargate", "Gateway endpoint of S3")
    assert (arrow.label, arrow.kind) == ("tcp 443", ArrowKind.ALLOWED)
    # What lies outside of the VPC is reached from the public tier, or is before the API.
    tiers = {found.key: found.tier for found in drawn.boxes}
    assert {tiers[arrow.source] for arrow in drawn.arrows if tiers[arrow.target] is None} == {None, "public"}


def test_everything_that_an_api_calls_is_a_box(app_outdir: Path) -> None:
    drawn = Picture(read(load(FULL), app_outdir))
    (api,) = (found.key for found in drawn.boxes if found.title == "API Gateway")
    boxes = {found.key: found for found in drawn.boxes}
    called = {
        (boxes[arrow.target].title, boxes[arrow.target].name, arrow.label)
        for arrow in drawn.arrows
        if arrow.source == api and boxes[arrow.target].tier is None
    }

    settings = load(FULL).api
    functions = {route.function_arn.split(":function:")[1] for route in settings.routes if route.function_arn}
    expected = {("Lambda function", name, "calls") for name in functions}
    for name, authorizer in settings.authorizers.items():
        expected |= {
            ("Cognito user pool", arn.split("/")[1], f"authorizer {name}") for arn in authorizer.user_pool_arns
        }
        if authorizer.function_arn:
            expected.add(("Lambda function", authorizer.function_arn.split(":function:")[1], f"authorizer {name}"))
    assert called == expected


def test_a_function_that_does_both_is_one_box(app_outdir: Path) -> None:
    platform = read(load(FULL), app_outdir)
    stacks: dict[str, Any] = copy.deepcopy(dict(platform.stacks))
    authorizers = stacks[f"{FULL}-api"]["resource"]["aws_api_gateway_authorizer"].values()
    function = next(route.function_arn for route in load(FULL).api.routes if route.function_arn)
    for authorizer in authorizers:
        if "authorizer_uri" in authorizer:
            authorizer["authorizer_uri"] = f"arn:aws:apigateway:x:lambda:path/functions/{function}/invocations"

    drawn = Picture(of_stacks(FULL, stacks, platform.needs))

    (arrow,) = (arrow for arrow in drawn.arrows if arrow.target == function)
    assert arrow.label == "calls, authorizer partners"


def test_a_rule_without_its_other_half_is_shown_as_such(changed: dict[str, Any]) -> None:
    rules, id_ = first_rule(changed, _RULES[1])
    del rules[id_]

    (arrow,) = arrows(Picture(of_stacks("iot-prod", changed, {})), "Lambda function", "Aurora")

    assert (arrow.label, arrow.kind) == ("tcp 5432", ArrowKind.STOPPED)


def test_a_path_without_its_network_acl_or_route_is_shown_as_such(changed: dict[str, Any]) -> None:
    network = changed["iot-prod-network"]["resource"]
    lists = network["aws_network_acl"]
    data = next(id_ for id_ in lists if "data" in id_)
    taken, routes = lists.pop(data), network.pop("aws_route")

    drawn = Picture(of_stacks("iot-prod", changed, {}))

    assert [arrow.kind for arrow in arrows(drawn, "Lambda function", "Aurora")] == [ArrowKind.STOPPED]
    assert [arrow.kind for arrow in arrows(drawn, "ECS service on Fargate", "NAT gateways")] == [ArrowKind.STOPPED]

    lists[data], network["aws_route"] = taken, routes
    assert ArrowKind.STOPPED not in {arrow.kind for arrow in Picture(of_stacks("iot-prod", changed, {})).arrows}


def test_a_port_that_is_open_to_the_world_is_shown_as_such(changed: dict[str, Any]) -> None:
    rules, id_ = first_rule(changed, _RULES[0])
    opened = {**rules[id_], "cidr_ipv4": "0.0.0.0/0", "from_port": 1024, "to_port": 2048}
    del opened["referenced_security_group_id"]
    rules["opened"] = opened

    drawn = Picture(of_stacks("iot-prod", changed, {}))

    (arrow,) = [arrow for arrow in drawn.arrows if arrow.kind is ArrowKind.OPEN]
    assert (arrow.label, arrow.target) == ("tcp 1024-2048", box(drawn, "Aurora").key)
    assert '==>|"tcp 1024-2048"|' in flowcharts.environment(drawn)


def test_a_route_to_a_part_of_the_internet_is_no_way_out(changed: dict[str, Any]) -> None:
    resources = changed["iot-prod-network"]["resource"]
    table = next(id_ for id_ in resources["aws_route_table"] if "data" in id_)
    route = {"route_table_id": f"${{aws_route_table.{table}.id}}", "destination_cidr_block": "192.0.2.0/24"}
    resources.setdefault("aws_route", {})["part"] = route

    ways = {tier.name: tier.way_out for tier in Picture(of_stacks("iot-prod", changed, {})).tiers}
    route["destination_cidr_block"] = "0.0.0.0/0"
    opened = {tier.name: tier.way_out for tier in Picture(of_stacks("iot-prod", changed, {})).tiers}

    assert (ways["data"], opened["data"]) == ("no route to the internet", "routed to the internet")


def test_a_security_group_without_a_user_says_so(changed: dict[str, Any]) -> None:
    changed["iot-prod-data"]["resource"]["aws_security_group"]["left"] = {"name": "left-over"}

    assert box(Picture(of_stacks("iot-prod", changed, {})), "Security group").where == "nothing uses it"


def test_an_environment_without_a_vpc_cannot_be_drawn() -> None:
    with pytest.raises(SynthesisError, match="nothing to draw"):
        Picture(of_stacks("empty", {}, {}))


def test_text_from_settings_cannot_break_the_picture(changed: dict[str, Any]) -> None:
    changed["iot-prod-data"]["resource"]["aws_security_group"]["left"] = {"name": 'a "<b>" & c'}

    chart = flowcharts.environment(Picture(of_stacks("iot-prod", changed, {})))

    assert "Security group</b><br/>a &quot;&lt;b&gt;&quot; &amp; c<br/>nothing uses it" in chart
