"""Keeps results in tools/bench/results.json, and writes docs/benchmarks.md from them."""

from __future__ import annotations

import json
from typing import Any

from tools.bench.parts import PARTS, QUICK
from tools.synthesized.paths import ROOT

RESULTS = ROOT / "tools" / "bench" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Written by `make bench` from `tools/bench/results.json`. Times are of one machine; what to look at are ratios and
growth, and those with a limit make `make bench` fail. It measures what takes minutes: {quick}.
The others when asked, `make bench ONLY={others}`; until then the page keeps what it has.
"""


def results() -> dict[str, Any]:
    """Everything kept, by part."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    return found


def keep(name: str, result: dict[str, Any]) -> None:
    """Replace what is kept of one part."""
    kept = {**results(), name: result}
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def page(kept: dict[str, Any]) -> str:
    """The text of docs/benchmarks.md."""
    others = ",".join(name for name in PARTS if name not in QUICK)
    lines = [_HEAD.format(quick=", ".join(QUICK), others=others)]
    for name, part in PARTS.items():
        if name in kept:
            when = kept[name]["measured"]
            lines += [f"## {part.title}", "", part.about, "", *part.page(kept[name]["values"]), ""]
            lines += [f"Measured on {when['date']} at {when['revision']}: {when['machine']}.", ""]
    return "\n".join(lines)


def write() -> None:
    """Write docs/benchmarks.md from what is kept."""
    PAGE.write_text(page(results()), encoding="utf-8")
