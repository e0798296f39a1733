"""The pictures: what they say of a platform, and that those which are committed are fresh."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from all_environments import FULL, load
from all_environments import environment_names as all_names

from settings import environment_names
from tools.pages.diagram import __main__ as command
from tools.pages.diagram.dot import dot
from tools.pages.diagram.mermaid import mermaid
from tools.pages.diagram.model import Arrow, ArrowKind, Box, Picture
from tools.pages.diagram.reading import picture
from tools.pages.diagram.render import RenderError, svg
from tools.pages.diagram.stacks import stacks
from tools.synthesized.errors import SynthesisError
from tools.synthesized.paths import ROOT
from tools.synthesized.platform import Platform, of_stacks, read

_RENEW = "renew it: make docs"
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


@pytest.mark.parametrize("environment", environment_names())
def test_the_committed_picture_is_fresh(app_outdir: Path, environment: str) -> None:
    committed = (command.DIAGRAMS / f"{environment}.svg").read_text(encoding="utf-8")

    assert command.drawn(load(environment), app_outdir) == committed, _RENEW


def test_no_picture_is_left_of_an_environment_that_is_gone() -> None:
    assert sorted(file.stem for file in command.DIAGRAMS.glob("*")) == sorted(environment_names())


def test_the_flowcharts_in_the_pages_are_fresh(app_outdir: Path) -> None:
    for page, text in command.pages(app_outdir).items():
        assert page.read_text(encoding="utf-8") == text, f"{page.name}: {_RENEW}"


def test_the_readme_links_every_picture() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    for environment in environment_names():
        assert f"(docs/diagrams/{environment}.svg)" in readme


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="diagram -->"):
        command.with_chart("# nothing", "diagram", "flowchart TB")


def test_the_order_of_stacks_leaves_out_what_others_imply() -> None:
    needs: dict[str, tuple[str, ...]] = {"e-a": (), "e-b": ("e-a",), "e-c": ("e-a", "e-b")}
    resources: dict[str, Any] = {"aws_x": {"one": {}, "two": {}}}

    chart = stacks("e", of_stacks("e", {name: {"resource": resources} for name in needs}, needs)).splitlines()

    assert chart[1] == '  a["<b>a</b><br/>2 resources"]'
    assert chart[4:] == ["  a --> b", "  b --> c"]


def test_every_zone_and_tier_is_there(production: Platform) -> None:
    drawn = picture("iot-prod", production)

    assert drawn.zones == load("iot-prod").zones
    assert [(tier.name, tier.way_out) for tier in drawn.tiers] == [
        ("public", "routed to the internet"),
        ("private", "out through NAT"),
        ("data", "no route out"),
    ]
    blocks = {subnet.values["cidr_block"] for subnet in production.all("aws_subnet")}
    assert {block for tier in drawn.tiers for block in tier.blocks.values()} == blocks


def test_every_security_group_is_a_box_in_the_tier_of_its_subnets(production: Platform) -> None:
    drawn = picture("iot-prod", production)

    names = {group.values["name"] for group in production.all("aws_security_group")}
    assert names <= {found.name for found in drawn.boxes}
    assert (box(drawn, "Aurora").tier, box(drawn, "Lambda function").tier) == ("data", "private")
    writer, *readers = drawn.zones
    assert box(drawn, "Aurora").cells == {writer: "writer at first", **dict.fromkeys(readers, "reader")}
    assert box(drawn, "ElastiCache").spread == "3 nodes"
    assert set(box(drawn, "NAT gateways").cells or ()) == set(drawn.zones)


def test_every_rule_between_groups_is_an_arrow(app_outdir: Path) -> None:
    for environment in all_names():
        platform = read(load(environment), app_outdir)
        drawn = picture(environment, platform)

        allowed = {(arrow.source, arrow.target) for arrow in drawn.arrows if arrow.kind is ArrowKind.ALLOWED}
        ports = {arrow.label for arrow in drawn.arrows}
        for rule in platform.all(*_RULES):
            (own,) = platform.referred(rule.stack, rule.values["security_group_id"])
            for other in platform.referred(rule.stack, rule.values.get("referenced_security_group_id")):
                ends = [f"{group.stack}/{group.address}" for group in (own, other)]
                assert tuple(ends if rule.type == _RULES[1] else ends[::-1]) in allowed, rule.address
                assert any(f"tcp {rule.values['from_port']}" in label for label in ports), rule.address
        assert ArrowKind.HALF not in {arrow.kind for arrow in drawn.arrows}
        assert ArrowKind.OPEN not in {arrow.kind for arrow in drawn.arrows}


def test_the_way_to_s3_ends_within_the_vpc_and_is_not_that_of_nat(production: Platform) -> None:
    drawn = picture("iot-prod", production)

    assert box(drawn, "Gateway endpoint of S3").tier == "private"
    (arrow,) = arrows(drawn, "ECS service on Fargate", "Gateway endpoint of S3")
    assert (arrow.label, arrow.kind) == ("tcp 443", ArrowKind.ALLOWED)
    # What lies outside of the VPC is reached from the public tier, or is before the API.
    tiers = {found.key: found.tier for found in drawn.boxes}
    assert {tiers[arrow.source] for arrow in drawn.arrows if tiers[arrow.target] is None} == {None, "public"}


def test_everything_that_an_api_calls_is_a_box(app_outdir: Path) -> None:
    drawn = picture(FULL, read(load(FULL), app_outdir))
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
    assert box(drawn, "Clients").facts == ("some with a key", "some with a login")
    assert box(drawn, "API Gateway").facts[:2] == ("11 methods, stage live", "2 of them answered by API Gateway itself")


def test_a_function_that_does_both_is_one_box(app_outdir: Path) -> None:
    platform = read(load(FULL), app_outdir)
    stacks: dict[str, Any] = copy.deepcopy(dict(platform.stacks))
    authorizers = stacks[f"{FULL}-api"]["resource"]["aws_api_gateway_authorizer"].values()
    function = next(route.function_arn for route in load(FULL).api.routes if route.function_arn)
    for authorizer in authorizers:
        if "authorizer_uri" in authorizer:
            authorizer["authorizer_uri"] = f"arn:aws:apigateway:x:lambda:path/functions/{function}/invocations"

    drawn = picture(FULL, of_stacks(FULL, stacks, platform.needs))

    (arrow,) = (arrow for arrow in drawn.arrows if arrow.target == function)
    assert arrow.label == "calls, authorizer partners"


def test_a_rule_without_its_other_half_is_shown_as_such(changed: dict[str, Any]) -> None:
    rules, id_ = first_rule(changed, _RULES[1])
    del rules[id_]

    (arrow,) = arrows(picture("iot-prod", of_stacks("iot-prod", changed, {})), "Lambda function", "Aurora")

    assert (arrow.label, arrow.kind) == ("tcp 5432", ArrowKind.HALF)


def test_a_port_that_is_open_to_the_world_is_shown_as_such(changed: dict[str, Any]) -> None:
    rules, id_ = first_rule(changed, _RULES[0])
    opened = {**rules[id_], "cidr_ipv4": "0.0.0.0/0", "from_port": 1024, "to_port": 2048}
    del opened["referenced_security_group_id"]
    rules["opened"] = opened

    drawn = picture("iot-prod", of_stacks("iot-prod", changed, {}))

    (arrow,) = [arrow for arrow in drawn.arrows if arrow.kind is ArrowKind.OPEN]
    assert (arrow.label, arrow.target) == ("tcp 1024-2048", box(drawn, "Aurora").key)
    assert "open to any address" in dot(drawn)


def test_a_security_group_without_a_user_says_so(changed: dict[str, Any]) -> None:
    changed["iot-prod-data"]["resource"]["aws_security_group"]["left"] = {"name": "left-over"}

    assert box(picture("iot-prod", of_stacks("iot-prod", changed, {})), "Security group").facts == ("nothing uses it",)


def test_an_environment_without_a_vpc_cannot_be_drawn() -> None:
    with pytest.raises(SynthesisError, match="nothing to draw"):
        picture("empty", of_stacks("empty", {}, {}))


def test_text_from_settings_cannot_break_the_picture() -> None:
    boxes = (Box("a", 'A & "B"', "<i>", ("x < y",), None), Box("b", "B", ""))
    drawn = Picture("e", "r", "10.0.0.0/8", ("z1a",), (), boxes, (Arrow("a", "b", "<&>", ArrowKind.ALLOWED),))

    assert ElementTree.fromstring(svg(dot(drawn)).split("\n", 3)[3]) is not None
    assert mermaid(drawn).splitlines()[1] == '  box0["<b>A &amp; &quot;B&quot;</b><br/>&lt;i&gt;"]'


def test_graphviz_refuses_with_its_reason() -> None:
    with pytest.raises(RenderError, match="syntax error"):
        svg("digraph { a -> ")


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "render.cjs"
    script.write_text('require("@viz-js/absent")', encoding="utf-8")
    monkeypatch.setattr("tools.pages.diagram.render._SCRIPT", script)

    with pytest.raises(RenderError, match="make setup"):
        svg("digraph {}")


def test_without_a_synthesis_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"stacks": {}}), encoding="utf-8")
    monkeypatch.setattr("tools.pages.diagram.__main__.drawn", lambda name: str(read(name, tmp_path)))

    assert command.main(["--env", "iot-dev"]) == 2
    assert "make synth ENV=iot-dev" in capsys.readouterr().err


def test_an_unknown_environment_is_a_fault_of_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--env", "absent"]) == 2
    assert "absent" in capsys.readouterr().err
