"""Runs a long command so that Ctrl-C ends it and everything it started, and Terraform releases its locks first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from tools.synthesized.errors import DeployError

# Terraform needs the time to finish the calls under way and write its state; NAT gateways are the slowest of them.
_PATIENCE_SECONDS = 120

# Variables that keep a tool from asking in a terminal.
SILENCING = frozenset({"CI", "TF_IN_AUTOMATION", "TF_INPUT", "FORCE_COLOR"})

OnLine = Callable[[str], None]


def echo(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def ignore(line: str) -> None:
    """Show nothing of a line."""


def ask(command: Sequence[str], *, environ: Mapping[str, str], cwd: Path) -> int:
    """Run a command that asks in the terminal; its exit code. Raises DeployError when there is no terminal."""
    require_terminal(" ".join([Path(command[0]).name, *command[1:2]]))
    asking = {key: value for key, value in environ.items() if key not in SILENCING}
    return subprocess.run(command, env=asking, cwd=cwd, check=False).returncode


def require_terminal(name: str) -> None:
    """Raise DeployError where the command of this name would ask nobody."""
    if not sys.stdin.isatty():
        raise DeployError(
            f"{name} must ask for approval, but there is no terminal; to approve in advance, set AUTO_APPROVE=1"
        )


def run(command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, on_line: OnLine = echo) -> int:
    """Run `command`, give each line it prints to `on_line`, and return its exit code.

    On KeyboardInterrupt the whole family of processes is asked to stop, waited for, and the interrupt raised again.
    Raises DeployError when the command cannot be started.
    """
    with _started(command, environ, cwd, subprocess.STDOUT) as process:
        for line in process.stdout or ():
            on_line(line.rstrip("\n"))
        return process.wait()


def capture(
    command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, on_line: OnLine = ignore
) -> subprocess.CompletedProcess[str]:
    """Run `command`, and return its exit code with what it printed; an interrupt is passed on as in `run`.

    `on_line` gets each line of standard output while the command runs.
    """
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        _started(command, environ, cwd, errors) as process,
    ):
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            on_line(line.rstrip("\n"))
        code = process.wait()
        errors.seek(0)
        return subprocess.CompletedProcess(command, code, "".join(lines), errors.read())


@contextlib.contextmanager
def _started(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, stderr: int | IO[str]
) -> Iterator[subprocess.Popen[str]]:
    """The running command, without a terminal; however the block ends, nothing of it goes on running."""
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            start_new_session=True,  # the terminal's Ctrl-C reaches only us, and we pass it on once
        )
    except OSError as error:
        raise DeployError(f"{command[0]} cannot be started: {error.strerror}; run: make setup") from error
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                end_family(process.pid)


def end_family(pid: int) -> None:
    """Interrupt a process's Terraforms, wait for them, then end the rest of its family."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    terraforms = [process for process in family if _is_terraform(process)]
    if terraforms:
        print(
            "Stopping: Terraform completes running operations and releases its locks ...", file=sys.stderr, flush=True
        )
    for processes, number, patience in (
        (terraforms, signal.SIGINT, _PATIENCE_SECONDS),
        (family, signal.SIGTERM, 10),
        (family, signal.SIGKILL, 10),
    ):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        psutil.wait_procs(processes, timeout=patience)


def end_terraforms() -> None:
    """End every Terraform that this process has started: an interrupt reaches only the main thread."""
    for child in psutil.Process().children():
        if _is_terraform(child):
            end_family(child.pid)


def _is_terraform(process: psutil.Process) -> bool:
    try:
        name = Path(process.cmdline()[0]).name
    except (psutil.Error, IndexError):
        return False
    return name in ("terraform", "tofu", Path(os.environ.get("TERRAFORM_BINARY_NAME", "terraform")).name)
