"""The alarms of the NAT gateways and of the credentials."""

from __future__ import annotations

from collections.abc import Sequence

from modules.monitoring.alarms import Alarm, Chart, Metric, Row, of_many
from settings.monitoring import MonitoringSettings
from settings.rotation import RotationSettings

_DAY = 86_400


def egress_row(thresholds: MonitoringSettings, *, nat_gateways: Sequence[str]) -> Row:
    """The NAT gateways: at most three, so one alarm can include all of them."""

    def metrics(name: str, statistic: str) -> tuple[Metric, ...]:
        return tuple(
            Metric("AWS/NATGateway", name, {"NatGatewayId": gateway}, statistic, f"gateway {number}")
            for number, gateway in enumerate(nat_gateways, start=1)
        )

    minutes = thresholds.sustained_minutes
    ((ports, ports_expression),) = of_many(metrics("ErrorPortAllocation", "Sum"), "SUM")
    ((drops, drops_expression),) = of_many(metrics("PacketsDropCount", "Sum"), "SUM")
    alarms = (
        Alarm(
            "ports",
            "NAT: ports run out",
            ports,
            "above",
            0,
            "errors a minute",
            min(minutes, 5),
            "A NAT gateway has no port left for one destination, so tasks and functions cannot connect to it.",
            "Reuse connections to that address. Call AWS services through endpoints (network.interface_endpoints).",
            expression=ports_expression,
            critical=True,
        ),
        Alarm(
            "packets-dropped",
            "NAT: packets dropped",
            drops,
            "above",
            0,
            "packets a minute",
            max(minutes, 10),
            "A NAT gateway drops packets continuously.",
            "Check whether it has reached 100 Gbit/s. If not, check the AWS Health Dashboard for an outage.",
            expression=drops_expression,
        ),
    )
    charts = (
        Chart("NAT, data out", metrics("BytesOutToDestination", "Sum"), "bytes a minute"),
        Chart("Connections", metrics("ActiveConnectionCount", "Maximum"), "connections"),
    )
    return Row("egress", "Egress: NAT gateways", alarms, charts)


def rotation_row(
    settings: RotationSettings, thresholds: MonitoringSettings, *, function: str, failed_rule: str, secret_arn: str
) -> Row:
    """The rotation of the database credentials: its events, its function, and the age that it reports daily.

    EventBridge gets rotation failures from CloudTrail. Without a trail in the account that alarm never fires; the alarm
    on the age does.
    """

    def of_function(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/Lambda", name, {"FunctionName": function}, statistic, label)

    def of_rule(name: str) -> Metric:
        return Metric("AWS/Events", name, {"RuleName": failed_rule}, "Sum", "events")

    days, slow_ms = thresholds.rotation_age_days, settings.timeout_seconds * 800
    alarms = (
        Alarm(
            "failed",
            "Rotations failed",
            (of_rule("TriggeredRules"),),
            "above",
            0,
            "events",
            1,
            "Rotation of the database credentials failed; the previous credentials still work.",
            "See the rotation function's log for the error and docs/rotation.md for the fix. This alarm needs a "
            "CloudTrail trail of management events.",
            period_seconds=300,
            critical=True,
        ),
        Alarm(
            "notice-lost",
            "Notices not delivered",
            (of_rule("FailedInvocations"),),
            "above",
            0,
            "events",
            1,
            "EventBridge could not publish a failed rotation to the topic.",
            "Read the rotation function's log now. Then check the role of the event target and the key of the topic.",
            period_seconds=300,
        ),
        Alarm(
            "age",
            "Days since the rotation",
            (Metric("SecretRotation", "DaysSinceRotation", {"SecretArn": secret_arn}, "Maximum", "days"),),
            "above",
            days,
            "days",
            2,  # the report comes once a day, so one period may have none
            f"The database credentials are older than {days} days, although they rotate every {settings.interval_days} "
            "days, or their age has not been reported for two days.",
            "Send the rotation function a preflight event (docs/rotation.md). Its result names the cause.",
            period_seconds=_DAY,
            missing="breaching",
            critical=True,
        ),
        Alarm(
            "errors",
            "Function: errors",
            (of_function("Errors", "Sum", "errors"),),
            "above",
            0,
            "errors",
            1,
            "The rotation function failed during a rotation step or the daily report.",
            "See its log for the error and docs/rotation.md for the fix. Secrets Manager retries rotation steps.",
            period_seconds=300,
        ),
        Alarm(
            "throttles",
            "Function: throttles",
            (of_function("Throttles", "Sum", "throttles"),),
            "above",
            0,
            "calls",
            1,
            "Lambda throttled the rotation function.",
            "Raise rotation.reserved_concurrency or the account's concurrency quota.",
            period_seconds=300,
        ),
        Alarm(
            "slow",
            "Function: duration",
            (of_function("Duration", "Maximum", "longest"),),
            "above",
            slow_ms,
            "ms",
            1,
            f"The rotation function took more than 80 % of rotation.timeout_seconds = {settings.timeout_seconds}.",
            "Find out what it waits for (network, a paused database), or raise timeout_seconds.",
            period_seconds=300,
        ),
    )
    charts = (Chart("Function: calls", (of_function("Invocations", "Sum", "calls"),), "calls"),)
    return Row("rotation", "Credentials: rotation", alarms, charts)
