"""`make bench WHAT=growth`: how a synthesis grows with the number of environments and of routes.

Time for each unit is told twice: of the whole, and of what is added, because the start of Python and Node.js, spread
over more units, would hide that each of them takes longer. Limits are on processor time, which a busy machine can
compare, too; all runs are taken in turn and the quickest counts, for whatever disturbs a run makes it longer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from project_copy import copy_project
from synthesis_runs import Run, synthesize

from settings import load
from settings.loader import DIRECTORY

RUNS = 2
ENVIRONMENTS = (1, 10, 50)
ROUTES = (10, 100, 300)
# Of the time for a unit between the second and the third number to that between the first and the second.
GROWTH_LIMIT = 1.2


def write_environments(folder: Path, count: int) -> None:
    """Copies of the largest environment, with names, accounts and networks of their own."""
    text = (DIRECTORY / "globecart-prod.toml").read_text(encoding="utf-8")
    account = load("globecart-prod").account_id
    for number in range(count):
        own = re.sub(r'^cidr = ".*"$', f'cidr = "10.{number}.0.0/16"', text, flags=re.MULTILINE)
        own = own.replace(account, f"{100_000_000_000 + number}")
        (folder / f"globecart-s{number}.toml").write_text(own, encoding="utf-8")


def write_routes(folder: Path, count: int) -> None:
    """One environment with `count` routes, each with two methods."""
    text = (DIRECTORY / "iot-dev.toml").read_text(encoding="utf-8")
    own = text[: text.index("[[api.routes]]")]
    for number in range(count):
        own += f'[[api.routes]]\npath = "/area{number // 10}/{{areaId}}/thing{number}"\n'
        own += 'methods = ["GET", "POST"]\nrequest_schema = "device"\n\n'
    (folder / "iot-dev.toml").write_text(own, encoding="utf-8")


def growths(times: dict[int, float]) -> dict[str, float]:
    """How much longer a unit takes at the third number than at the second: of the whole, and of what is added."""
    (n0, t0), (n1, t1), (n2, t2) = times.items()
    return {"whole": (t2 / n2) / (t1 / n1), "added": ((t2 - t1) / (n2 - n1)) / ((t1 - t0) / (n1 - n0))}


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("write", "counts"), [(write_environments, ENVIRONMENTS), (write_routes, ROUTES)])
def test_no_unit_takes_much_longer_among_more(
    write: Callable[[Path, int], None], counts: tuple[int, ...], tmp_path: Path
) -> None:
    project = copy_project(tmp_path / "project")

    def run(count: int) -> Run:
        for file in (project / "environments").glob("*.toml"):
            file.unlink()
        write(project / "environments", count)
        return synthesize(project, tmp_path / f"{count}.out", project, 0o022)

    runs = [{count: run(count) for count in counts} for _ in range(RUNS)]
    quickest = {count: min((run[count] for run in runs), key=lambda run: run.took.processor) for count in counts}

    named = write.__name__.removeprefix("write_")
    columns = (named, "elapsed time", "CPU time", "CPU time for each", "memory of Python", "memory of Node.js")
    print(f"\n\n| {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|")
    for count, (_, _, took, python, node, _) in quickest.items():
        print(
            f"| {count} | {took.seconds:.1f} s | {took.processor:.1f} s | {took.processor / count * 1000:.0f} ms "
            f"| {python // 1024} MiB | {node // 1024} MiB |"
        )
    found = growths({count: run.took.processor for count, run in quickest.items()})
    changes = " and ".join(f"{growth - 1:+.0%} ({what})" for what, growth in found.items())
    print(f"\nFrom {counts[1]} to {counts[2]} {named}, the CPU time for each changes by {changes}.\n")

    assert max(found.values()) <= GROWTH_LIMIT
