"""What belongs to a platform is there: order, answers, readers, outputs, members of alarms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from all_environments import FULL
from json_changes import Change, Stacks, block, changed, edit, gone, of, opened, put

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform

_HEALTH = "api_routes_GEThealth"
_CARTS = "api_routes_OPTIONScartscartId"
_PATH = "service_path_to-pl-0123456789abcdef0-5671"
_PREFLIGHT = "aws_lambda_invocation.rotation_preflight"


def _header(name: str, value: str | None) -> Change:
    def change(response: Any) -> None:
        response["response_parameters"].pop(f"method.response.header.Access-Control-{name}")
        if value is not None:
            response["response_parameters"][f"method.response.header.Access-Control-{name}"] = value

    return edit("api", f"aws_api_gateway_integration_response.{_CARTS}-backend-response", change)


def _fewer_readers(policy: Any) -> None:
    values = policy["Statement"][0]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    values[:] = [value for value in values if "-execution-" not in value]


def _second_vault(sid: str) -> Change:
    def change(policy: Any) -> None:
        statement = next(each for each in policy["Statement"] if each["Sid"] == sid)
        statement["Resource"] = [each for each in statement["Resource"] if "copies" not in each]

    return opened("backup", "aws_iam_role_policy.plan_policy", "policy", change)


def _without_statement(sid: str) -> Change:
    def change(policy: Any) -> None:
        policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != sid]

    return opened("service", "aws_iam_role_policy.service_roles_execution-policy", "policy", change)


def _container(change: Callable[[Any], object]) -> Change:
    address = "aws_ecs_task_definition.service_task-definition"
    return opened("service", address, "container_definitions", lambda found: change(found[0]))


def _renamed(container: Any) -> None:
    next(each for each in container["environment"] if each["name"].startswith("BUCKET_"))["name"] = "BUCKET_OTHER_NAME"


def _another_task(stacks: Stacks) -> None:
    tasks = stacks[f"{FULL}-service"]["resource"]["aws_ecs_task_definition"]
    own, other = (next(id_ for id_ in tasks if id_.startswith(begin)) for begin in ("service_", "worker-mails_"))
    condition = of(stacks, "service", "aws_ecs_service.service")["lifecycle"]["postcondition"][0]
    condition["condition"] = condition["condition"].replace(own, other)


def _trimmed(alarm: Any) -> None:
    members = alarm["alarm_rule"].split(" OR ")
    alarm["alarm_rule"] = " OR ".join(each for each in members if "transaction" not in each and "memory" not in each)


def _texts_only(board: Any) -> None:
    board["widgets"] = [each for each in board["widgets"] if each["type"] == "text"]


def _key_of_front(stacks: Stacks) -> None:
    front = stacks[f"{FULL}-front"]
    key = next(id_ for id_ in front["resource"]["aws_kms_key"] if id_.startswith("alarms-key"))
    front["output"]["cross-stack-output-key"] = {"value": f"${{aws_kms_key.{key}.arn}}"}
    state = f"data.terraform_remote_state.cross-stack-reference-input-{FULL}-front"
    of(stacks, "monitoring", "aws_sns_topic.topic")["kms_master_key_id"] = (
        f"${{{state}.outputs.cross-stack-output-key}}"
    )


def _subscription(stacks: Stacks) -> None:
    found = stacks[f"{FULL}-front"]["resource"]["aws_sns_topic_subscription"]
    del found[next(iter(found))]


def _protocols(stacks: Stacks) -> None:
    for each in stacks[f"{FULL}-monitoring"]["resource"]["aws_sns_topic_subscription"].values():
        each["protocol"] = "email" if each["protocol"] == "https" else "https"


def _second_names(stacks: Stacks) -> None:
    one = of(stacks, "service", "aws_iam_role_policies_exclusive.service_roles_task-inline-policies")
    stacks[f"{FULL}-service"]["resource"]["aws_iam_role_policies_exclusive"]["more_roles_task-inline-policies_0"] = {
        **one,
        "policy_names": [],
    }


def _endpoint(policy: Any) -> None:
    policy["Statement"][0]["Action"] = ["xray:*"]


def _tags(stacks: Stacks) -> Any:
    return stacks[f"{FULL}-data"]["provider"]["aws"][0]["default_tags"][0]["tags"]


def _gateway(stacks: Stacks) -> None:
    gateways = stacks[f"{FULL}-egress"]["resource"]["aws_nat_gateway"]
    gateways["nat_gateway-x_00000000"] = next(iter(gateways.values()))


def _throttle(stacks: Stacks) -> None:
    (api_stage,) = of(stacks, "stage", "aws_api_gateway_usage_plan.api_plan")["api_stages"]
    api_stage["throttle"].append(api_stage["throttle"][0])


def _zones(stacks: Stacks) -> None:
    one, other = (of(stacks, "data", f"aws_rds_cluster_instance.database_instance-{number}") for number in (1, 2))
    one["availability_zone"], other["availability_zone"] = other["availability_zone"], one["availability_zone"]


FOUND: dict[str, tuple[Change, str]] = {
    "execution roles that may not read the secret": (
        opened("secrets", "aws_secretsmanager_secret_policy.database_policy", "policy", _fewer_readers),
        "DenyReadingButByReaders",
    ),
    "an execution role that may not decrypt": (_without_statement("DecryptSecrets"), "DecryptSecrets"),
    "backups that cannot be copied": (_second_vault("UseVaults"), "UseVaults"),
    "copies without a grant": (_second_vault("GrantKeys"), "GrantKeys"),
    "a route's function that API Gateway may not call": (
        gone("aws_lambda_permission.api_call-suggest*"),
        "aws_lambda_permission.api_call-suggest",
    ),
    "an authorizer that API Gateway may not call": (
        gone("aws_lambda_permission.api_authorizer-partners*"),
        "aws_lambda_permission.api_authorizer-partners-permission",
    ),
    "a permission without the function's alias": (
        put("aws_lambda_permission.api_call-search-live", "qualifier", None),
        "qualifier",
    ),
    "a health check without an answer": (
        gone(f"aws_api_gateway_integration_response.{_HEALTH}*"),
        "API_ANSWER",
    ),
    "a health check of another status": (
        put(f"aws_api_gateway_method_response.{_HEALTH}-response", "status_code", "500"),
        "API_ANSWER",
    ),
    "an answer of another status than its method's": (
        put(f"aws_api_gateway_integration_response.{_HEALTH}-backend-response", "status_code", "201"),
        "status_code",
    ),
    "a route without its preflight": (gone(f"aws_api_gateway_method.{_CARTS}_*"), "API_ANSWER"),
    "a preflight without an origin": (_header("Allow-Origin", None), "API_ANSWER"),
    "a preflight for every header": (_header("Allow-Headers", "'*'"), "API_ANSWER"),
    "a preflight for no method": (_header("Allow-Methods", "''"), "API_ANSWER"),
    "a deployment that another authorizer does not renew": (
        put("aws_api_gateway_deployment.api_deployment", "triggers.ids", "${sha1(jsonencode([]))}"),
        "triggers.ids",
    ),
    "a shell that has no folder": (
        _container(lambda one: one["mountPoints"].remove(_mounted(one, "/var/log/amazon/ssm"))),
        "container_definitions.mountPoints",
    ),
    "a bucket's name in another variable": (_container(_renamed), "container_definitions.environment"),
    "a service that watches another's tasks": (
        _another_task,
        "lifecycle.postcondition.condition",
    ),
    "connections that are cut at once": (
        put("aws_lb_target_group.entry_target-group", "deregistration_delay", "0"),
        "deregistration_delay",
    ),
    "a service that waits for no path": (put("aws_ecs_service.service", "depends_on", None), "depends_on"),
    "a cluster that waits for no log": (put("aws_rds_cluster.database_cluster", "depends_on", None), "depends_on"),
    "a preflight that new code does not start": (put(_PREFLIGHT, "triggers.code", "x"), "triggers.code"),
    "a preflight without triggers": (put(_PREFLIGHT, "triggers", None), "triggers"),
    "one of three outbound rules gone": (
        gone(f"aws_vpc_security_group_egress_rule.{_PATH}*"),
        f"aws_vpc_security_group_egress_rule.{_PATH}",
    ),
    "a subscription of another protocol": (_protocols, "ALARM"),
    "one of two subscriptions gone": (_subscription, "ALARM"),
    "a topic under another region's key": (_key_of_front, "kms_master_key_id"),
    "a composite alarm of fewer": (
        edit("monitoring", "aws_cloudwatch_composite_alarm.alarms_unhealthy", _trimmed),
        "ALARM",
    ),
    "a stack without its composite alarm": (
        lambda stacks: stacks[f"{FULL}-front"]["resource"].pop("aws_cloudwatch_composite_alarm"),
        "ALARM",
    ),
    "a dashboard without alarms": (
        lambda stacks: _board(stacks, _texts_only),
        "dashboard_body",
    ),
    "a notice that says something else": (
        put("aws_cloudwatch_event_target.rotation_target", "input_transformer.input_template", '"All is well"'),
        "input_transformer.input_template",
    ),
    "an alarm that is always on": (
        put("aws_cloudwatch_metric_alarm.alarms_database-connections", "threshold", 1),
        "threshold",
    ),
    "another number for a paused database": (
        put("aws_cloudwatch_metric_alarm.alarms_database-memory", "metric_query.0.expression", "IF(m2 > 0, m1, 0)"),
        "metric_query",
    ),
    "an output of somebody else's": (
        block("front", "output.static_bucket.value", "somebody-elses"),
        "output.static_bucket.value",
    ),
    "an output of what a function answered": (
        block("secrets", "output.result", {"value": "${aws_lambda_invocation.rotation_preflight_4A73DEE0.result}"}),
        "output.result",
    ),
    "a tag under another name": (
        lambda stacks: _tags(stacks).update(Kost=_tags(stacks).pop("CostCenter")),
        "provider.aws",
    ),
    "a tag with another's value": (
        lambda stacks: _tags(stacks).update(CostCenter="Shop and Search"),
        "provider.aws",
    ),
    "a subnet that says it is public": (
        put("aws_subnet.network_data-subnet-eu-west-1a", "tags.Tier", "public"),
        "tags.Tier",
    ),
    "a key without an alias": (gone("aws_kms_alias.keys_data*"), "aws_kms_alias.target_key_id"),
    "a security group of another name": (
        put("aws_security_group.database_security-group", "name", "globecart-db-full"),
        "name",
    ),
    "a role whose policies two name": (_second_names, "EXCLUSIVE"),
    "an endpoint for another service": (
        opened("egress", "aws_vpc_endpoint.endpoints_secretsmanager", "policy", _endpoint),
        "OwnIdentities",
    ),
    "another NAT gateway": (_gateway, f"aws_nat_gateway.nat_gateway-x_{'0' * 8}"),
    "a throttle twice": (_throttle, "api_stages.throttle"),
    "a state that shows what others read": (
        lambda stacks: next(
            each for name, each in stacks[f"{FULL}-data"]["output"].items() if name.startswith("cross-stack-")
        ).pop("sensitive"),
        "BLOCK",
    ),
    "instances in the zones of others": (_zones, "availability_zone"),
    "an instance that is the last to take over": (
        put("aws_rds_cluster_instance.database_instance-1", "promotion_tier", 15),
        "promotion_tier",
    ),
    "two permissions of one name": (
        put("aws_lambda_permission.watch_permission", "statement_id", "secrets-manager"),
        "statement_id",
    ),
    "an alarm without its row": (put("aws_cloudwatch_metric_alarm.alarms_database-cpu", "tags.Part", None), "tags"),
    "an alarm before its first report": (
        put("aws_cloudwatch_metric_alarm.alarms_rotation-age", "depends_on", None),
        "depends_on",
    ),
    "a moved block gone": (block("data", "moved.0", None), "moved"),
    "a moved block that takes a key": (
        block(
            "network",
            "moved",
            [{"from": "aws_kms_key.keys_old_key_AAAAAAAA", "to": "aws_kms_key.keys_data_key_02E67481"}],
        ),
        "moved",
    ),
    "what another stack has now is destroyed": (block("stage", "removed.0", None), "removed"),
}


def _mounted(container: Any, path: str) -> Any:
    return next(each for each in container["mountPoints"] if each["containerPath"] == path)


def _board(stacks: Stacks, change: Callable[[Any], object]) -> None:
    board = stacks[f"{FULL}-monitoring"]["resource"]["aws_cloudwatch_dashboard"]["dashboard"]
    body = json.loads(board["dashboard_body"])
    change(body)
    board["dashboard_body"] = json.dumps(body)


@pytest.mark.parametrize("kind", FOUND)
def test_it_is_found(platforms: list[Platform], kind: str) -> None:
    change, what = FOUND[kind]
    full = next(platform for platform in platforms if platform.name == FULL)

    found = own_findings(changed(full, change))

    assert what in {each for finding in found for each in (finding.check, finding.part, finding.address)}, found


def test_a_stack_whose_state_is_read_is_deployed_before(platforms: list[Platform]) -> None:
    full = next(platform for platform in platforms if platform.name == FULL)

    found = own_findings(replace(full, needs={**full.needs, f"{FULL}-data": ()}))

    assert {f.check for f in found} == {"STATE"}
