"""What is watched of CloudFront and its firewall, in us-east-1, where their metrics are."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.monitoring import MonitoringSettings


def front_row(thresholds: MonitoringSettings, *, distribution: str, web_acl: str, region: str) -> Row:
    """The distribution and its firewall. CloudFront counts rates in percent.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
    """
    minutes = thresholds.sustained_minutes

    def metric(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/CloudFront", name, {"DistributionId": distribution, "Region": "Global"}, statistic, label)

    # A firewall of CloudFront has no dimension Region: https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
    blocked = Metric("AWS/WAFV2", "BlockedRequests", {"WebACL": web_acl, "Rule": "ALL"}, "Sum", "blocked")
    alarms = (
        Alarm(
            "errors",
            "5xx answers",
            (metric("5xxErrorRate", "Average", "share"),),
            "above",
            thresholds.api_errors_percent,
            "%",
            minutes,
            f"More than {thresholds.api_errors_percent:g} % of all requests to CloudFront are answered with 5xx.",
            "Its log says for which paths: those of the API have an alarm of the API too; 502 and 504 alone mean that "
            "CloudFront cannot reach it.",
            critical=True,
        ),
        Alarm(
            "refused",
            "4xx answers",
            (metric("4xxErrorRate", "Average", "share"),),
            "above",
            thresholds.api_refused_percent,
            "%",
            minutes,
            f"More than {thresholds.api_refused_percent:g} % of all requests to CloudFront are answered with 4xx.",
            "403 of paths of the API alone: CloudFront may call from new addresses; deploy the api stack, which reads "
            "them. 403 of other paths are files that are not in the bucket.",
        ),
        Alarm(
            "blocked",
            "Requests blocked by WAF",
            (blocked,),
            "above",
            thresholds.firewall_blocked_per_minute,
            "a minute",
            minutes,
            f"The firewall of CloudFront blocks more than {thresholds.firewall_blocked_per_minute} requests a minute.",
            "Its log names the rule and the addresses: an attack is dealt with, a client that was changed needs help.",
        ),
    )
    charts = (Chart("Requests to CloudFront", (metric("Requests", "Sum", "all"),), "a minute"),)
    return Row("front", "Front: CloudFront and firewall", alarms, charts, region=region)
