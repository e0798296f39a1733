"""Whatever a deployment takes a picture of makes a new one when it changes, and nothing else does."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names
from api_modules import FUNCTION, POOL, settings, synthesize
from synthesized import Synthesized, read_stack

from modules.api.redeployment import NOT_DEPLOYED, definition_hash, deployed
from settings.api import AuthorizerSettings, CorsSettings, PlanSettings, RouteSettings
from settings.api import schemas as api_schemas

# The reasons stand beside them in modules/api/redeployment.py. Whoever adds one says here, too, that it is meant.
EXCLUDED = {
    "aws_api_gateway_base_path_mapping",
    "aws_api_gateway_deployment",
    "aws_api_gateway_domain_name",
    "aws_api_gateway_method_settings",
    "aws_api_gateway_stage",
    "aws_api_gateway_usage_plan",
}
PEOPLE = AuthorizerSettings(type="cognito", user_pool_arns=(POOL,))
THINGS = AuthorizerSettings(type="lambda", function_arn=FUNCTION)
ROUTES = (
    RouteSettings(path="/health", methods=("GET",), backend="mock"),
    RouteSettings(path="/a/{id}", methods=("GET", "PUT"), request_schema="device", authorizer="people"),
    RouteSettings(path="/b", methods=("POST",), backend="lambda", function_arn=FUNCTION, authorizer="things"),
)
# Settings with which the API has every type of resource.
EVERYTHING: dict[str, Any] = {
    "routes": ROUTES,
    "authorizers": {"people": PEOPLE, "things": THINGS},
    "cors": CorsSettings(origin="https://shop.example.com"),
    "allowed_cidrs": ("192.0.2.0/24", "198.51.100.0/24"),
    "binary_media_types": ("image/png", "image/gif"),
}


def triggers(**changed: Any) -> dict[str, str]:
    found: dict[str, str] = synthesize(**{**EVERYTHING, **changed}).one("aws_api_gateway_deployment")["triggers"]
    return found


@pytest.fixture(scope="module")
def everything() -> Synthesized:
    return synthesize(**EVERYTHING)


def with_route(index: int, **changed: Any) -> dict[str, Any]:
    routes = list(ROUTES)
    routes[index] = routes[index].model_copy(update=changed)
    return {"routes": tuple(routes)}


DEVICE = api_schemas.read("iot", "device")
# What is changed -> settings that change it.
CHANGES: dict[str, dict[str, Any]] = {
    "method": with_route(1, key=False),
    "method and its checks": with_route(1, request_schema=None),
    "integration": with_route(1, backend="mock", methods=("GET",), request_schema=None),
    "integration's function": with_route(2, function_arn=f"{FUNCTION}:live"),
    "resource": with_route(1, path="/c/{id}"),
    "model": {"schemas": {"device": {**DEVICE, "required": ["name"]}}},
    "authorizer": {"authorizers": {"people": PEOPLE, "things": THINGS.model_copy(update={"cache_seconds": 0})}},
    "gateway response and answers": {"cors": CorsSettings(origin="https://other.example.com")},
    "policy": {"allowed_cidrs": ("192.0.2.0/24",)},
    "media types": {"binary_media_types": ()},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_definition_deploys(change: str) -> None:
    before, after = triggers(), triggers(**CHANGES[change])

    assert before["definition"] != after["definition"]


def test_a_change_in_another_stack_deploys_though_the_text_is_the_same() -> None:
    assert triggers()["base_url"] != triggers(base_url="another")["base_url"]


def test_a_change_of_any_argument_of_any_resource_deploys(everything: Synthesized) -> None:
    # GIVEN that the trigger is the hash of what was synthesized
    resources = everything.json["resource"]
    before = definition_hash(resources)
    assert everything.one("aws_api_gateway_deployment")["triggers"]["definition"] == before

    # THEN each argument counts
    changed_types = set()
    for address in deployed(resources):
        type_, id_ = address.split(".", 1)
        for argument in resources[type_][id_].keys() - {"//"}:
            changed = copy.deepcopy(resources)
            changed[type_][id_][argument] = "another"
            assert definition_hash(changed) != before, f"{address}.{argument}"
        changed_types.add(type_)
    assert {f"aws_api_gateway_{kind}" for kind in (
        "authorizer", "gateway_response", "integration", "integration_response", "method", "method_response", "model",
        "request_validator", "resource", "rest_api", "rest_api_policy", "vpc_link",
    )} == changed_types  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"routes": tuple(reversed(ROUTES))},
        with_route(1, methods=("PUT", "GET")),
        {"authorizers": {"things": THINGS, "people": PEOPLE}},
        {"allowed_cidrs": ("198.51.100.0/24", "192.0.2.0/24")},
        {"binary_media_types": ("image/gif", "image/png")},
        {"schemas": {"device": dict(reversed(DEVICE.items()))}},
        {"plans": {"default": PlanSettings(clients=("somebody-else",), rate_limit=100)}},
        {"stage_rate_limit": 5000, "firewall_rate_per_5_minutes": 100},
    ],
)
def test_order_and_what_is_in_force_at_once_deploy_nothing(change: dict[str, Any]) -> None:
    assert triggers() == triggers(**change)


def test_what_a_deployment_refers_to_by_id_deploys_when_it_is_replaced(everything: Synthesized) -> None:
    # Ids alone: other attributes are known to AWS only, and some of them after the first plan.
    ids = everything.one("aws_api_gateway_deployment")["triggers"]["ids"]
    kinds = ("aws_api_gateway_authorizer", "aws_api_gateway_request_validator", "aws_api_gateway_vpc_link")
    wanted = {f"{kind}.{id_}.id" for kind in kinds for id_ in everything.json["resource"][kind]}

    assert re.fullmatch(r"\$\{sha1\(jsonencode\(\[.*\]\)\)\}", ids)
    assert set(re.findall(r"aws_[\w.-]+", ids)) == wanted


def test_a_change_of_routes_changes_no_value_that_the_stage_stack_reads(everything: Synthesized) -> None:
    # So a saved plan of the stage stack stays valid when the API's stack was applied: `make plan`, then `make apply`.
    fewer = synthesize(**{**EVERYTHING, "routes": ROUTES[1:]})

    read = [found.one("aws_api_gateway_deployment")["triggers"] for found in (everything, fewer)]
    assert read[0]["ids"] == read[1]["ids"]
    assert read[0]["definition"] != read[1]["definition"]


def outside_the_triggers(stack: Synthesized) -> set[str]:
    """Addresses of API Gateway that no deployment counts and nobody has excluded."""
    resources = stack.json["resource"]
    outside = set()
    for address in stack.addresses:
        type_, id_ = address.split(".", 1)
        if not type_.startswith("aws_api_gateway_") or type_ in EXCLUDED:
            continue
        without = {kind: {k: v for k, v in found.items() if k != id_} for kind, found in resources.items()}
        if definition_hash(without) == definition_hash(resources):
            outside.add(address)
    return outside


@pytest.mark.parametrize("environment", environment_names())
def test_every_rest_resource_is_in_the_trigger_or_excluded_with_a_reason(app_outdir: Path, environment: str) -> None:
    assert outside_the_triggers(read_stack(app_outdir, f"{environment}-api")) == set()
    assert deployed(read_stack(app_outdir, f"{environment}-stage").json["resource"]) == {}


def test_an_api_with_everything_has_nothing_outside_the_triggers(everything: Synthesized) -> None:
    assert outside_the_triggers(everything) == set()
    assert {type_ for type_ in everything.json["resource"] if type_ in NOT_DEPLOYED} <= EXCLUDED


def test_each_exclusion_has_a_reason() -> None:
    assert NOT_DEPLOYED.keys() == EXCLUDED
    assert all(len(reason.split()) >= 3 for reason in NOT_DEPLOYED.values())


def test_three_hundred_routes() -> None:
    routes = tuple(RouteSettings(path=f"/area{n // 10}/{{id}}/thing{n}", methods=("GET",)) for n in range(300))
    synthesized = synthesize(routes=routes)

    assert len(synthesized.all("aws_api_gateway_integration")) == 300
    assert len(settings(routes=routes).routes) == 300
