"""Ctrl-C during `make local`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tools.synthesized.paths import ROOT

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(1800)]


def _wait_for_provider(pid: int) -> list[psutil.Process]:
    """The family of a process, as soon as the AWS provider is one of it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        family = psutil.Process(pid).children(recursive=True)
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(process.name().startswith("terraform-prov") for process in family):
                return family
        time.sleep(0.5)
    raise AssertionError("Terraform was not started")


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    # GIVEN a run whose Terraform is at work
    run = subprocess.Popen(
        [sys.executable, "-m", "tools.local", "up", "--env", "iot-dev"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell without a terminal lets its background jobs ignore Ctrl-C, and so would this one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    family = _wait_for_provider(run.pid)

    # WHEN the person presses Ctrl-C
    os.killpg(run.pid, signal.SIGINT)
    _, stderr = run.communicate(timeout=180)

    # THEN it says so, and nothing that it started is left
    assert run.returncode == 130, stderr
    assert "Interrupted" in stderr
    assert "Traceback" not in stderr
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
