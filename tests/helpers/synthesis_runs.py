"""Synthesizes all environments in a process of its own, and measures that process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

# Peak memory of the interpreter alone: Node.js is a child. Linux hands a parent's peak on to the program that it
# starts, so a shell in between starts Python, and pytest's own memory does not count.
_MEASURED = """
import resource, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak // (1024 if sys.platform == "darwin" else 1))
    raise
"""


class Run(NamedTuple):
    """One synthesis of all environments of the project at `root`."""

    root: Path
    outdir: Path
    peak_kib: int


def synthesize(root: Path, outdir: Path, cwd: Path, umask: int, **environment: str) -> Run:
    """Run main.py of the project at `root` for all environments."""
    # PYTHONPATH stands in for the directory of main.py, which `-c` does not put on the path.
    ended = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", _MEASURED, str(root / "main.py")],
        cwd=cwd,
        env={**os.environ, "CDKTF_OUTDIR": str(outdir), "PYTHONPATH": str(root), **environment},
        umask=umask,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return Run(root, outdir, int(ended.stdout.split()[-1]))
