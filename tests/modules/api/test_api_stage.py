"""The stage of the REST API and what stands before it: logs, plan, firewall, name."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from api_modules import keys_and_places, synthesize

from modules.api.firewall import MANAGED_GROUPS, REDACTED_HEADERS
from modules.api.stage import ACCESS_LOG
from settings.api import DomainSettings, PlanSettings, RouteSettings, ThrottleSettings

DOMAIN = DomainSettings(
    name="api.example.com",
    certificate_arn="arn:aws:acm:ca-central-1:222222222222:certificate/00000000-0000-0000-0000-000000000000",
    zone_id="Z012345ABC",
)


def test_stage_and_deployment_are_separate_and_the_old_one_goes_last() -> None:
    synthesized = synthesize()
    deployment, stage = synthesized.one("aws_api_gateway_deployment"), synthesized.one("aws_api_gateway_stage")

    assert not {"stage_name", "stage_description", "variables"} & deployment.keys()
    assert deployment["lifecycle"] == {"create_before_destroy": True}
    assert stage["deployment_id"] == f"${{{synthesized.address('aws_api_gateway_deployment')}.id}}"
    assert stage["stage_name"] == "v1"
    assert stage["xray_tracing_enabled"] is True


def test_logs_have_their_groups_first_and_hold_no_request() -> None:
    synthesized = synthesize()
    stage = synthesized.one("aws_api_gateway_stage")
    settings = synthesized.one("aws_api_gateway_method_settings")
    api = f"${{{synthesized.address('aws_api_gateway_rest_api')}.id}}"
    groups = {group["name"]: group for group in synthesized.all("aws_cloudwatch_log_group")}

    assert set(groups) == {"/iot/prod/api-access", f"API-Gateway-Execution-Logs_{api}/v1", "aws-waf-logs-iot-api-prod"}
    assert {group["retention_in_days"] for group in groups.values()} == {365}
    assert all(group["kms_key_id"].endswith("key/logs") for group in groups.values())
    assert json.loads(stage["access_log_settings"]["format"]) == ACCESS_LOG
    assert not re.search(r"header|body|claims|apiKey\b", json.dumps(ACCESS_LOG))
    assert (settings["method_path"], settings["settings"]["data_trace_enabled"]) == ("*/*", False)
    assert settings["settings"]["metrics_enabled"] is True
    assert settings["settings"]["logging_level"] == "ERROR"


def test_plan_key_and_stage_are_bound_together() -> None:
    synthesized = synthesize(plans={"default": PlanSettings(clients=("phone", "kiosk"))})
    plan = synthesized.one("aws_api_gateway_usage_plan")
    plan_id = f"${{{synthesized.address('aws_api_gateway_usage_plan')}.id}}"
    keys, bound = keys_and_places(synthesized)

    assert plan["throttle_settings"] == {"rate_limit": 200, "burst_limit": 400}
    assert "quota_settings" not in plan
    assert plan["api_stages"] == [
        {
            "api_id": f"${{{synthesized.address('aws_api_gateway_rest_api')}.id}}",
            "stage": f"${{{synthesized.address('aws_api_gateway_stage')}.stage_name}}",
        }
    ]
    assert sorted(key["Name"] for key in keys.values()) == ["iot-kiosk-prod", "iot-phone-prod"]
    assert {(each["KeyId"], each["UsagePlanId"], each["KeyType"]) for each in bound} == {
        (key, plan_id, "API_KEY") for key in keys
    }
    # API Gateway makes the value: no template has one, and so no state.
    assert {tuple(sorted(key)) for key in keys.values()} == {("Description", "Enabled", "Name")}


def test_every_method_of_the_stage_takes_at_least_what_the_plan_allows() -> None:
    settings = synthesize(plans={"default": PlanSettings(clients=("phone", "kiosk"), quota_per_month=1000)})
    throttle = settings.one("aws_api_gateway_method_settings")["settings"]

    assert (throttle["throttling_rate_limit"], throttle["throttling_burst_limit"]) == (400, 800)
    assert settings.one("aws_api_gateway_usage_plan")["quota_settings"] == {"limit": 1000, "period": "MONTH"}


def test_without_a_plan_there_is_no_key_but_a_throttle() -> None:
    synthesized = synthesize(
        plans={}, routes=(RouteSettings(path="/a", methods=("GET",), key=False, authorizer="iam"),)
    )

    assert not [address for address in synthesized.addresses if "usage_plan" in address or "key" in address]
    assert synthesized.one("aws_api_gateway_method_settings")["settings"]["throttling_rate_limit"] == 200


def test_the_firewall_blocks_before_the_stage() -> None:
    synthesized = synthesize()
    acl = synthesized.one("aws_wafv2_web_acl")
    rules = {rule["name"]: rule for rule in acl["rule"]}

    assert rules.keys() == {"rate", *MANAGED_GROUPS}
    assert sorted(rule["priority"] for rule in rules.values()) == list(range(len(rules)))
    assert rules["rate"]["action"] == {"block": {}}
    assert rules["rate"]["statement"]["rate_based_statement"]["limit"] == 60_000
    for group in MANAGED_GROUPS:
        assert rules[group]["override_action"] == {"none": {}}
    association = synthesized.one("aws_wafv2_web_acl_association")
    assert association["resource_arn"] == f"${{{synthesized.address('aws_api_gateway_stage')}.arn}}"
    assert association["web_acl_arn"] == f"${{{synthesized.address('aws_wafv2_web_acl')}.arn}}"


def test_a_missing_user_agent_is_counted_and_not_blocked_where_devices_send_none() -> None:
    def overrides(**changed: Any) -> dict[str, object]:
        rules = synthesize(**changed).one("aws_wafv2_web_acl")["rule"]
        groups = [rule["statement"].get("managed_rule_group_statement", {}) for rule in rules]
        return {group["name"]: group["rule_action_override"] for group in groups if "rule_action_override" in group}

    counted = [{"name": "NoUserAgent_HEADER", "action_to_use": {"count": {}}}]
    assert overrides(user_agent_required=False) == {"AWSManagedRulesCommonRuleSet": counted}
    assert overrides(user_agent_required=True) == {}


def test_several_plans_are_bound_to_the_stage_and_each_client_to_its_own() -> None:
    slow = ThrottleSettings(method="POST", path="/devices", rate_limit=5, burst_limit=10)
    default = PlanSettings(clients=("phone",), throttles=(slow,))
    partners = PlanSettings(clients=("one", "two"), rate_limit=10, burst_limit=20)
    one = synthesize(plans={"default": PlanSettings(clients=("one", "phone", "two"))})
    synthesized = synthesize(plans={"default": default, "partners": partners})
    plans = {plan["name"]: plan for plan in synthesized.all("aws_api_gateway_usage_plan")}

    # Addresses of a single plan stay: so do keys of clients that go to another plan.
    assert set(one.addresses) < set(synthesized.addresses)
    assert {name: plan["throttle_settings"] for name, plan in plans.items()} == {
        "iot-api-prod": {"rate_limit": 200, "burst_limit": 400},
        "iot-api-partners-prod": {"rate_limit": 10, "burst_limit": 20},
    }
    throttle = [{"path": "/devices/POST", "rate_limit": 5, "burst_limit": 10}]
    assert plans["iot-api-prod"]["api_stages"][0]["throttle"] == throttle
    assert "throttle" not in plans["iot-api-partners-prod"]["api_stages"][0]
    bound = Counter(
        synthesized.json["resource"]["aws_api_gateway_usage_plan"][each["UsagePlanId"].split(".")[1]]["name"]
        for each in keys_and_places(synthesized)[1]
    )
    assert bound == {"iot-api-prod": 1, "iot-api-partners-prod": 2}


def test_no_log_of_the_firewall_shows_who_was_let_in() -> None:
    synthesized = synthesize()
    logging = synthesized.one("aws_wafv2_web_acl_logging_configuration")
    acl = synthesized.one("aws_wafv2_web_acl")

    assert [field["single_header"]["name"] for field in logging["redacted_fields"]] == list(REDACTED_HEADERS)
    for visibility in (acl["visibility_config"], *(rule["visibility_config"] for rule in acl["rule"])):
        assert visibility["sampled_requests_enabled"] is False


def test_an_own_name_is_regional_with_tls_and_the_only_one() -> None:
    synthesized = synthesize(domain=DOMAIN)
    domain, record = synthesized.one("aws_api_gateway_domain_name"), synthesized.one("aws_route53_record")

    assert domain["security_policy"] == "TLS_1_2"
    assert domain["endpoint_configuration"] == {"types": ["REGIONAL"]}
    assert domain["regional_certificate_arn"] == DOMAIN.certificate_arn
    assert (record["zone_id"], record["name"], record["type"]) == ("Z012345ABC", "api.example.com", "A")
    address = synthesized.address("aws_api_gateway_domain_name")
    assert record["alias"]["name"] == f"${{{address}.regional_domain_name}}"
    assert synthesized.one("aws_api_gateway_rest_api")["disable_execute_api_endpoint"] is True
    assert synthesized.outputs["url"]["value"] == "https://api.example.com"


def test_a_copy_does_not_take_its_originals_name() -> None:
    synthesized = synthesize(suffix="pr-12", domain=DOMAIN)

    assert not synthesized.all("aws_api_gateway_domain_name") + synthesized.all("aws_route53_record")
    assert synthesized.one("aws_api_gateway_rest_api")["disable_execute_api_endpoint"] is False


def test_a_canary_is_a_second_deployment_beside_one_that_stays() -> None:
    synthesized = synthesize(canary_percent=10)
    deployments = synthesized.json["resource"]["aws_api_gateway_deployment"]
    by_kept = {bool(made["lifecycle"].get("ignore_changes")): (id_, made) for id_, made in deployments.items()}
    stage = synthesized.one("aws_api_gateway_stage")

    assert by_kept[True][1]["lifecycle"] == {"create_before_destroy": True, "ignore_changes": ["triggers"]}
    assert stage["deployment_id"] == f"${{aws_api_gateway_deployment.{by_kept[True][0]}.id}}"
    assert stage["canary_settings"] == {
        "deployment_id": f"${{aws_api_gateway_deployment.{by_kept[False][0]}.id}}",
        "percent_traffic": 10,
        "use_stage_cache": False,
    }
    # Without a canary it is the same address that gets the definition.
    (address,) = synthesize().json["resource"]["aws_api_gateway_deployment"]
    assert address == by_kept[True][0]
    groups = {group["name"].rpartition("}")[2]: group for group in synthesized.all("aws_cloudwatch_log_group")}
    assert {"/iot/prod/api-access/Canary", "/v1/Canary"} < set(groups)
    assert all(group["kms_key_id"] for group in groups.values())
    assert "canary_settings" not in synthesize().one("aws_api_gateway_stage")
