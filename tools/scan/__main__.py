"""`python -m tools.scan`: 0 when everything is safe or reasoned, 1 when not, 2 when it cannot be judged."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from settings import machine
from tools.scan import report
from tools.scan.gate import scan
from tools.synthesized import stacks
from tools.synthesized.errors import SynthesisError, exit_code
from tools.synthesized.paths import OUTDIR
from tools.synthesized.platform import read_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan what `main.py` has synthesized."""
    parser = argparse.ArgumentParser(prog="tools.scan", description=__doc__)
    parser.add_argument("--outdir", type=Path, default=OUTDIR, help="default: cdktf.out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON, too")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="write the report as SARIF, too")
    options = parser.parse_args(arguments)
    for file in filter(None, (options.json, options.sarif)):
        if fault := machine.unwritable(file.parent):
            print(f"scan: {file}: {fault}", file=sys.stderr)
            return 2
    return exit_code(lambda: _scan(options))


def _scan(options: argparse.Namespace) -> int:
    platforms = read_all(options.outdir)
    unknown = sorted(set(stacks.names(options.outdir)) - {stack for platform in platforms for stack in platform.stacks})
    if unknown:
        raise SynthesisError(f"{', '.join(unknown)}: of no environment that has a file; run: make synth")
    verdict = scan(platforms)
    for file, write in ((options.json, report.as_json), (options.sarif, report.as_sarif)):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(write(verdict), encoding="utf-8")
    print(report.as_text(verdict))
    return 0 if verdict.passes else 1


if __name__ == "__main__":
    sys.exit(main())
