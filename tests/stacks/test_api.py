"""The entry, api and stage stacks of every shipped environment."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load
from api_modules import keys_and_places
from dependencies import needed_by
from synthesized import Synthesized, read_stack

from main import build_app

every_environment = pytest.mark.parametrize("environment", environment_names())


def api(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-api")


def stage(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-stage")


def entry(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-entry")


@every_environment
def test_the_api_waits_for_the_entry_and_for_nothing_that_holds_data(app_outdir: Path, environment: str) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]

    assert set(manifest[f"{environment}-api"]["dependencies"]) == {f"{environment}-entry", f"{environment}-network"}
    assert set(manifest[f"{environment}-stage"]["dependencies"]) <= {
        f"{environment}-{name}" for name in ("api", "entry")
    }
    needed = needed_by(app_outdir, f"{environment}-stage", "aws_api_gateway_stage")
    types = {address.split("/")[1].split(".")[0] for address in needed}
    assert {"aws_api_gateway_vpc_link", "aws_lb", "aws_cloudwatch_log_group"} <= types
    assert not [type_ for type_ in types if type_.startswith(("aws_rds", "aws_elasticache", "aws_nat", "aws_ecs"))]


@every_environment
def test_every_route_asks_for_a_key_of_the_plan_as_the_settings_say(app_outdir: Path, environment: str) -> None:
    stack, settings = api(app_outdir, environment), load(environment).api
    methods = stack.all("aws_api_gateway_method")

    asked = Counter((m["http_method"], m["api_key_required"]) for m in methods if m["http_method"] != "OPTIONS")
    assert asked == Counter(
        (method, route.key_required(method)) for route in settings.routes for method in route.methods
    )
    assert not [m for m in methods if m["http_method"] == "OPTIONS" and m["api_key_required"]]
    in_force = stage(app_outdir, environment)
    plans = [plan["throttle_settings"] for plan in in_force.all("aws_api_gateway_usage_plan")]
    for plan in settings.plans.values():
        assert {"rate_limit": plan.rate_limit, "burst_limit": plan.burst_limit} in plans
    assert len(plans) == len(settings.plans)
    keys = (keys_and_places(in_force)[1], keys_and_places(stack)[0])
    assert [len(found) for found in keys] == [len(settings.clients)] * 2


@every_environment
def test_what_is_in_force_is_forgotten_and_never_destroyed_by_the_stack_that_had_it(
    app_outdir: Path, environment: str
) -> None:
    removed = api(app_outdir, environment).json["removed"]
    in_force = stage(app_outdir, environment)
    # What kept the values of keys, too.
    before = {block["from"] for block in in_force.json.get("removed", ())}
    before |= {block["from"] for block in removed if block["from"].startswith("aws_api_gateway_api_key.")}

    assert {block["from"] for block in removed} == {*in_force.addresses, *before}
    assert len(before) == 2 * len(load(environment).api.clients)
    assert all(block["lifecycle"] == {"destroy": False} for block in removed)


@every_environment
def test_the_entry_is_protected_where_the_environment_is(app_outdir: Path, environment: str) -> None:
    stack, protected = entry(app_outdir, environment), load(environment).protected

    assert stack.one("aws_lb")["enable_deletion_protection"] is protected
    assert stack.one("aws_s3_bucket")["force_destroy"] is not protected


@every_environment
def test_the_load_balancer_stands_in_every_zone(app_outdir: Path, environment: str) -> None:
    subnets = entry(app_outdir, environment).one("aws_lb")["subnets"]

    assert len(set(subnets)) == len(load(environment).zones)
    assert all("private-subnet" in subnet for subnet in subnets)


@pytest.mark.parametrize(
    ("environment", "paths"),
    [
        ("iot-prod", {"/devices", "/devices/{deviceId}", "/devices/{deviceId}/readings"}),
        ("globecart-prod", {"/catalogue", "/carts/{cartId}", "/orders"}),
    ],
)
def test_the_routes_of_each_platform_are_served(app_outdir: Path, environment: str, paths: set[str]) -> None:
    uris = {backend.get("uri", "") for backend in api(app_outdir, environment).all("aws_api_gateway_integration")}

    assert {path for path in paths if any(uri.endswith(path) for uri in uris)} == paths


@pytest.mark.parametrize(
    ("environment", "models"), [("iot-dev", ["Device", "Readings"]), ("globecart-dev", ["Cart", "Order"])]
)
def test_bodies_are_checked_against_models(app_outdir: Path, environment: str, models: list[str]) -> None:
    stack = api(app_outdir, environment)

    assert sorted(model["name"] for model in stack.all("aws_api_gateway_model")) == models
    for method in stack.all("aws_api_gateway_method"):
        assert ("request_models" in method) is (method["http_method"] in ("POST", "PUT", "PATCH"))


@every_environment
def test_outputs_for_people_hold_no_key(app_outdir: Path, environment: str) -> None:
    outputs: dict[str, Any] = api(app_outdir, environment).outputs

    assert "api_key_ids" in outputs
    assert "url" in stage(app_outdir, environment).outputs
    assert all(id_.endswith('.outputs["KeyId"]}') for id_ in outputs["api_key_ids"]["value"].values())
    assert ".value}" not in json.dumps(outputs)


def test_tls_to_the_service_when_it_has_a_certificate(tmp_path: Path) -> None:
    shipped = load("iot-prod")
    arn = f"arn:aws:acm:{shipped.region}:{shipped.account_id}:certificate/00000000-0000-0000-0000-000000000000"
    service = shipped.service.model_copy(update={"certificate_arn": arn})
    build_app([shipped.model_copy(update={"service": service})], tmp_path).synth()

    assert entry(tmp_path, "iot-prod").one("aws_lb_listener")["certificate_arn"] == arn
    uris = [
        backend["uri"] for backend in api(tmp_path, "iot-prod").all("aws_api_gateway_integration", type="HTTP_PROXY")
    ]
    assert uris
    assert all(uri.startswith("https://service.iot.example.com:443/") for uri in uris)
