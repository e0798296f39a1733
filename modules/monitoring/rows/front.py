"""The alarms of CloudFront and its firewall, in us-east-1, where their metrics are."""

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
            "5xx responses",
            (metric("5xxErrorRate", "Average", "share"),),
            "above",
            thresholds.api_errors_percent,
            "%",
            minutes,
            f"More than {thresholds.api_errors_percent:g} % of all requests to CloudFront fail with 5xx.",
            "Find the paths in CloudFront's access log. If they belong to the API and the API has no alarm, CloudFront "
            "cannot reach the API (502 or 504).",
            critical=True,
        ),
        Alarm(
            "refused",
            "4xx responses",
            (metric("4xxErrorRate", "Average", "share"),),
            "above",
            thresholds.api_refused_percent,
            "%",
            minutes,
            f"More than {thresholds.api_refused_percent:g} % of all requests to CloudFront fail with 4xx.",
            "If only paths of the API return 403, CloudFront may use new addresses: deploy the api stack, which "
            "reads the "
            "list again. If other paths return 403, the file is not in the bucket.",
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
            "Its log has the rule and the addresses. If it is an attack, it is already blocked; if a changed client is "
            "blocked, fix the client.",
        ),
    )
    charts = (Chart("Requests to CloudFront", (metric("Requests", "Sum", "all"),), "a minute"),)
    return Row("front", "Front: CloudFront and firewall", alarms, charts, region=region)
