"""How a synthesis grows with the number of environments and of routes: real settings files, all stacks.

Time for each unit is told twice: of the whole, and of what is added, because the start of Python and Node.js, spread
over more units, would hide that each of them takes longer. Limits are on processor time, which a busy machine can
compare, too; all runs are taken in turn and the quickest counts, for whatever disturbs a run makes it longer.
"""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from settings import load
from settings.loader import DIRECTORY
from tools.bench import measure

_RUNS = 2
ENVIRONMENTS = (1, 10, 50)
ROUTES = (10, 100, 300)
# Of the time for a unit between the second and the third number to that between the first and the second.
GROWTH_LIMIT = 1.2
_COPIED = "globecart-prod"  # the one with the most resources
_ROUTED = "iot-dev"


def write_environments(folder: Path, count: int) -> None:
    """Settings files of `count` environments, with names, accounts and networks of their own."""
    text = (DIRECTORY / f"{_COPIED}.toml").read_text(encoding="utf-8")
    project, _ = _COPIED.split("-")
    account = load(_COPIED).account_id
    for number in range(count):
        own = re.sub(r'^cidr = ".*"$', f'cidr = "10.{number}.0.0/16"', text, flags=re.MULTILINE)
        own = own.replace(account, f"{100_000_000_000 + number}")
        (folder / f"{project}-s{number}.toml").write_text(own, encoding="utf-8")


def write_routes(folder: Path, count: int) -> None:
    """The settings file of one environment with `count` routes, each with two methods."""
    text = (DIRECTORY / f"{_ROUTED}.toml").read_text(encoding="utf-8")
    own = text[: text.index("[[api.routes]]")]
    for number in range(count):
        own += f'[[api.routes]]\npath = "/area{number // 10}/{{areaId}}/thing{number}"\n'
        own += 'methods = ["GET", "POST"]\nrequest_schema = "device"\n\n'
    (folder / f"{_ROUTED}.toml").write_text(own, encoding="utf-8")


def measured(write: Callable[[Path, int], None], counts: tuple[int, ...]) -> dict[str, Any]:
    """For each of `counts` the quickest run, by processor time."""
    runs: dict[int, list[measure.Synthesis]] = {count: [] for count in counts}
    for _ in range(_RUNS):
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                settings = Path(folder, "settings")
                shutil.copytree(DIRECTORY / "tiers", settings / "tiers")
                write(settings, count)
                runs[count].append(measure.synthesize(Path(folder, "cdktf.out"), settings))
    rows = []
    for count in counts:
        best = min(runs[count], key=lambda run: run.processor)
        rows.append(
            {
                "count": count,
                "seconds": round(min(run.seconds for run in runs[count]), 2),
                "processor": round(best.processor, 2),
                "python_mib": best.python_mib,
                "node_mib": best.node_mib,
            }
        )
    return {"runs": _RUNS, "rows": rows}


def growths(values: dict[str, Any]) -> dict[str, float]:
    """How much longer a unit takes at the third number than at the second: of the whole, and of what is added."""
    (n0, t0), (n1, t1), (n2, t2) = [(row["count"], row["processor"]) for row in values["rows"]]
    return {"whole": (t2 / n2) / (t1 / n1), "added": ((t2 - t1) / (n2 - n1)) / ((t1 - t0) / (n1 - n0))}


def exceeded(values: dict[str, Any], unit: str) -> list[str]:
    """Limits that are broken, in words."""
    second, third = (row["count"] for row in values["rows"][1:])
    return [
        f"from {second} to {third} {unit}s the time for each grows {growth:.2f} times ({what}); at most {GROWTH_LIMIT}"
        for what, growth in growths(values).items()
        if growth > GROWTH_LIMIT
    ]


def page(values: dict[str, Any], unit: str) -> list[str]:
    """The table of docs/benchmarks.md."""
    rows = values["rows"]
    lines = [
        f"| {unit}s | time | processor time | of the whole, for each | for each one added | Python | Node.js |",
        "|---|---|---|---|---|---|---|",
    ]
    for before, row in zip([None, *rows], rows, strict=False):
        added = ""
        if before:
            added = _short((row["processor"] - before["processor"]) / (row["count"] - before["count"]))
        lines.append(
            f"| {row['count']} | {row['seconds']:.1f} s | {row['processor']:.1f} s "
            f"| {_short(row['processor'] / row['count'])} | {added} | {row['python_mib']} MiB | {row['node_mib']} MiB |"
        )
    counts, times = [row["count"] for row in rows], [row["processor"] for row in rows]
    fit = statistics.linear_regression(counts, times)
    growth = growths(values)
    return [
        *lines,
        "",
        f"A straight line, {fit.intercept:.1f} s and {_short(fit.slope)} for each {unit}, fits with "
        f"R² = {statistics.correlation(counts, times) ** 2:.4f}. "
        f"From {rows[1]['count']} to {rows[2]['count']} the time for each changes by "
        f"**{growth['whole'] - 1:+.0%}** (of the whole) and **{growth['added'] - 1:+.0%}** (of those added); "
        f"at most {GROWTH_LIMIT - 1:+.0%}.",
    ]


def _short(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
