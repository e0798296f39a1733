"""Long commands: what they print arrives, and an interrupt ends all of them, Terraform in peace."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from tools.deploy import processes
from tools.synthesized.errors import DeployError

# Ends by an interrupt only, and then does what Terraform does: it releases its lock.
_TERRAFORM = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
try:
    print("at work", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.2)
    pathlib.Path(sys.argv[1]).write_text("released")
"""
# Starts Terraform and a helper of its own, as the cdktf CLI does.
_CLI = """
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
subprocess.run([sys.argv[1], "-c", sys.argv[2], sys.argv[3]])
helper.wait()
"""


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    """Python under the name by which a Terraform is known."""
    (tmp_path / "terraform").symlink_to(sys.executable)
    return tmp_path / "terraform"


def test_lines_arrive_while_the_command_runs_and_all_output_in_the_end(tmp_path: Path) -> None:
    program = "import sys; [print(n) for n in range(3)]; sys.stderr.write('e' * 300_000); print('\\udcff'); sys.exit(7)"
    lines: list[str] = []

    done = processes.capture(
        [sys.executable, "-c", program],
        environ={**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"},
        cwd=tmp_path,
        on_line=lines.append,
    )

    assert lines == ["0", "1", "2", "\ufffd"]
    assert done.stdout == "0\n1\n2\n\ufffd\n"
    assert (done.returncode, len(done.stderr)) == (7, 300_000)


def test_both_outputs_are_shown_in_their_order(tmp_path: Path) -> None:
    program = "import sys; print('a', flush=True); print('b', file=sys.stderr, flush=True); print('c'); sys.exit(3)"
    lines: list[str] = []

    code = processes.run([sys.executable, "-c", program], environ=os.environ, cwd=tmp_path, on_line=lines.append)

    assert (code, lines) == (3, ["a", "b", "c"])


@pytest.mark.timeout(300)  # where the interrupt does not arrive, the processes wait for themselves
@pytest.mark.parametrize("way", ["run", "capture"])
def test_an_interrupt_lets_terraform_release_its_lock_and_leaves_no_process(
    tmp_path: Path, terraform: Path, way: str
) -> None:
    note = tmp_path / "note"
    others = psutil.Process().children(recursive=True)  # such as the Node.js of other tests' syntheses
    family: list[psutil.Process] = []

    def interrupt(line: str) -> None:
        assert line == "at work"
        family.extend(child for child in psutil.Process().children(recursive=True) if child not in others)
        raise KeyboardInterrupt

    command = [sys.executable, "-c", _CLI, str(terraform), _TERRAFORM, str(note)]
    with pytest.raises(KeyboardInterrupt):
        getattr(processes, way)(command, environ=os.environ, cwd=tmp_path, on_line=interrupt)

    assert note.read_text() == "released"
    assert len(family) >= 3
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("way", ["run", "capture"])
def test_what_is_not_installed_is_one_line(tmp_path: Path, way: str) -> None:
    with pytest.raises(DeployError, match=r"^terraform-none cannot be started: No such file or directory; run: make"):
        getattr(processes, way)(["terraform-none"], environ=os.environ, cwd=tmp_path)
