"""The rotation function: its four steps beside a bare login, its cold import beside boto3's, its size."""

from __future__ import annotations

import json
import sys
from typing import Any

from tools.bench import measure

_LAMBDA_LIMIT_MB = 250


def measured() -> dict[str, Any]:
    """What tools.bench.rotation_steps prints."""
    found: dict[str, Any] = json.loads(measure.run([sys.executable, "-m", "tools.bench.rotation_steps"]).output)
    return found


def page(values: dict[str, Any]) -> list[str]:
    """The tables of docs/benchmarks.md."""
    login = values["steps"]["bare login"]["p50"]
    lines = [f"| {values['rotations']} rotations | p50 | p95 | p50 to a bare login's |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {times['p50']:.1f} ms | {times['p95']:.1f} ms | {times['p50'] / login:.1f} |"
        for name, times in values["steps"].items()
    ]
    bare = next(iter(values["imports"].values()))
    lines += ["", "| cold import, interpreter's start aside | time | ratio |", "|---|---|---|"]
    lines += [f"| {name} | {took} ms | {took / bare:.2f} |" for name, took in values["imports"].items()]
    sizes = ", ".join(f"{name} {size:.1f} MiB" for name, size in values["zips"].items())
    return [*lines, "", f"The zip: {sizes}; Lambda allows {_LAMBDA_LIMIT_MB} MB unpacked."]
