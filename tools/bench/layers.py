"""How long the tests take, layer by layer and folder by folder: what `make test` runs, or the runs on the emulator."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tools.bench import measure

# Of `make test`, warm.
LIMIT_SECONDS = 8 * 60

Lanes = Sequence[Mapping[str, Sequence[str]]]
"""What runs at once; in each lane one layer after the other."""

# What pytest is given, as in the Makefile; a test holds the two together.
TEST: Lanes = (
    {
        "without Terraform": (
            *("-m", "not terraform and not emulator", "--ignore", "tests/rotation_lambda"),
            *("--cov=modules", "--cov=stacks", "--cov=environments", "--cov-report=term-missing:skip-covered"),
            "--cov-fail-under=100",
        ),
        "rotation function": (
            *("tests/rotation_lambda", "--cov=rotation_lambda", "--cov-report=term-missing:skip-covered"),
            "--cov-fail-under=97",
        ),
    },
    {"Terraform": ("-m", "terraform")},
)
EMULATOR: Lanes = (
    {"emulator: platforms": ("-m", "emulator", "tests/local")},
    {"emulator: operations": ("-m", "emulator", "--ignore", "tests/local")},
)


def measured_test() -> dict[str, Any]:
    """What `make test` does. Raises CalledProcessError when anything fails."""
    first: list[dict[str, Any]] = [
        {"layer": name, "seconds": _seconds(["make", name]), "folders": []} for name in ("lint", "scan")
    ]
    return _with_lanes(first, TEST)


def measured_emulator() -> dict[str, Any]:
    """What `make test-emulator` does. Raises CalledProcessError when anything fails."""
    return _with_lanes([], EMULATOR)


def exceeded(values: Mapping[str, Any]) -> list[str]:
    """Limits that are broken, in words: those of `make test`."""
    over = values["seconds"] > LIMIT_SECONDS
    return [f"make test takes {values['seconds']:.0f} s; at most {LIMIT_SECONDS}"] if over else []


def page(values: Mapping[str, Any], total: str) -> list[str]:
    """The table of docs/benchmarks.md."""
    lines = ["| layer | folder | tests | time |", "|---|---|---|---|"]
    for row in values["rows"]:
        tests = sum(folder["tests"] for folder in row["folders"])
        lines.append(f"| **{row['layer']}** | | {tests or ''} | {row['seconds']:.1f} s |")
        if len(row["folders"]) > 1:
            for folder in row["folders"]:
                lines.append(f"| | `{folder['folder']}` | {folder['tests']} | {folder['seconds']:.1f} s |")
    return [*lines, f"| **{total}** | | | **{values['seconds']:.0f} s** |"]


def folders(report: Path) -> list[dict[str, Any]]:
    """Tests and seconds by folder of a JUnit report; a fixture's time is counted at the first test that needs it."""
    found: dict[str, dict[str, Any]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        folder = "/".join(case.attrib["classname"].split(".")[:2])
        row = found.setdefault(folder, {"folder": folder, "tests": 0, "seconds": 0.0})
        row["tests"] += 1
        row["seconds"] = round(row["seconds"] + float(case.attrib["time"]), 2)
    return sorted(found.values(), key=lambda row: -row["seconds"])


def _with_lanes(first: list[dict[str, Any]], lanes: Lanes) -> dict[str, Any]:
    with ThreadPoolExecutor(len(lanes)) as pool:
        rows = list(pool.map(lambda lane: [_layer(name, arguments) for name, arguments in lane.items()], lanes))
    slowest = max(sum(row["seconds"] for row in lane) for lane in rows)
    return {
        "rows": [*first, *(row for lane in rows for row in lane)],
        "seconds": round(sum(row["seconds"] for row in first) + slowest, 1),
    }


def _layer(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        seconds = _seconds([sys.executable, "-m", "pytest", *arguments, f"--junit-xml={report}"])
        return {"layer": name, "seconds": seconds, "folders": folders(report)}


def _seconds(command: Sequence[str]) -> float:
    try:
        return round(measure.run(command).seconds, 1)
    except subprocess.CalledProcessError as error:
        print(error.stdout, file=sys.stderr)
        raise
