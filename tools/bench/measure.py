"""Runs a command and says what it took: time, processor time with all its children, what it printed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT


@dataclass(frozen=True)
class Run:
    """What one command took, in seconds. On a busy machine only `processor` can be compared."""

    seconds: float
    processor: float
    output: str


@dataclass(frozen=True)
class Synthesis:
    """What one synthesis took: seconds, and the peaks of memory in MiB, of which Node.js's is its largest process's."""

    seconds: float
    processor: float
    python_mib: int
    node_mib: int


def run(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Run:
    """Run `command` at the project's root. Raises ToolError with what it printed when it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        # Linux hands a parent's peak of memory on to the program that it starts: a shell in between has a small one.
        ["sh", "-c", '"$@"; exit $?', "sh", *command],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise ToolError(f"{done.stdout}{' '.join(command)} failed with exit code {done.returncode}")
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, processor, done.stdout)


def synthesize(outdir: Path, settings: Path | None = None) -> Synthesis:
    """Synthesize the environments whose files lie in the folder `settings`; by default the shipped ones."""
    folder = [] if settings is None else [str(settings)]
    done = run([sys.executable, "-m", "tools.bench.synthesize", str(outdir), *folder])
    return Synthesis(done.seconds, done.processor, **json.loads(done.output))
