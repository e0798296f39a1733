"""An embedded AWS that was left running with KEEP=1: how to use it, and how to end it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import psutil

from deploy.failure import DeployError
from deploy.terraform import WORK


def folder(environment: str) -> Path:
    """Where the logs and notes of the local platform of an environment lie."""
    return WORK / environment


def remember(environment: str, pid: int, variables: Mapping[str, str]) -> Path:
    """Note the process and write the file that a shell sources to talk to it; returns that file."""
    note = {"pid": pid, "started": psutil.Process(pid).create_time()}
    _note(environment).write_text(json.dumps(note), encoding="utf-8")
    script = folder(environment) / "environment.sh"
    lines = [f"export {key}={shlex.quote(value)}\n" for key, value in sorted(variables.items())]
    script.write_text("".join(lines), encoding="utf-8")
    return script


def refuse_second(environment: str) -> None:
    """Raise DeployError when one is running already."""
    process = _process(environment)
    if process is not None:
        raise DeployError(
            f"the embedded AWS of {environment} runs already (process {process.pid}); "
            f"end it: make local-stop ENV={environment}"
        )


def stop(environment: str) -> None:
    """End the process, and so everything it held; nothing happens when it has ended."""
    process = _process(environment)
    if process is not None:
        process.terminate()
        _, alive = psutil.wait_procs([process], timeout=10)
        for stubborn in alive:
            stubborn.kill()
        print(f"The embedded AWS of {environment} has ended.")
    else:
        print(f"No embedded AWS of {environment} is running.")
    _note(environment).unlink(missing_ok=True)
    (folder(environment) / "environment.sh").unlink(missing_ok=True)


def _note(environment: str) -> Path:
    return folder(environment) / "running.json"


def _process(environment: str) -> psutil.Process | None:
    """The remembered process, unless its PID belongs to another by now."""
    try:
        note = json.loads(_note(environment).read_text(encoding="utf-8"))
        process = psutil.Process(note["pid"])
        same = process.create_time() == note["started"] and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None
