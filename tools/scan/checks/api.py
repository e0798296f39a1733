"""How the API is guarded: its firewall, its usage plans, the validation of requests."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import blocks, lookup, parsed

_MANAGED_GROUPS = {
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
}


def _firewall(platform: Platform) -> Iterator[Finding]:
    for stage in platform.all("aws_api_gateway_stage"):
        associations = platform.referring(stage, "aws_wafv2_web_acl_association", through="resource_arn")
        acls = [
            acl
            for association in associations
            for acl in platform.referred(association.stack, association.values.get("web_acl_arn"))
        ]
        if not acls:
            yield stage.finding("WAF", "must stand behind a web ACL")
        if not platform.referring(stage, "aws_api_gateway_method_settings", through="stage_name"):
            yield stage.finding("API_SETTINGS", "must have method settings for */*")
    for settings in platform.all("aws_api_gateway_method_settings"):
        if not lookup(settings.values, "settings.throttling_rate_limit"):
            yield settings.finding("API_SETTINGS", "must throttle every method")
    for acl in platform.all("aws_wafv2_web_acl"):
        yield from _rules_of(acl)
        if not platform.referring(acl, "aws_wafv2_web_acl_logging_configuration", through="resource_arn"):
            yield acl.finding("WAF", "must be logged")


def _plans(platform: Platform) -> Iterator[Finding]:
    """A plan without a key, or without a stage, throttles nobody."""
    for stage in platform.all("aws_api_gateway_stage"):
        planned = [
            plan
            for plan in platform.all("aws_api_gateway_usage_plan")
            if stage in platform.referred(plan.stack, lookup(plan.values, "api_stages.stage"))
            and lookup(plan.values, "api_stages.api_id")
            and platform.referred(plan.stack, lookup(plan.values, "api_stages.api_id"))
        ]
        if not planned:
            yield stage.finding("API_PLAN", "must be in a usage plan")
    for plan in platform.all("aws_api_gateway_usage_plan"):
        if not platform.referring(plan, "aws_api_gateway_usage_plan_key", through="usage_plan_id"):
            yield plan.finding("API_PLAN", "must have a key")
        for limits, most in (("throttle_settings.rate_limit", 10_000), ("throttle_settings.burst_limit", 5_000)):
            if any(not 0 < int(limit) <= most for limit in lookup(plan.values, limits)):
                yield plan.finding("API_PLAN", f"{limits} must be at most {most}, the account's own")
    for key in platform.all("aws_api_gateway_api_key"):
        if not platform.referring(key, "aws_api_gateway_usage_plan_key", through="key_id"):
            yield key.finding("API_PLAN", "must be in a usage plan, or nothing limits it")


def _validated(platform: Platform) -> Iterator[Finding]:
    for method in platform.all("aws_api_gateway_method"):
        if method.values.get("http_method") == "OPTIONS":
            continue
        validators = platform.referred(method.stack, method.values.get("request_validator_id"))
        if not validators:
            yield method.finding("API_VALIDATED", "must validate its requests")
        takes_body = method.values.get("http_method") in ("POST", "PUT", "PATCH")
        if takes_body and "$default" not in (method.values.get("request_models") or {}):
            yield method.finding(
                "API_VALIDATED",
                "takes a body: must have a model for whatever type it says it is; "
                "the setting is api.routes[].request_schema",
            )
        if method.values.get("request_models"):
            for content, model in method.values["request_models"].items():
                if not platform.referred(method.stack, model):
                    yield method.finding("API_VALIDATED", f"{content}: must name a model of this API")
            if any(validator.values.get("validate_request_body") is not True for validator in validators):
                yield method.finding("API_VALIDATED", "must validate the body against its model")


def _rules_of(acl: Resource) -> Iterator[Finding]:
    rules = acl.values.get("rule") or []
    rules = parsed(rules) if isinstance(rules, str) else rules
    blocking, rated = set(), False
    for rule in blocks(rules):
        groups = lookup(rule, "statement.managed_rule_group_statement")
        overridden = lookup(rule, "override_action.count")
        excluded = lookup(groups, "rule_action_override") + lookup(groups, "excluded_rule")
        for group in (item for found in groups for item in blocks(found)):
            if not overridden and not excluded and group.get("vendor_name") == "AWS":
                blocking.add(str(group.get("name")))
        if lookup(rule, "statement.rate_based_statement") and lookup(rule, "action.block"):
            rated = True
    for name in sorted(_MANAGED_GROUPS - blocking):
        yield acl.finding("WAF", f"{name} must block", name)
    if not rated:
        yield acl.finding("WAF", "a rate rule must block", "rate")


def _methods(platform: Platform) -> Iterator[Finding]:
    for method in platform.all("aws_api_gateway_method"):
        if method.values.get("http_method") == "OPTIONS":
            continue
        if method.values.get("authorization") in (None, "NONE") and method.values.get("api_key_required") is not True:
            yield method.finding("API_OPEN", "asks for neither an identity nor a key, so nothing limits one client")


def _backends(platform: Platform) -> Iterator[Finding]:
    for backend in platform.all("aws_api_gateway_integration"):
        kind, links = backend.values.get("type"), platform.referred(backend.stack, backend.values.get("connection_id"))
        through_link = backend.values.get("connection_type") == "VPC_LINK" and [link.type for link in links] == [
            "aws_api_gateway_vpc_link"
        ]
        if kind in ("HTTP", "HTTP_PROXY") and not through_link:
            yield backend.finding("API_BACKEND", "must go through the VPC link: the other way is the internet")
        if kind in ("AWS", "AWS_PROXY") and f":{platform.account_id}:" not in str(backend.values.get("uri")):
            yield backend.finding("API_BACKEND", "must call a function of this account")


CHECKS = (
    Check("WAF", "Stages stand behind a firewall that blocks and is logged", ("6.4.2",),
          ("aws_wafv2_web_acl", "aws_api_gateway_stage"), _firewall),
    Check("API_PLAN", "Every client is throttled by a plan of its own key", ("6.4.2",),
          ("aws_api_gateway_usage_plan", "aws_api_gateway_api_key"), _plans),
    Check("API_VALIDATED", "Requests are validated before a backend hears of them", ("6.2.4",),
          ("aws_api_gateway_method",), _validated),
    Check("API_BACKEND", "Requests leave API Gateway through the VPC link or to a function of this account only",
          ("1.3", "4.2.1"), ("aws_api_gateway_integration",), _backends),
    Check("API_OPEN", "Methods ask for an identity or a key", ("7.2",), ("aws_api_gateway_method",), _methods),
)  # fmt: skip
