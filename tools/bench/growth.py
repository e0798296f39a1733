"""How a synthesis grows with the number of environments and of routes: real settings files, all stacks.

Time for each unit is told twice: of the whole, and of what is added, because the start of Python and Node.js, spread
over more units, would hide that each of them takes longer. Limits are on processor time, which a busy machine can
compare, too; all runs are taken in turn and the quickest counts, for whatever disturbs a run makes it longer.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

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

Rows = Mapping[int, measure.Synthesis]
"""The run of each number, in rising order."""


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


def report() -> tuple[list[str], list[str]]:
    """Both tables, and the limits that are exceeded."""
    environments = measured(write_environments, ENVIRONMENTS)
    routes = measured(write_routes, ROUTES)
    lines = [*table(environments, "environment"), "", *table(routes, "route")]
    return lines, exceeded(environments, "environment") + exceeded(routes, "route")


def measured(write: Callable[[Path, int], None], counts: tuple[int, ...]) -> Rows:
    """For each of `counts` the quickest run, by processor time."""
    runs: dict[int, list[measure.Synthesis]] = {count: [] for count in counts}
    for _ in range(_RUNS):
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                settings = Path(folder, "settings")
                shutil.copytree(DIRECTORY / "tiers", settings / "tiers")
                write(settings, count)
                runs[count].append(measure.synthesize(Path(folder, "cdktf.out"), settings))
    return {count: min(runs[count], key=lambda run: run.processor) for count in counts}


def growths(rows: Rows) -> dict[str, float]:
    """How much longer a unit takes at the third number than at the second: of the whole, and of what is added."""
    (n0, t0), (n1, t1), (n2, t2) = [(count, run.processor) for count, run in rows.items()]
    return {"whole": (t2 / n2) / (t1 / n1), "added": ((t2 - t1) / (n2 - n1)) / ((t1 - t0) / (n1 - n0))}


def exceeded(rows: Rows, unit: str) -> list[str]:
    """Limits that are exceeded, in words."""
    _, second, third = rows
    return [
        f"from {second} to {third} {unit}s the time for each grows {growth:.2f} times ({what}); at most {GROWTH_LIMIT}"
        for what, growth in growths(rows).items()
        if growth > GROWTH_LIMIT
    ]


def table(rows: Rows, unit: str) -> list[str]:
    """The time of each number, and how the time for each changes from the second to the third."""
    lines = [f"| {unit}s | time | processor time | for each | Python | Node.js |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {count} | {run.seconds:.1f} s | {run.processor:.1f} s | {run.processor / count * 1000:.0f} ms "
        f"| {run.python_mib} MiB | {run.node_mib} MiB |"
        for count, run in rows.items()
    ]
    changes = [f"{growth - 1:+.0%} ({what})" for what, growth in growths(rows).items()]
    return [*lines, "", f"From the second to the third number the time for each changes by {' and '.join(changes)}."]
