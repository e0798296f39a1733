"""`make bench`: measure, each thing beside what it is compared with, print, and write docs/benchmarks.md.

Results stay in tools/bench/results.json, part by part with date, revision and machine, so that the long parts need not
be measured each time.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Sequence

from tools.bench import pages
from tools.bench.parts import PARTS, QUICK
from tools.synthesized.paths import ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every limit holds; 1 when one is exceeded, with all results written nevertheless."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench", description="Measure, print, and write docs/benchmarks.md."
    )
    parser.add_argument(
        "--only", metavar="PART,...", default=",".join(QUICK), help=f"of {', '.join(PARTS)}; default: %(default)s"
    )
    parser.add_argument(
        "--page", action="store_true", help="measure nothing: write the page from tools/bench/results.json"
    )
    options = parser.parse_args(arguments)
    wanted = [] if options.page else options.only.split(",")
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    pages.write()
    broken = []
    for name in wanted:
        print(f"{name}: {PARTS[name].takes}", file=sys.stderr, flush=True)
        values = PARTS[name].measured()
        pages.keep(name, {"measured": _circumstances(), "values": values})
        pages.write()
        print("\n".join(PARTS[name].page(values)), end="\n\n", flush=True)
        broken += [f"{name}: {line}" for line in PARTS[name].exceeded(values)]
    for line in broken:
        print(f"LIMIT EXCEEDED: {line}", file=sys.stderr)
    return int(bool(broken))


def _circumstances() -> dict[str, str]:
    """When, at which revision and on what: nothing by which a machine could be known."""
    system = f"{platform.system()} {platform.machine()}, Python {'.'.join(platform.python_version_tuple()[:2])}"
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "revision": _revision(),
        "machine": f"{os.cpu_count()} cores, {system}",
    }


def _revision() -> str:
    """The commit, and whether anything but the results differs from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    written = [f":!{path.relative_to(ROOT)}" for path in (pages.RESULTS, pages.PAGE)]
    changed = _git("status", "--porcelain", "--", ".", *written)
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "no commit"


if __name__ == "__main__":
    sys.exit(main())
