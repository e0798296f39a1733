"""The page of all alarms, `docs/alarms.md`, from the synthesized JSON of the monitoring stacks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from settings import environment_names, load
from tools.synthesized.paths import ROOT

PAGE = ROOT / "docs" / "alarms.md"

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
}
_INTRODUCTION = """# Alarms

Written by `make docs` from the synthesized JSON. The name of each is `<project>-<alarm>-<stage>`; every one tells the
topic `<project>-alarms-<stage>` when it begins and when it ends. A column says from which value on, and for how many
minutes without a pause, an environment's alarm is on; with "or silence" no data is a fault, too. **Critical** ones make
`<project>-unhealthy-<stage>` go on. Numbers in the words are those of the last environment that has the alarm,
in production where one has it.
"""

# Purpose of an alarm -> environment -> its arguments.
_Alarms = dict[str, dict[str, dict[str, Any]]]


def alarms_page(stacks: Path) -> str:
    """The page for all shipped environments. Raises FileNotFoundError when one is not synthesized into `stacks`."""
    environments = environment_names()
    production = {name for name in environments if load(name).tier == "production"}
    parts: dict[str, _Alarms] = {}
    for environment in environments:
        for purpose, alarm in _alarms(stacks, environment):
            parts.setdefault(alarm["tags"]["Part"], {}).setdefault(purpose, {})[environment] = alarm
    lines = [_INTRODUCTION]
    for part, alarms in parts.items():
        lines += [f"## {part}", "", f"| alarm | metric | {' | '.join(environments)} | what it means, and what to do |"]
        lines.append("|---" * (len(environments) + 3) + "|")
        lines += [_row(purpose, alarms[purpose], environments, production) for purpose in sorted(alarms)]
        lines.append("")
    return "\n".join(lines)


def _alarms(stacks: Path, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    names = load(environment).names
    document = json.loads((stacks / f"{environment}-monitoring" / "cdk.tf.json").read_text(encoding="utf-8"))
    for alarm in document["resource"]["aws_cloudwatch_metric_alarm"].values():
        name: str = alarm["alarm_name"]
        yield name.removeprefix(f"{names.project}-").removesuffix(f"-{names.ending}"), alarm


def _row(purpose: str, alarms: dict[str, dict[str, Any]], environments: Sequence[str], production: set[str]) -> str:
    last = alarms[max(alarms, key=lambda name: (name in production, name))]
    severity = " **critical**" if last["tags"]["Severity"] == "critical" else ""
    cells = [_threshold(alarms[name]) if name in alarms else "none" for name in environments]
    return f"| `{purpose}`{severity} | {_metrics(last)} | {' | '.join(cells)} | {last['alarm_description']} |"


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew the page; the first argument names the folder of the stacks when it is not that of `make synth`."""
    given = sys.argv[1:] if arguments is None else arguments
    stacks = Path(given[0]) if given else ROOT / "cdktf.out" / "stacks"
    PAGE.write_text(alarms_page(stacks), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
