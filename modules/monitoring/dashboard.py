"""The dashboard: a row for each part of the platform, drawn from the same data as the alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from modules.common.policies import Account
from modules.monitoring.alarms import Alarm, Chart, Metric, Row, alarm_name
from settings.naming import Naming

# CloudWatch divides the width into 24 columns.
_COLUMNS = 24
_WIDTH, _HEIGHT = 6, 5
_HEADING = 1
_STATUS = 3
_NUMBERS = 4
_RED = "#d13212"

Widget = dict[str, Any]


def dashboard(
    scope: Construct, id_: str, *, names: Naming, account: Account, rows: Sequence[Row], unhealthy_name: str
) -> CloudwatchDashboard:
    """The dashboard of an environment."""
    return CloudwatchDashboard(
        scope,
        id_,
        dashboard_name=names.name("platform"),
        dashboard_body=json.dumps(
            dashboard_body(names=names, account=account, rows=rows, unhealthy_name=unhealthy_name)
        ),
    )


def dashboard_body(*, names: Naming, account: Account, rows: Sequence[Row], unhealthy_name: str) -> Widget:
    """At the top the state of every alarm, and one key figure of each part. Below them a row for each part: its alarms
    with their thresholds, then its charts.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    widgets = [_text(f"# {names.environment}\nRed lines are the thresholds of alarms. {account.region}", 0, 2)]
    top = 2
    for title, alarms, region in (
        ("Is the platform healthy?", [unhealthy_name], None),
        *((row.title, [alarm_name(names, row, alarm) for alarm in row.alarms], row.region) for row in rows),
    ):
        place = replace(account, region=region or account.region)
        widgets.append(
            {
                "type": "alarm",
                "width": _COLUMNS,
                "height": _STATUS,
                "properties": {
                    "title": title,
                    "alarms": [place.arn("cloudwatch", f"alarm:{name}") for name in alarms],
                },
            }
        )
    top = _place(widgets[1:], top, width=_COLUMNS // 3, height=_STATUS)
    now = _now(rows, account.region)
    top = _place([now], top, width=_COLUMNS, height=_NUMBERS)
    widgets.append(now)
    for row in rows:
        widgets.append(_text(f"## {row.title}", top, _HEADING))
        where = row.region or account.region
        graphs = [*(_alarm_graph(alarm, where) for alarm in row.alarms)]
        graphs += [_chart_graph(chart, where) for chart in row.charts]
        top = _place(graphs, top + _HEADING, width=_WIDTH, height=_HEIGHT)
        widgets += graphs
    return {"widgets": widgets}


def _place(widgets: Sequence[Widget], top: int, *, width: int, height: int) -> int:
    """Arrange the widgets in lines, starting at `top`; returns the start of the next line."""
    in_line = _COLUMNS // width
    for index, widget in enumerate(widgets):
        widget |= {"x": index % in_line * width, "y": top + index // in_line * height, "width": width, "height": height}
    return top + -(-len(widgets) // in_line) * height


def _text(markdown: str, top: int, height: int) -> Widget:
    return {
        "type": "text",
        "x": 0,
        "y": top,
        "width": _COLUMNS,
        "height": height,
        "properties": {"markdown": markdown, "background": "transparent"},
    }


def _now(rows: Sequence[Row], region: str) -> Widget:
    """The latest value of the first line of each row's charts, with its last hours as a spark line."""
    first = [(row.charts[0], {"region": row.region} if row.region else {}) for row in rows if row.charts]
    lines = [_line(chart.metrics[0], label=_named_once(chart), **where) for chart, where in first]
    widget = _graph("Now", lines, "", region)
    widget["properties"] |= {"view": "singleValue", "sparkline": True}
    return widget


def _named_once(chart: Chart) -> str:
    """Title, label and unit of a number, without repeating the title."""
    title, line = chart.title, chart.metrics[0].label
    named = title if line.lower() in title.lower() else f"{title}: {line}"
    return named if chart.unit.lower() in title.lower() else f"{named} ({chart.unit})"


def _readable(value: float, unit: str) -> str:
    """With all its digits, or, of bytes, in GiB."""
    return f"{value / 2**30:,.3g} GiB" if unit == "bytes" else f"{value:,.12g}"


def _alarm_graph(alarm: Alarm, region: str) -> Widget:
    drawn = alarm.drawn == "metrics"
    lines: list[list[Any]] = [
        _line(metric, id=f"m{number}", visible=drawn) for number, metric in enumerate(alarm.metrics, start=1)
    ]
    if not drawn:
        lines.append([{"id": "alarm", "expression": alarm.expression, "label": alarm.title}])
    widget = _graph(f"{alarm.title}{' (critical)' if alarm.critical else ''}", lines, alarm.unit, region)
    widget["properties"]["period"] = alarm.period_seconds
    widget["properties"]["annotations"] = {
        "horizontal": [
            {
                "label": f"alarm {alarm.comparison} {_readable(alarm.threshold, alarm.unit)}",
                "value": alarm.threshold,
                "fill": "below" if alarm.comparison == "below" else "above",
                "color": _RED,
            }
        ]
    }
    return widget


def _chart_graph(chart: Chart, region: str) -> Widget:
    return _graph(chart.title, [_line(metric) for metric in chart.metrics], chart.unit, region)


def _graph(title: str, lines: list[list[Any]], unit: str, region: str) -> Widget:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "view": "timeSeries",
            "region": region,
            "period": 60,
            "metrics": lines,
            "yAxis": {"left": {"min": 0, "label": unit, "showUnits": False}},
        },
    }


def _line(metric: Metric, **options: object) -> list[Any]:
    return [metric.namespace, metric.name, *_flat(metric), {"stat": metric.statistic, "label": metric.label, **options}]


def _flat(metric: Metric) -> Iterator[str]:
    for name, value in metric.dimensions.items():
        yield name
        yield value
