"""The picture of a dashboard: every widget, where it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from all_environments import FULL, load

from tools.pages.dashboards import picture
from tools.synthesized.platform import of_stacks, read

_SPAN = re.compile(r'(?:"\]|space):(\d+)')


def _of(widgets: list[dict[str, Any]]) -> list[str]:
    body = json.dumps({"widgets": widgets})
    stacks: Any = {"e-monitoring": {"resource": {"aws_cloudwatch_dashboard": {"one": {"dashboard_body": body}}}}}
    return picture(of_stacks("e", stacks, {})).splitlines()[2:]


def _widget(title: str, x: int, y: int, width: int) -> dict[str, Any]:
    return {"type": "metric", "x": x, "y": y, "width": width, "properties": {"title": title}}


def test_every_widget_stands_in_its_row_and_each_row_is_full(app_outdir: Path) -> None:
    platform = read(load(FULL), app_outdir)
    (dashboard,) = platform.all("aws_cloudwatch_dashboard")
    body = dashboard.values["dashboard_body"]
    widgets = (json.loads(body) if isinstance(body, str) else body)["widgets"]

    rows = picture(platform).splitlines()[2:]

    assert [row.count('["') for row in rows] == [
        sum(widget["y"] == y for widget in widgets) for y in sorted({widget["y"] for widget in widgets})
    ]
    assert {sum(map(int, _SPAN.findall(row))) for row in rows} == {12}
    for widget in widgets:
        if "title" in widget["properties"]:
            assert widget["properties"]["title"] in picture(platform)


def test_a_gap_is_a_space_and_a_title_is_no_markup() -> None:
    rows = _of([_widget("b", 12, 3, 6), _widget('a "<i>"', 0, 3, 6), _widget("c", 0, 1, 24)])

    assert rows == [
        '  w1x0["c"]:12',
        '  w3x0["a &quot;&lt;i&gt;&quot;"]:3 space:3 w3x12["b"]:3 space:3',
    ]
