"""The page of all alarms, `docs/alarms.md`, from the synthesized JSON of the monitoring stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from settings import load
from tools.pages.markdown import table
from tools.synthesized.platform import Platform

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
}
# Purpose of an alarm -> environment -> its arguments.
_Alarms = dict[str, dict[str, dict[str, Any]]]


def tables(platforms: Sequence[Platform]) -> str:
    """A table for each part of the platform, with a column for each of these environments."""
    names = [platform.name for platform in platforms]
    parts: dict[str, _Alarms] = {}
    for platform in sorted(platforms, key=lambda platform: platform.tier == "production"):
        own = load(platform.name).names
        for alarm in platform.all("aws_cloudwatch_metric_alarm"):
            if not alarm.values.get("alarm_actions"):
                continue  # it tells nobody: ECS alone reads it
            purpose = alarm.values["alarm_name"].removeprefix(f"{own.project}-").removesuffix(f"-{own.ending}")
            part = parts.setdefault(alarm.values["tags"]["Part"], {})
            part.setdefault(purpose, {})[platform.name] = alarm.values
    headings = ["alarm", "metric", *names, "what it means, and what to do"]
    tables = {
        title: table(headings, [_row(purpose, alarms[purpose], names) for purpose in sorted(alarms)])
        for title, alarms in sorted(parts.items())
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in tables.items())


def _row(purpose: str, alarms: dict[str, dict[str, Any]], environments: Sequence[str]) -> list[str]:
    last = list(alarms.values())[-1]  # of production where one has it
    severity = " **critical**" if last["tags"]["Severity"] == "critical" else ""
    cells = [_threshold(alarms[name]) if name in alarms else "none" for name in environments]
    return [f"`{purpose}`{severity}", _metrics(last), *cells, last["alarm_description"]]


def _threshold(alarm: dict[str, Any]) -> str:
    sign = _SIGNS[alarm["comparison_operator"]]
    period = alarm.get("period") or next(q["metric"]["period"] for q in alarm["metric_query"] if "metric" in q)
    silence = ", or silence" if alarm["treat_missing_data"] == "breaching" else ""
    return f"{sign} {alarm['threshold']:,} for {period * alarm['evaluation_periods'] // 60:,} min{silence}"


def _metrics(alarm: dict[str, Any]) -> str:
    sources = [query["metric"] for query in alarm.get("metric_query", ()) if "metric" in query] or [alarm]
    shown = {
        f"{source['namespace']} {source['metric_name']}, "
        f"{source.get('stat') or source.get('statistic') or source.get('extended_statistic')}"
        for source in sources
    }
    return "; ".join(sorted(shown))
