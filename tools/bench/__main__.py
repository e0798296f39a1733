"""`make bench WHAT=...`: measure one thing beside what it is compared with, and print its tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from tools.synthesized.errors import exit_code

# How long it takes on two idle cores.
MINUTES = {"stock": 3, "growth": 6, "local": 8, "rotation": 1}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every limit holds, 1 when one is exceeded or the measured command fails."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Measure, and print a table.")
    parser.add_argument("what", choices=MINUTES, help="what docs/benchmarks.md tells of it")
    what = parser.parse_args(arguments).what
    return exit_code(lambda: _measure(what))


def _measure(what: str) -> int:
    print(f"{what}: takes some {MINUTES[what]} minutes", file=sys.stderr, flush=True)
    # By name, because the rotation function is imported as Lambda has it, and with the emulated AWS.
    lines, exceeded = import_module(f"tools.bench.{what}").report()
    print("\n".join(lines), flush=True)
    for line in exceeded:
        print(f"LIMIT EXCEEDED: {line}", file=sys.stderr)
    return int(bool(exceeded))


if __name__ == "__main__":
    sys.exit(main())
