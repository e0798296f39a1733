"""An embedded AWS that runs: how to use it, and how to end one that was left running with KEEP=1."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tools.deploy.processes import end_family
from tools.deploy.terraform import WORK
from tools.synthesized.errors import DeployError

_NOTE = "running.json"
_SCRIPT = "environment.sh"


def folder(environment: str) -> Path:
    """Where the logs and notes of the local platform of an environment lie."""
    return WORK / environment


def remember(environment: str, pids: Sequence[int], data: Path, variables: Mapping[str, str]) -> Path:
    """Note the processes and their data, and write the file that a shell sources to talk to them; returns that file."""
    processes = [(pid, psutil.Process(pid).create_time()) for pid in pids]
    (folder(environment) / _NOTE).write_text(json.dumps({"processes": processes, "data": str(data)}), encoding="utf-8")
    script = folder(environment) / _SCRIPT
    lines = [f"export {key}={shlex.quote(value)}\n" for key, value in sorted(variables.items())]
    script.write_text("".join(lines), encoding="utf-8")
    return script


def refuse_second(environment: str) -> None:
    """Raise DeployError when one is running already."""
    if processes := _processes(environment):
        raise DeployError(
            f"the embedded AWS of {environment} runs already (process {processes[0].pid}); "
            f"end it: make local-stop ENV={environment}"
        )


def stop(environment: str) -> None:
    """End the processes, and so everything they held; nothing happens when they have ended."""
    processes = _processes(environment)
    for process in processes:
        end_family(process.pid)
    print(f"The embedded AWS of {environment} {'has ended' if processes else 'is not running'}.")
    if noted := _noted(environment):
        shutil.rmtree(noted["data"], ignore_errors=True)
    forget(environment)


def forget(environment: str) -> None:
    """Remove what `remember` wrote."""
    for name in (_NOTE, _SCRIPT):
        (folder(environment) / name).unlink(missing_ok=True)


def _noted(environment: str) -> dict[str, Any]:
    note = folder(environment) / _NOTE
    return dict(json.loads(note.read_text(encoding="utf-8"))) if note.is_file() else {}


def _processes(environment: str) -> list[psutil.Process]:
    """The remembered processes, without those whose PID belongs to another by now."""
    found = []
    for pid, started in _noted(environment).get("processes", ()):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.create_time() == started and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
