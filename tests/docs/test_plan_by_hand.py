"""docs/plan-by-hand.md, run with the real Terraform and AWS provider, and no AWS to call."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from documented_commands import blocks
from synthesized import read_stack

from tools.change import offline
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.synthesized import stacks

PAGE = (Path(__file__).parents[2] / "docs" / "plan-by-hand.md").read_text(encoding="utf-8")
STACK = "iot-dev-data"


@pytest.mark.terraform
def test_a_stack_that_reads_another_is_planned_without_an_account(app_outdir: Path, tmp_path: Path) -> None:
    # GIVEN a stack's folder, and a shell without credentials
    folder = shutil.copytree(app_outdir / "stacks" / STACK, tmp_path / STACK)
    without = {**without_aws(os.environ), "AWS_EC2_METADATA_DISABLED": "true"}
    environ = {**without, **terraform.settings(without), "TF_CLI_ARGS": "-no-color"}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )

    commands = [line for lines in blocks(PAGE).values() for line in lines]
    assert len(commands) == 3

    # WHEN the page's commands are run in their order, with the test file that `make plan-offline` writes
    said = []
    for line in commands:
        if line.startswith("terraform test"):
            assert "Backend initialization required" in run("terraform plan").stderr
            found = stacks.find_all("iot-dev", outdir=app_outdir)
            test = offline.test_file(STACK, {stack.name: stack.configuration for stack in found})
            (folder / offline.TEST).write_text(json.dumps(test), encoding="utf-8")
        done = run(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said.append(done.stdout)

    # THEN the plan creates every resource of the stack
    assert f"Plan: {len(read_stack(app_outdir, STACK).addresses)} to add, 0 to change, 0 to destroy." in said[2]
