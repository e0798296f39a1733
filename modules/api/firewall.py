"""The web application firewall before a REST API (PCI DSS 6.4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Token
from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
from cdktf_cdktf_provider_aws.wafv2_ip_set import Wafv2IpSet
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

# In the order of evaluation, cheapest first: addresses of known attackers, then the contents of requests.
MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# The rule that only counts if clients send no User-Agent.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
COUNTED = {"AWSManagedRulesCommonRuleSet": ("NoUserAgent_HEADER",)}
REDACTED_HEADERS = ("authorization", "cookie", "x-api-key")


class Firewall(Construct):
    """Blocks requests that match AWS's managed rule groups, and addresses with more than `rate_limit` requests in 5
    minutes. The common rule set also blocks bodies larger than 8 KB and, with `user_agent_required`, requests without
    that header.

    With `edge` it is for CloudFront, and must be in us-east-1. With `behind_cloudfront` it blocks requests that do not
    come from CloudFront, and reads the client's address from X-Forwarded-For. Callers can forge that header, so the
    reliable limit is that of the front's firewall.

    All requests are logged, without headers that contain credentials. Sampling is off, because samples contain them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rate_limit: int,
        user_agent_required: bool,
        place: Place,
        purpose: str = "api",
        edge: bool = False,
        behind_cloudfront: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self.name = place.names.name(purpose)
        only = [_others_rule(self._cloudfront_addresses())] if behind_cloudfront else []
        acl = Wafv2WebAcl(
            self,
            "web-acl",
            name=self.name,
            description="Before CloudFront" if edge else "Before the REST API",
            scope="CLOUDFRONT" if edge else "REGIONAL",
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            rule=[
                _rate_rule(rate_limit, forwarded=behind_cloudfront),
                *(
                    _managed_rule(priority, group, counted=() if user_agent_required else COUNTED.get(group, ()))
                    for priority, group in enumerate(MANAGED_GROUPS, start=1)
                ),
                *only,
            ],
            # CloudWatch's dimension WebACL is the name of the metric.
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=self.name, sampled_requests_enabled=False
            ),
        )
        self.arn = acl.arn
        # WAF only writes to log groups with this prefix.
        group = log_group(
            self,
            "log",
            name=f"aws-waf-logs-{self.name}",
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

    def _cloudfront_addresses(self) -> str:
        """ARN of an IP set with the addresses from which CloudFront calls origins, as of the last deployment.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
        """
        known = DataAwsEc2ManagedPrefixList(self, "cloudfront", name="com.amazonaws.global.cloudfront.origin-facing")
        return Wafv2IpSet(
            self,
            "cloudfront-addresses",
            name=f"{self.name}-cloudfront",
            description="Where CloudFront calls origins from",
            scope="REGIONAL",
            ip_address_version="IPV4",
            addresses=Token.as_list(f"${{{known.fqn}.entries[*].cidr}}"),
        ).arn


def _rate_rule(limit: int, *, forwarded: bool) -> Wafv2WebAclRule:
    kind: dict[str, object] = {"aggregate_key_type": "IP"}
    if forwarded:
        header = {"header_name": "X-Forwarded-For", "fallback_behavior": "MATCH"}
        kind = {"aggregate_key_type": "FORWARDED_IP", "forwarded_ip_config": header}
    return Wafv2WebAclRule(
        name="rate",
        priority=0,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement={"rate_based_statement": {"limit": limit, **kind}},
        visibility_config=_visibility("rate"),
    )


def _others_rule(ip_set_arn: str) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name="not-cloudfront",
        priority=len(MANAGED_GROUPS) + 1,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement={"not_statement": {"statement": {"ip_set_reference_statement": {"arn": ip_set_arn}}}},
        visibility_config=_visibility("not-cloudfront"),
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
