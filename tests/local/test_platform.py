"""`make local` as a person runs it: the command itself, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.terraform import ROOT
from local import kept

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(1800)]

_LOCAL = [sys.executable, "-m", "local"]


def _shell(environment: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the README tells: in a shell that has sourced the environment's file."""
    script = kept.folder(environment) / "environment.sh"
    return subprocess.run(
        ["bash", "-c", f"source {script} && {command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )


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


def test_a_kept_platform_is_used_from_a_shell_and_ended() -> None:
    # GIVEN `KEEP=1 make local`
    up = subprocess.run([*_LOCAL, "up", "--env", "iot-dev", "--keep"], cwd=ROOT, capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert "Plan every stack again: no change" in up.stdout
        assert re.search(r"Rotate the database credentials three times: (\w+) -> (\w+) -> \1\n", up.stdout)
        assert "Plan every stack after three rotations: no change" in up.stdout
        assert "Find no password in any state, plan or log" in up.stdout
        plans = (kept.folder("iot-dev") / "plan.log").read_text()
        assert "iot-dev-network: exit code 0" in plans
        assert "bootstrap-iot-dev: exit code 0" in plans

        # WHEN its commands are used from a shell
        diff = _shell("iot-dev", "npx cdktf diff iot-dev-network")
        deploy = _shell("iot-dev", "npx cdktf deploy iot-dev-network --auto-approve --skip-provider-lock")
        listed = _shell("iot-dev", "terraform -chdir=cdktf.out/stacks/iot-dev-network state list")
        again = _shell("iot-dev", f"{sys.executable} -m deploy bootstrap --env iot-dev --approve")
        second = subprocess.run([*_LOCAL, "up", "--env", "iot-dev"], cwd=ROOT, capture_output=True, text=True)

        # THEN they find what stands, and nothing to do
        assert "No changes." in diff.stdout, diff.stdout + diff.stderr
        assert "0 added, 0 changed, 0 destroyed" in deploy.stdout, deploy.stdout + deploy.stderr
        assert "aws_vpc.network_vpc" in listed.stdout, listed.stderr
        assert "bootstrap-iot-dev is up to date" in again.stdout, again.stdout + again.stderr
        assert second.returncode == 1
        assert "make local-stop ENV=iot-dev" in second.stderr
    finally:
        down = subprocess.run([*_LOCAL, "down", "--env", "iot-dev"], cwd=ROOT, capture_output=True, text=True)
    assert "has ended" in down.stdout


def test_production_is_deployed_and_torn_down_in_two_steps() -> None:
    run = subprocess.run([*_LOCAL, "up", "--env", "globecart-prod"], cwd=ROOT, capture_output=True, text=True)

    assert run.returncode == 0, run.stdout + run.stderr
    phases = [line for line in run.stdout.splitlines() if line.startswith("done")]
    assert "Lift the protection" in phases[-2]
    assert "Destroy every stack but bootstrap" in phases[-1]


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    # GIVEN a run whose Terraform is at work
    run = subprocess.Popen(
        [*_LOCAL, "up", "--env", "iot-dev"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
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
