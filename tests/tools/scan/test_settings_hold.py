"""What settings say is in the JSON as they say it: numbers, names, pairs of them, and nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from all_environments import FULL
from json_changes import Change, Stacks, changed, put

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform

_NODES = "aws_cloudwatch_metric_alarm.alarms_cache-cpu"
_MOUNT_TARGET = "aws_efs_mount_target.storage_mount-target-eu-west-1a"
_RATE = "rule.0.statement.rate_based_statement.limit"


def _resource(stacks: Stacks, address: str) -> Any:
    type_, _, id_ = address.partition(".")
    resources = [item for content in stacks.values() for item in content["resource"].get(type_, {}).items()]
    return next(values for name, values in resources if name.rpartition("_")[0] == id_)


def containers(change: Callable[[list[Any]], object]) -> Change:
    def change_them(stacks: Stacks) -> None:
        task = _resource(stacks, "aws_ecs_task_definition.service_task-definition")
        definitions = json.loads(task["container_definitions"])
        change(definitions)
        task["container_definitions"] = json.dumps(definitions)

    return change_them


def swapped(one: str, other: str, key: str) -> Change:
    def change(stacks: Stacks) -> None:
        first, second = _resource(stacks, one), _resource(stacks, other)
        first[key], second[key] = second[key], first[key]

    return change


def _variable(name: str) -> Callable[[list[Any]], Any]:
    return lambda found: next(each for each in found[0]["environment"] if each["name"] == name)


def _metrics(change: Callable[[list[Any]], object]) -> Change:
    def change_them(stacks: Stacks) -> None:
        change(_resource(stacks, _NODES)["metric_query"])

    return change_them


def _rule(stacks: Stacks) -> None:
    own = {"monitoring": stacks[f"{FULL}-monitoring"]}  # the front has one of this name, too
    alarm = _resource(own, "aws_cloudwatch_composite_alarm.alarms_unhealthy")
    alarm["alarm_rule"] += " OR TRUE"


def _one_name(stacks: Stacks) -> None:
    _resource(stacks, "aws_iam_role_policy.function_policy")["name"] = _resource(
        stacks, "aws_iam_role_policy.permissions_policy"
    )["name"]


def _another_plan(stacks: Stacks) -> None:
    keys = [
        values
        for content in stacks.values()
        for name, values in content["resource"].get("aws_cloudformation_stack", {}).items()
        if "-in-plan_" in name
    ]
    keys[0]["template_body"] = keys[1]["template_body"]


def _without(type_: str, id_: str) -> Change:
    def change(stacks: Stacks) -> None:
        for content in stacks.values():
            resources = content["resource"].get(type_, {})
            for name in [name for name in resources if name.rpartition("_")[0] == id_]:
                del resources[name]

    return change


def _key(stacks: Stacks) -> None:
    stacks[f"{FULL}-data"]["provider"]["aws"][0]["default_tags"][0]["tags"]['${file("/etc/hostname")}'] = "x"


def _back_door(stacks: Stacks) -> None:
    """A new path, where OPTIONS calls the service without any login."""
    resources = stacks[f"{FULL}-api"]["resource"]

    def like(type_: str, begin: str, **values: Any) -> None:
        one = next(each for name, each in resources[type_].items() if name.startswith(begin))
        resources[type_][f"{begin}door_0A0A0A0A"] = {**one, **values}

    path = "${aws_api_gateway_resource.api_routes_pathdoor_0A0A0A0A.id}"
    like("aws_api_gateway_resource", "api_routes_path", path_part="door")
    like("aws_api_gateway_method", "api_routes_OPTIONS", resource_id=path)
    calls = next(each for each in resources["aws_api_gateway_integration"].values() if each["type"] == "HTTP_PROXY")
    resources["aws_api_gateway_integration"]["api_routes_OPTIONSdoor-backend_0A0A0A0A"] = {
        **calls,
        "resource_id": path,
        "http_method": "${aws_api_gateway_method.api_routes_OPTIONSdoor_0A0A0A0A.http_method}",
    }


def _statement(stacks: Stacks, address: str, sid: str, change: Callable[[Any], object]) -> None:
    resource = _resource(stacks, address)
    policy = json.loads(resource["policy"])
    change(next(each for each in policy["Statement"] if each.get("Sid") == sid))
    resource["policy"] = json.dumps(policy)


def _no_break_glass(stacks: Stacks) -> None:
    def change(statement: Any) -> None:
        readers = statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        readers[:] = [reader for reader in readers if "break" not in reader]

    _statement(stacks, "aws_secretsmanager_secret_policy.database_policy", "DenyReadingButByReaders", change)


def _another_region(stacks: Stacks) -> None:
    def change(statement: Any) -> None:
        text = json.dumps(statement["Condition"]).replace("cloudwatch:eu-west-1", "cloudwatch:us-east-1")
        statement["Condition"] = json.loads(text)

    content = {f"{FULL}-monitoring": stacks[f"{FULL}-monitoring"]}
    _statement(content, "aws_sns_topic_policy.topic_policy", "PublishByCloudwatch", change)


def _callers(stacks: Stacks) -> None:
    def change(statement: Any) -> None:
        statement["Resource"] = statement["Resource"][0].partition("/")[0] + "/*"

    _statement(stacks, "aws_api_gateway_rest_api_policy.api_policy", "Callers", change)


def _unprotected(stacks: Stacks) -> None:
    stacks[f"{FULL}-data"]["output"]["protected"]["value"] = False


def _tag(stacks: Stacks) -> None:
    stacks[f"{FULL}-data"]["provider"]["aws"][0]["default_tags"][0]["tags"]["Extra"] = "x"


FOUND: dict[str, tuple[Change, str]] = {
    "a throttle that is raised": (
        put("aws_api_gateway_method_settings.api_stage_every-method", "settings.throttling_rate_limit", 10000),
        "settings.throttling_rate_limit",
    ),
    "a firewall that lets more through": (put("aws_wafv2_web_acl.api_firewall_web-acl", _RATE, 3_000_000), "rule"),
    "a client in another's plan": (_another_plan, "template_body.Resources.Key.Properties.KeyId"),
    "the port of another server": (
        containers(lambda found: _variable("DATABASE_PORT")(found).update(value="6379")),
        "container_definitions.environment",
    ),
    "a variable that is left out": (
        containers(lambda found: found[0]["environment"].remove(_variable("DATABASE_SECRET_ARN")(found))),
        "container_definitions.environment",
    ),
    "a sidecar that is left out": (containers(lambda found: found.pop()), "container_definitions"),
    "a container in another's place": (
        containers(lambda found: found.__setitem__(-1, found[0])),
        "container_definitions",
    ),
    "directories that are swapped": (
        containers(
            lambda found: [
                each.update(containerPath="/mnt/exports")
                for each in found[0]["mountPoints"]
                if each["sourceVolume"] == "files-media"
            ]
        ),
        "container_definitions.mountPoints",
    ),
    "users of files that are swapped": (
        swapped(
            "aws_efs_access_point.storage_access-point-exports",
            "aws_efs_access_point.storage_access-point-media",
            "posix_user",
        ),
        "posix_user.gid",
    ),
    "parameters of another version": (
        put("aws_db_parameter_group.database_parameters_instance-15", "family", "aurora-postgresql17"),
        "family",
    ),
    "a backup in another hour": (put("aws_backup_plan.plan", "rule.0.schedule", "cron(0 5 * * ? *)"), "rule.schedule"),
    "scaling that never begins": (
        put(
            "aws_appautoscaling_policy.service_scaling_cpu",
            "target_tracking_scaling_policy_configuration.target_value",
            99,
        ),
        "target_tracking_scaling_policy_configuration.target_value",
    ),
    "a gateway in another zone": (
        swapped("aws_nat_gateway.nat_gateway-eu-west-1a", "aws_nat_gateway.nat_gateway-eu-west-1b", "subnet_id"),
        "subnet_id",
    ),
    "a route by another zone": (
        swapped("aws_route.nat_route-eu-west-1a", "aws_route.nat_route-eu-west-1b", "nat_gateway_id"),
        "nat_gateway_id",
    ),
    "a zone without files": (_without("aws_efs_mount_target", "storage_mount-target-eu-west-1a"), _MOUNT_TARGET),
    "a zone without a way out": (
        _without("aws_route", "nat_route-eu-west-1a"),
        "aws_route.nat_route-eu-west-1a",
    ),
    "a tag that no setting has": (_tag, "provider.aws"),
    "a function in the name of a key": (_key, 'provider.aws.0.default_tags.0.tags.${file("/etc/hostname")}'),
    "a method that no route has": (_back_door, "API_BACKEND"),
    "a role whose policies are taken away": (
        put("aws_iam_role_policies_exclusive.flow-log_role-inline-policies", "policy_names", []),
        "aws_iam_role_policy.flow-log_policy_1AAF8C73",
    ),
    "whoever may help in an emergency": (_no_break_glass, "DenyReadingButByReaders"),
    "a key of a secret for another": (
        containers(lambda found: found[0]["secrets"][0].update(valueFrom=found[0]["secrets"][1]["valueFrom"])),
        "container_definitions.secrets",
    ),
    "a subnet of another range": (
        put("aws_subnet.network_data-subnet-eu-west-1a", "cidr_block", "10.99.0.0/20"),
        "cidr_block",
    ),
    "a topic to which no alarm of its region may publish": (_another_region, "PublishByCloudwatch"),
    "a state that is not protected": (_unprotected, "output.protected.value"),
    "an alarm of another's name": (
        put("aws_cloudwatch_metric_alarm.alarms_service-cpu", "alarm_name", "globecart-rotation-failed-full"),
        "alarm_name",
    ),
    "an API that more may call": (_callers, "Callers"),
    "a path that the API never gets": (
        put("aws_cloudfront_distribution.front_distribution", "ordered_cache_behavior.0.path_pattern", "/never"),
        "ordered_cache_behavior",
    ),
    "a tag in another's name": (
        put("aws_rds_cluster.database_cluster", "tags", {"Environment": "x"}),
        "tags.Environment",
    ),
    "a widget that calls a function": (
        put("aws_cloudwatch_dashboard.dashboard", "dashboard_body.widgets.0.type", "custom"),
        "dashboard_body.widgets.type",
    ),
    "an alarm that more connections set off": (
        put("aws_cloudwatch_metric_alarm.alarms_database-connections", "threshold", 5000),
        "threshold",
    ),
    "an alarm without one of its nodes": (_metrics(lambda queries: queries.pop()), "metric_query"),
    "an alarm whose expression leaves a node out": (
        _metrics(lambda queries: queries[0].update(expression="MAX([FILL(m1, 0)])")),
        "metric_query",
    ),
    "an alarm of one node twice": (
        _metrics(lambda queries: queries[2].update(metric=queries[1]["metric"])),
        "metric_query",
    ),
    "an alarm that adds something": (
        put(
            "aws_cloudwatch_metric_alarm.alarms_database-memory",
            "metric_query.0.expression",
            "IF(m2 > 0, m1, 1) + ABS(9)",
        ),
        "metric_query",
    ),
    "an alarm that is always on": (_rule, "ALARM"),
    "a policy that takes the place of another stack's": (_one_name, "NAME"),
}


@pytest.mark.parametrize("kind", FOUND)
def test_it_is_found(platforms: list[Platform], kind: str) -> None:
    change, what = FOUND[kind]
    full = next(platform for platform in platforms if platform.name == FULL)

    found = own_findings(changed(full, change))

    assert what in {each for finding in found for each in (finding.check, finding.part, finding.address)}, found
