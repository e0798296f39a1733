"""The web application firewall before a REST API (PCI DSS 6.4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleOverrideActionNone,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import (
    Wafv2WebAclLoggingConfiguration,
    Wafv2WebAclLoggingConfigurationRedactedFields,
    Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
)
from constructs import Construct

from modules.common.encryption import log_group
from modules.common.place import Place

# In the order they are asked, cheapest first: addresses of known attackers, then what a request says.
MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# What is counted instead of blocked where callers send no User-Agent.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
COUNTED = {"AWSManagedRulesCommonRuleSet": ("NoUserAgent_HEADER",)}
REDACTED_HEADERS = ("authorization", "cookie", "x-api-key")


class Firewall(Construct):
    """Blocks what AWS's managed groups know to be bad, and any address with more than `rate_limit` requests in 5
    minutes. The common group also blocks bodies of more than 8 KB and, with `user_agent_required`, requests without
    that header.

    Everything is logged without the headers that let somebody in. There are no samples: those would show them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rate_limit: int,
        user_agent_required: bool,
        place: Place,
    ) -> None:
        super().__init__(scope, id_)
        self.name = place.names.name("api")
        acl = Wafv2WebAcl(
            self,
            "web-acl",
            name=self.name,
            description="Before the REST API",
            scope="REGIONAL",
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            rule=[
                _rate_rule(rate_limit),
                *(
                    _managed_rule(priority, group, counted=() if user_agent_required else COUNTED.get(group, ()))
                    for priority, group in enumerate(MANAGED_GROUPS, start=1)
                ),
            ],
            # CloudWatch's dimension WebACL is the name of the metric.
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=self.name, sampled_requests_enabled=False
            ),
        )
        self.arn = acl.arn
        # WAF writes into groups of this beginning only.
        group = log_group(
            self,
            "log",
            name=f"aws-waf-logs-{place.names.name('api')}",
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        Wafv2WebAclLoggingConfiguration(
            self,
            "logging",
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                Wafv2WebAclLoggingConfigurationRedactedFields(
                    single_header=Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader(name=header)
                )
                for header in REDACTED_HEADERS
            ],
        )


def _rate_rule(limit: int) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name="rate",
        priority=0,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement={"rate_based_statement": {"limit": limit, "aggregate_key_type": "IP"}},
        visibility_config=_visibility("rate"),
    )


def _managed_rule(priority: int, group: str, *, counted: Sequence[str]) -> Wafv2WebAclRule:
    overrides = [{"name": name, "action_to_use": {"count": {}}} for name in counted]
    return Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action=Wafv2WebAclRuleOverrideAction(none=Wafv2WebAclRuleOverrideActionNone()),
        statement={
            "managed_rule_group_statement": {
                "name": group,
                "vendor_name": "AWS",
                **({"rule_action_override": overrides} if overrides else {}),
            }
        },
        visibility_config=_visibility(group),
    )


def _visibility(rule: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=rule, sampled_requests_enabled=False
    )
