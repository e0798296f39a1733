"""Runs a long command so that Ctrl-C ends it and everything it started, and Terraform releases its locks first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tools.synthesized.errors import DeployError

# Terraform needs the time to finish the calls under way and write its state; NAT gateways are the slowest of them.
_PATIENCE_SECONDS = 120

OnLine = Callable[[str], None]


def echo(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def ignore(line: str) -> None:
    """Show nothing of a line."""


def run(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path,
    on_line: OnLine = echo,
) -> int:
    """Run `command`, give each line it prints to `on_line`, and return its exit code.

    On KeyboardInterrupt the whole family of processes is asked to stop, waited for, and the interrupt raised again.
    Raises DeployError when the command cannot be started.
    """
    with _started(command, environ, cwd, subprocess.STDOUT) as process:
        for line in process.stdout or ():
            on_line(line.rstrip("\n"))
        return process.wait()


def capture(
    command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, on_line: OnLine | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `command`, and return its exit code with what it printed; an interrupt is passed on as in `run`.

    `on_line` gets each line of standard output while the command runs.
    """
    # The command ends before its reader is waited for, also after an interrupt.
    with ThreadPoolExecutor(1) as pool, _started(command, environ, cwd, subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        errors = pool.submit(process.stderr.read)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if on_line is not None:
                on_line(line.rstrip("\n"))
        return subprocess.CompletedProcess(command, process.wait(), "".join(lines), errors.result())


@contextlib.contextmanager
def _started(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, stderr: int
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
    try:
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    terraforms = [process for process in family if _is_terraform(process)]
    for process in terraforms:
        _signal(process, psutil.Process.send_signal, signal.SIGINT)
    if terraforms:
        print("Stopping: Terraform finishes what it began and releases its locks ...", file=sys.stderr, flush=True)
    psutil.wait_procs(terraforms, timeout=_PATIENCE_SECONDS)
    for process in family:
        _signal(process, psutil.Process.terminate)
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        _signal(process, psutil.Process.kill)
    psutil.wait_procs(alive, timeout=10)


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


def _signal(process: psutil.Process, send: Callable[..., None], *arguments: object) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send(process, *arguments)
