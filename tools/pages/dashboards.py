"""The dashboard of an environment as a block diagram in mermaid: each widget where it stands, with its title."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from typing import Any

from tools.synthesized.platform import Platform
from tools.synthesized.values import parsed

_COLUMNS, _WIDTH = 12, 24
"""Of the picture and of a dashboard, whose narrowest widgets here are six wide:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""


def picture(platform: Platform) -> str:
    """Every dashboard, one below the other."""
    lines = ["block-beta", f"  columns {_COLUMNS}"]
    for dashboard in platform.all("aws_cloudwatch_dashboard"):
        rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for widget in parsed(dashboard.values["dashboard_body"])["widgets"]:
            rows[widget["y"]].append(widget)
        for y in sorted(rows):
            blocks, end = [], 0
            for widget in sorted(rows[y], key=lambda one: one["x"]):
                blocks += _space(widget["x"] - end)
                blocks.append(f'w{y}x{widget["x"]}["{_title(widget)}"]:{_columns(widget["width"])}')
                end = widget["x"] + widget["width"]
            lines.append(f"  {' '.join([*blocks, *_space(_WIDTH - end)])}")
    return "\n".join(lines)


def _columns(width: int) -> int:
    return width * _COLUMNS // _WIDTH


def _space(width: int) -> list[str]:
    return [f"space:{_columns(width)}"] if width else []


def _title(widget: dict[str, Any]) -> str:
    properties = widget["properties"]
    first = str(properties.get("title") or properties["markdown"].splitlines()[0].lstrip("# "))
    return f"<b>{escape(first)}</b>" if widget["type"] == "text" else escape(first)
