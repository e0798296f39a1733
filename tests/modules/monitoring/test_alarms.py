"""Alarms from data: plain metrics, percentiles, mathematics, and the one that sums up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.monitoring import PlatformAlarms, Row
from modules.monitoring.alarms import MOST_METRICS, Alarm, Chart, Metric, of_many
from modules.monitoring.dashboard import dashboard_body
from settings.naming import Naming

NAMES = Naming("iot", "dev")
TOPIC = "arn:aws:sns:ca-central-1:111111111111:alarms"


def metric(statistic: str = "Maximum", name: str = "CPUUtilization") -> Metric:
    return Metric("AWS/RDS", name, {"DBClusterIdentifier": "iot-aurora-dev"}, statistic, "busiest")


def alarm(id_: str = "cpu", *metrics: Metric, **changes: object) -> Alarm:
    values: dict[str, object] = {
        "id": id_,
        "title": "CPU",
        "metrics": metrics or (metric(),),
        "comparison": "above",
        "threshold": 80,
        "unit": "%",
        "periods": 5,
        "meaning": "It is busy.",
        "remedy": "Find out why.",
        **changes,
    }
    return Alarm(**values)  # type: ignore[arg-type]


def synthesize(*alarms: Alarm) -> Synthesized:
    rows = [Row("database", "Database", alarms)]
    return synthesize_module(lambda scope: PlatformAlarms(scope, "alarms", names=NAMES, rows=rows, topic_arn=TOPIC))


def test_an_alarm_on_a_metric() -> None:
    made = synthesize(alarm(critical=True)).one("aws_cloudwatch_metric_alarm")

    assert made["alarm_name"] == "iot-database-cpu-dev"
    assert made["alarm_description"] == "It is busy. Find out why."
    assert (made["namespace"], made["metric_name"], made["statistic"]) == ("AWS/RDS", "CPUUtilization", "Maximum")
    assert made["dimensions"] == {"DBClusterIdentifier": "iot-aurora-dev"}
    assert (made["comparison_operator"], made["threshold"]) == ("GreaterThanThreshold", 80)
    assert (made["period"], made["evaluation_periods"], made["datapoints_to_alarm"]) == (60, 5, 5)
    assert made["treat_missing_data"] == "notBreaching"
    assert made["alarm_actions"] == made["ok_actions"] == [TOPIC]
    assert made["tags"] == {"Part": "database", "Severity": "critical"}
    assert not {"metric_query", "extended_statistic"} & made.keys()


@pytest.mark.parametrize(
    ("comparison", "operator"),
    [
        ("above", "GreaterThanThreshold"),
        ("at or above", "GreaterThanOrEqualToThreshold"),
        ("below", "LessThanThreshold"),
    ],
)
def test_each_comparison_is_one_of_cloudwatchs(comparison: str, operator: str) -> None:
    made = synthesize(alarm(comparison=comparison, critical=True)).one("aws_cloudwatch_metric_alarm")

    assert made["comparison_operator"] == operator


def test_a_percentile_of_few_requests_is_ignored() -> None:
    made = synthesize(alarm("latency", metric("p99"), critical=True)).one("aws_cloudwatch_metric_alarm")

    assert made["extended_statistic"] == "p99"
    assert made["evaluate_low_sample_count_percentiles"] == "ignore"
    assert "statistic" not in made


def test_mathematics_name_their_metrics_and_return_one_value() -> None:
    parts = (metric(name="DatabaseConnections"), metric(name="Deadlocks"))
    made = synthesize(alarm("both", *parts, expression="m1 + m2", critical=True)).one("aws_cloudwatch_metric_alarm")

    queries = {query["id"]: query for query in made["metric_query"]}
    assert queries["alarm"] == {"id": "alarm", "expression": "m1 + m2", "label": "CPU", "return_data": True}
    assert queries["m2"]["metric"] == {
        "namespace": "AWS/RDS",
        "metric_name": "Deadlocks",
        "dimensions": {"DBClusterIdentifier": "iot-aurora-dev"},
        "stat": "Maximum",
        "period": 60,
    }
    assert [query["id"] for query in made["metric_query"] if query.get("return_data")] == ["alarm"]
    assert not {"namespace", "metric_name", "dimensions", "statistic", "period"} & made.keys()


def test_only_critical_alarms_make_the_platform_unhealthy() -> None:
    stack = synthesize(alarm("cpu", critical=True), alarm("memory"), alarm("lag", critical=True))
    first, last = (
        stack.address("aws_cloudwatch_metric_alarm", alarm_name=f"iot-database-{id_}-dev") for id_ in ("cpu", "lag")
    )

    unhealthy = stack.one("aws_cloudwatch_composite_alarm")
    assert unhealthy["alarm_name"] == "iot-unhealthy-dev"
    assert unhealthy["alarm_rule"] == f'ALARM("${{{first}.alarm_name}}") OR ALARM("${{{last}.alarm_name}}")'
    assert unhealthy["alarm_actions"] == unhealthy["ok_actions"] == [TOPIC]


@pytest.mark.parametrize(("many", "parts"), [(1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_many_metrics_are_spread_over_as_few_alarms_as_cloudwatch_allows(many: int, parts: list[int]) -> None:
    made = list(of_many([metric()] * many, "MAX"))

    assert [len(metrics) for metrics, _ in made] == parts
    assert max(parts) <= MOST_METRICS
    for metrics, expression in made:
        assert expression == f"MAX([{', '.join(f'FILL(m{n}, 0)' for n in range(1, len(metrics) + 1))}])"


ROWS = (
    Row(
        "database",
        "Database",
        (
            alarm("cpu", critical=True),
            alarm("memory", metric(), metric(name="FreeableMemory"), expression="m1 - m2", drawn="expression"),
            alarm("nodes", metric(), metric(), expression="MAX([m1, m2])", comparison="below", period_seconds=300),
            *(alarm(f"other-{number}") for number in range(4)),
        ),
        (Chart("Capacity", (metric(name="ServerlessDatabaseCapacity"),), "ACU"),),
    ),
    Row("cache", "Cache", (alarm("evictions"),)),
)


def body() -> list[dict[str, Any]]:
    account = Account("111111111111", "ca-central-1")
    made = dashboard_body(names=NAMES, account=account, rows=ROWS, unhealthy_name="iot-unhealthy-dev")
    widgets: list[dict[str, Any]] = json.loads(json.dumps(made))["widgets"]
    return widgets


def titled(title: str) -> dict[str, Any]:
    (found,) = (p for w in body() if (p := w["properties"]).get("title") == title)
    properties: dict[str, Any] = found
    return properties


def test_a_number_of_each_part_that_has_one_stands_above_the_rows() -> None:
    now = titled("Now")

    assert now["view"] == "singleValue"
    assert [[*line[:2], line[-1]["label"]] for line in now["metrics"]] == [
        ["AWS/RDS", "ServerlessDatabaseCapacity", "Capacity: busiest (ACU)"]
    ]


@pytest.mark.parametrize(
    ("threshold", "unit", "shown"),
    [
        (80, "%", "80"),
        (0.01, "share of requests", "0.01"),
        (52_000, "connections", "52,000"),
        (1_000_000_000, "transactions", "1,000,000,000"),
        (0.1 * 64 * 2**30, "bytes", "6.4 GiB"),
        (0.1 * 4 * 2**30, "bytes", "0.4 GiB"),
    ],
)
def test_a_threshold_is_a_number_that_people_read(threshold: float, unit: str, shown: str) -> None:
    made = alarm(threshold=threshold, unit=unit)
    graph = dashboard_body(
        names=NAMES, account=Account("111111111111", "ca-central-1"), rows=[Row("database", "Database", (made,))],
        unhealthy_name="unhealthy",
    )["widgets"][-1]  # fmt: skip

    (line,) = graph["properties"]["annotations"]["horizontal"]
    assert (line["label"], line["value"]) == (f"alarm above {shown}", threshold)


@pytest.mark.parametrize(
    ("title", "label", "unit", "shown"),
    [
        ("Requests", "all", "a minute", "Requests: all (a minute)"),
        ("Connections", "open", "connections", "Connections: open"),
        ("Function: calls", "calls", "calls", "Function: calls"),
        ("Cache hits", "node 001", "a minute", "Cache hits: node 001 (a minute)"),
    ],
)
def test_a_number_is_named_once(title: str, label: str, unit: str, shown: str) -> None:
    chart = Chart(title, (Metric("AWS/RDS", "CPUUtilization", {}, "Average", label),), unit)
    row = Row("database", "Database", (), (chart,))
    account = Account("111111111111", "ca-central-1")
    widgets = dashboard_body(names=NAMES, account=account, rows=[row], unhealthy_name="unhealthy")["widgets"]

    (now,) = (widget["properties"] for widget in widgets if widget["properties"].get("title") == "Now")
    assert [line[-1]["label"] for line in now["metrics"]] == [shown]


def test_no_widget_of_the_dashboard_lies_on_another_or_outside() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in body():
        x, y, width, height = (widget[key] for key in ("x", "y", "width", "height"))
        assert x + width <= 24
        cells = {(column, line) for column in range(x, x + width) for line in range(y, y + height)}
        assert not taken & cells
        taken |= cells


def test_the_dashboard_shows_every_alarm_with_its_threshold() -> None:
    shown = [widget["properties"] for widget in body() if widget["type"] == "metric"]
    alarms = [made for row in ROWS for made in row.alarms]

    annotated = [properties for properties in shown if "annotations" in properties]
    assert len(annotated) == len(alarms)
    line = titled("CPU (critical)")
    assert line["annotations"] == {
        "horizontal": [{"label": "alarm above 80", "value": 80, "fill": "above", "color": "#d13212"}]
    }
    assert line["metrics"] == [
        ["AWS/RDS", "CPUUtilization", "DBClusterIdentifier", "iot-aurora-dev",
         {"stat": "Maximum", "label": "busiest", "id": "m1", "visible": True}],
    ]  # fmt: skip


def test_the_dashboard_draws_what_the_threshold_is_held_against() -> None:
    graphs = [widget["properties"] for widget in body() if widget["type"] == "metric"]
    by_lines = {json.dumps(graph["metrics"]): graph for graph in graphs}

    (hidden,) = (graph for lines, graph in by_lines.items() if "m1 - m2" in lines)
    assert [line[-1].get("visible") for line in hidden["metrics"]] == [False, False, None]
    (nodes,) = (graph for graph in graphs if graph["period"] == 300)
    assert [line[-1]["visible"] for line in nodes["metrics"]] == [True, True]
    assert nodes["annotations"]["horizontal"][0]["fill"] == "below"


def test_the_state_of_all_alarms_stands_on_top() -> None:
    states = [widget for widget in body() if widget["type"] == "alarm"]

    named = {name for widget in states for name in widget["properties"]["alarms"]}
    arn = "arn:aws:cloudwatch:ca-central-1:111111111111:alarm"
    assert named == {
        f"{arn}:iot-unhealthy-dev",
        *(f"{arn}:iot-{row.id}-{made.id}-dev" for row in ROWS for made in row.alarms),
    }
    lowest_state = max(widget["y"] for widget in states)
    assert lowest_state < min(widget["y"] for widget in body() if widget["type"] == "metric")
