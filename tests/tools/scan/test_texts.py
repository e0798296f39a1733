"""What no line of the allow-list says: functions in texts, doubled names, foreign states, backends of other routes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from all_environments import FULL
from json_changes import Change, Stacks, changed, put

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform


def _first(stacks: Stacks, component: str, type_: str, id_: str = "") -> Any:
    (content,) = (content for name, content in stacks.items() if name == f"globecart-prod-{component}")
    return next(values for name, values in sorted(content["resource"][type_].items()) if id_ in name)


def _output(stacks: Stacks) -> None:
    stacks["globecart-prod-data"]["output"]["x"] = {"value": '${file("/proc/self/environ")}'}


def _backend_of_another(stacks: Stacks) -> None:
    found = _first(stacks, "api", "aws_api_gateway_integration", "GETcatalogue-backend")
    found["uri"] = found["uri"].replace("/catalogue", "/orders")


def _method_of_another(stacks: Stacks) -> None:
    one = _first(stacks, "api", "aws_api_gateway_integration", "GETcatalogue-backend")
    one["http_method"] = _first(stacks, "api", "aws_api_gateway_integration", "GETorders-backend")["http_method"]


def _unserved(stacks: Stacks) -> None:
    resources = stacks["globecart-prod-api"]["resource"]
    for type_ in ("aws_api_gateway_integration", "aws_api_gateway_method"):
        resources[type_] = {name: one for name, one in resources[type_].items() if "GETorders" not in name}


def _preflight_elsewhere(stacks: Stacks) -> None:
    one = _first(stacks, "api", "aws_api_gateway_integration", "OPTIONSorders-backend")
    one.update(type="HTTP_PROXY", uri="http://elsewhere/")


def _foreign_state(stacks: Stacks) -> None:
    for block in stacks["globecart-prod-data"]["data"]["terraform_remote_state"].values():
        block["config"]["key"] = "globecart-prod/bootstrap.tfstate"


def _two_of_one_name(stacks: Stacks) -> None:
    one, other = (
        _first(stacks, "monitoring", "aws_cloudwatch_metric_alarm", f"service-{x}") for x in ("cpu", "memory")
    )
    other["alarm_name"] = one["alarm_name"]


def _twice(stacks: Stacks) -> None:
    services = stacks["globecart-prod-service"]["resource"]["aws_ecs_service"]
    name = next(name for name in services if name.startswith("service_"))
    services["service_0A0A0A0A"] = copy.deepcopy(services[name])


def _moved(stacks: Stacks) -> None:
    keys = sorted(stacks["globecart-prod-network"]["resource"]["aws_kms_key"])
    moved = {"from": f"aws_kms_key.{keys[0]}", "to": f"aws_kms_key.{keys[1]}"}
    stacks["globecart-prod-network"]["moved"] = [moved]


def _one_zone(stacks: Stacks) -> None:
    found = _first(stacks, "service", "aws_ecs_service")
    found["network_configuration"]["subnets"] = found["network_configuration"]["subnets"][:1] * 3


def _one_instance(stacks: Stacks) -> None:
    instances = stacks["globecart-prod-data"]["resource"]["aws_rds_cluster_instance"]
    del instances[sorted(instances)[-1]]


def _without_monitorings_own(stacks: Stacks) -> None:
    """The front has an alarm under the same id, which does not count for monitoring."""
    assert _first(stacks, "front", "aws_cloudwatch_composite_alarm")
    del stacks["globecart-prod-monitoring"]["resource"]["aws_cloudwatch_composite_alarm"]


FOUND: dict[str, tuple[Change, str]] = {
    "an alarm that only another stack has": (_without_monitorings_own, "MISSING"),
    "a secret by its index": (
        put("aws_vpc.network_vpc", "tags.Note", '${aws_secretsmanager_secret_version.x["secret_string"]}'),
        "PASSWORD",
    ),
    "tasks in one zone": (_one_zone, "ZONES"),
    "an instance of Aurora less": (_one_instance, "MISSING"),
    "a whole resource in an output": (
        put("aws_vpc.network_vpc", "tags.Note", "${aws_vpc.network_vpc}"),
        "EXPRESSION",
    ),
    "tasks of another processor": (
        put("aws_ecs_task_definition.service_task-definition", "runtime_platform.operating_system_family", "WINDOWS"),
        "ARGUMENT",
    ),
    "a file in an output": (_output, "EXPRESSION"),
    "the environment in a tag": (
        put("aws_vpc.network_vpc", "tags.Note", '${filebase64("/proc/self/environ")}'),
        "EXPRESSION",
    ),
    "a condition in a description": (
        put("aws_lambda_function.function", "description", "%{ if true }x%{ endif }"),
        "EXPRESSION",
    ),
    "the backend of another route": (_backend_of_another, "API_BACKEND"),
    "the method of another route": (_method_of_another, "API_BACKEND"),
    "a route that nothing serves": (_unserved, "API_BACKEND"),
    "a preflight that is passed on": (_preflight_elsewhere, "API_BACKEND"),
    "the state of another stack": (_foreign_state, "STATE"),
    "two alarms of one name": (_two_of_one_name, "NAME"),
    "a second service under a listed id": (_twice, "RESOURCE"),
    "a key that takes the place of another": (_moved, "BLOCK"),
    "an alarm that looks elsewhere": (
        put("aws_cloudwatch_metric_alarm.alarms_service-cpu", "namespace", "AWS/RDS"),
        "ARGUMENT",
    ),
    "an alarm that looks at everything": (
        put("aws_cloudwatch_metric_alarm.alarms_service-cpu", "dimensions", {}),
        "ARGUMENT",
    ),
    "a role of another name": (
        put("aws_iam_role.api-gateway_role", "name", "globecart-anything-prod"),
        "ARGUMENT",
    ),
    "a zip of another folder": (
        put("aws_lambda_function.function", "filename", "assets/function_package_A/../../../evil/rotation-arm64.zip"),
        "ARGUMENT",
    ),
}


@pytest.mark.parametrize("kind", FOUND)
def test_it_is_found(production: Platform, kind: str) -> None:
    change, check = FOUND[kind]

    found = own_findings(changed(production, change))

    assert check in {finding.check for finding in found}


@pytest.mark.parametrize("shorter", [False, True])
def test_a_command_has_its_words_in_their_order(platforms: list[Platform], shorter: bool) -> None:
    def change(stacks: Stacks) -> None:
        for task in stacks[f"{FULL}-service"]["resource"]["aws_ecs_task_definition"].values():
            definitions = json.loads(task["container_definitions"])
            for one in definitions:
                one["command"] = one["command"][1:] if shorter else one["command"][::-1]
            task["container_definitions"] = json.dumps(definitions)

    full = next(platform for platform in platforms if platform.name == FULL)

    found = own_findings(changed(full, change))

    assert {(finding.check, finding.part) for finding in found} >= {("ARGUMENT", "container_definitions.command")}


def test_what_is_synthesized_has_none(platforms: list[Platform]) -> None:
    assert [finding for platform in platforms for finding in own_findings(platform)] == []
