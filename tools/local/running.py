"""An embedded AWS that was left running with KEEP=1: how to use it, and how to end it."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tools.deploy.terraform import WORK
from tools.synthesized.errors import DeployError


def folder(environment: str) -> Path:
    """Where the logs and notes of the local platform of an environment lie."""
    return WORK / environment


def remember(environment: str, pids: Sequence[int], data: Path, variables: Mapping[str, str]) -> Path:
    """Note the processes and their data, and write the file that a shell sources to talk to them; returns that file."""
    processes = [{"pid": pid, "started": psutil.Process(pid).create_time()} for pid in pids]
    note = {"processes": processes, "data": str(data)}
    _note(environment).write_text(json.dumps(note), encoding="utf-8")
    script = folder(environment) / "environment.sh"
    lines = [f"export {key}={shlex.quote(value)}\n" for key, value in sorted(variables.items())]
    script.write_text("".join(lines), encoding="utf-8")
    return script


def refuse_second(environment: str) -> None:
    """Raise DeployError when one is running already."""
    processes = _processes(environment)
    if processes:
        raise DeployError(
            f"the embedded AWS of {environment} runs already (process {processes[0].pid}); "
            f"end it: make local-stop ENV={environment}"
        )


def stop(environment: str) -> None:
    """End the processes, and so everything they held; nothing happens when they have ended."""
    processes = _processes(environment)
    for process in processes:
        process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(processes, timeout=15)
    for stubborn in alive:
        stubborn.kill()
    said = "has ended" if processes else "is not running"
    print(f"The embedded AWS of {environment} {said}.")
    if _note(environment).is_file():
        shutil.rmtree(json.loads(_note(environment).read_text(encoding="utf-8"))["data"], ignore_errors=True)
    _note(environment).unlink(missing_ok=True)
    (folder(environment) / "environment.sh").unlink(missing_ok=True)


def _note(environment: str) -> Path:
    return folder(environment) / "running.json"


def _processes(environment: str) -> list[psutil.Process]:
    """The remembered processes, without those whose PID belongs to another by now."""
    if not _note(environment).is_file():
        return []
    found = []
    for noted in json.loads(_note(environment).read_text(encoding="utf-8"))["processes"]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(noted["pid"])
            if process.create_time() == noted["started"] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
