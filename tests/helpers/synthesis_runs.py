"""Synthesizes all environments in a process of its own, and measures that process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

# Peaks of memory of the interpreter and of its child, which is Node.js. Linux hands a parent's peak on to the program
# that it starts, so a shell in between starts Python, and pytest's own memory does not count.
_MEASURED = """
import atexit, resource, runpy, sys
def print_peaks():
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(*(peak // (1024 if sys.platform == "darwin" else 1) for peak in peaks))
atexit.register(print_peaks)  # the first to be registered is the last to be called: jsii has ended Node.js by then
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass
class Took:
    """What the commands of a block took, in seconds. On a busy machine only `processor` can be compared."""

    seconds: float = 0
    processor: float = 0


@contextmanager
def watched() -> Iterator[Took]:
    """Measures every command that starts and ends in the block, in whichever thread."""
    took = Took()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    yield took
    took.seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    took.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Run(NamedTuple):
    """One synthesis of all environments of the project at `root`."""

    root: Path
    outdir: Path
    took: Took
    peak_kib: int
    node_kib: int
    errors: str


def synthesize(root: Path, outdir: Path, cwd: Path, umask: int, **environment: str) -> Run:
    """Run main.py of the project at `root` for all environments, in an environment without jsii's variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JSII_SILENCE")}
    # PYTHONPATH stands in for the directory of main.py, which `-c` does not put on the path.
    with watched() as took:
        ended = subprocess.run(
            ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", _MEASURED, str(root / "main.py")],
            cwd=cwd,
            env={**inherited, "CDKTF_OUTDIR": str(outdir), "PYTHONPATH": str(root), **environment},
            umask=umask,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    peak, node = ended.stdout.split()[-2:]
    return Run(root, outdir, took, int(peak), int(node), ended.stderr)
