"""Alarms as data, and the CloudWatch alarms that are created from them.

The functions of `modules.monitoring.rows` return the data. The dashboard uses the same data, so it shows every alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_composite_alarm import CloudwatchCompositeAlarm
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import (
    CloudwatchMetricAlarm,
    CloudwatchMetricAlarmMetricQuery,
    CloudwatchMetricAlarmMetricQueryMetric,
)
from constructs import Construct

from settings.naming import Naming

# The maximum number of metrics in the metric math of one alarm.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
MOST_METRICS = 10

_OPERATORS = {
    "above": "GreaterThanThreshold",
    "at or above": "GreaterThanOrEqualToThreshold",
    "below": "LessThanThreshold",
}


@dataclass(frozen=True)
class Metric:
    """One line. `statistic` is Average, Maximum, Minimum, Sum or a percentile such as p99."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(hash=False)
    statistic: str
    label: str


@dataclass(frozen=True)
class Chart:
    """Lines that belong together, without a threshold."""

    title: str
    metrics: tuple[Metric, ...]
    unit: str


@dataclass(frozen=True)
class Alarm:
    """A threshold that must be exceeded for `periods` of `period_seconds` in a row before the alarm fires.

    `expression` is metric math over the metrics, named m1, m2, ...; without one there is one metric. `drawn` is what
    the dashboard shows with the threshold: the metrics, or the result of the expression.

    `missing` is how missing data is treated: `notBreaching` if a quiet hour has no data, `breaching` if data must
    always arrive. A `critical` alarm also fires the composite alarm.
    """

    id: str
    title: str
    metrics: tuple[Metric, ...]
    comparison: Literal["above", "at or above", "below"]
    threshold: float
    unit: str
    periods: int
    meaning: str
    remedy: str
    expression: str | None = None
    drawn: Literal["metrics", "expression"] = "metrics"
    period_seconds: int = 60
    missing: Literal["breaching", "notBreaching"] = "notBreaching"
    critical: bool = False

    @property
    def description(self) -> str:
        """The text of the notification."""
        return f"{self.meaning} {self.remedy}"


@dataclass(frozen=True)
class Row:
    """A part of the platform: a row of the dashboard. The names of its alarms begin with its id.

    `region` is the region of its metrics and alarms, if it differs from the dashboard's.
    """

    id: str
    title: str
    alarms: tuple[Alarm, ...]
    charts: tuple[Chart, ...] = ()
    region: str | None = None


def of_many(metrics: Iterable[Metric], function: Literal["MAX", "SUM"]) -> Iterator[tuple[tuple[Metric, ...], str]]:
    """Metrics and expression of each alarm, with as few alarms as possible. A metric without data counts as 0."""
    waiting = list(metrics)
    for start in range(0, len(waiting), MOST_METRICS):
        part = tuple(waiting[start : start + MOST_METRICS])
        terms = ", ".join(f"FILL(m{number}, 0)" for number, _ in enumerate(part, start=1))
        yield part, f"{function}([{terms}])"


def alarm_name(names: Naming, row: Row, alarm: Alarm) -> str:
    """`iot-database-cpu-dev`."""
    return names.name(f"{row.id}-{alarm.id}")


class PlatformAlarms(Construct):
    """The alarms of all rows, and a composite alarm of the critical ones: `unhealthy_name`.

    All of them notify the topic when they fire and when they recover. Each has its row and its severity as tags. They
    are created after `waits_for`, so that alarms on missing data do not fire at once.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Naming,
        rows: Iterable[Row],
        topic_arn: str,
        waits_for: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        critical: list[str] = []
        for row in rows:
            for alarm in row.alarms:
                made = _metric_alarm(self, alarm_name(names, row, alarm), row, alarm, topic_arn, waits_for)
                if alarm.critical:
                    critical.append(made.alarm_name)
        self.unhealthy_name = names.name("unhealthy")
        CloudwatchCompositeAlarm(
            self,
            "unhealthy",
            alarm_name=self.unhealthy_name,
            alarm_description=(
                "At least one critical alarm is on: the platform has failed or will soon fail. "
                "Open the dashboard and start with the alarm that fired first."
            ),
            alarm_rule=" OR ".join(f'ALARM("{name}")' for name in critical),
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            tags={"Part": "platform", "Severity": "critical"},
        )


def _metric_alarm(
    scope: Construct, name: str, row: Row, alarm: Alarm, topic_arn: str, waits_for: Sequence[ITerraformDependable]
) -> CloudwatchMetricAlarm:
    metric = alarm.metrics[0]
    is_percentile = metric.statistic.startswith("p")
    plain = alarm.expression is None
    return CloudwatchMetricAlarm(
        scope,
        f"{row.id}-{alarm.id}",
        alarm_name=name,
        alarm_description=alarm.description,
        namespace=metric.namespace if plain else None,
        metric_name=metric.name if plain else None,
        dimensions=dict(metric.dimensions) if plain else None,
        statistic=metric.statistic if plain and not is_percentile else None,
        extended_statistic=metric.statistic if plain and is_percentile else None,
        # One request of a quiet minute is no percentile.
        evaluate_low_sample_count_percentiles="ignore" if plain and is_percentile else None,
        period=alarm.period_seconds if plain else None,
        metric_query=None if plain else list(_queries(alarm)),
        comparison_operator=_OPERATORS[alarm.comparison],
        threshold=alarm.threshold,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.periods,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags={"Part": row.id, "Severity": "critical" if alarm.critical else "warning"},
        depends_on=list(waits_for) or None,
    )


def _queries(alarm: Alarm) -> Iterator[CloudwatchMetricAlarmMetricQuery]:
    yield CloudwatchMetricAlarmMetricQuery(id="alarm", expression=alarm.expression, label=alarm.title, return_data=True)
    for number, metric in enumerate(alarm.metrics, start=1):
        yield CloudwatchMetricAlarmMetricQuery(
            id=f"m{number}",
            metric=CloudwatchMetricAlarmMetricQueryMetric(
                namespace=metric.namespace,
                metric_name=metric.name,
                dimensions=dict(metric.dimensions),
                stat=metric.statistic,
                period=alarm.period_seconds,
            ),
        )
