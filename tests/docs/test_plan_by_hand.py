"""docs/plan-by-hand.md, run with the real Terraform and AWS provider, and no AWS to call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from documented_commands import blocks
from synthesized import read_stack

from tools.deploy import terraform
from tools.local.emulator.environment import without_aws

PAGE = (Path(__file__).parents[2] / "docs" / "plan-by-hand.md").read_text(encoding="utf-8")
STACK = "iot-dev-data"


@pytest.mark.terraform
def test_a_stack_that_reads_another_is_planned_without_an_account(app_outdir: Path, tmp_path: Path) -> None:
    # GIVEN a stack's folder, a shell without credentials, and the page's test file
    folder = shutil.copytree(app_outdir / "stacks" / STACK, tmp_path / STACK)
    without = {**without_aws(os.environ), "AWS_EC2_METADATA_DISABLED": "true"}
    environ = {**without, **terraform.settings(without), "TF_CLI_ARGS": "-no-color"}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )

    hcl = re.findall(r"^```hcl\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    commands = [line for lines in blocks(PAGE).values() for line in lines]
    assert len(hcl) == 1
    assert len(commands) == 4

    # WHEN the page's commands are run in their order
    said = []
    for line in commands:
        if line.startswith("terraform test"):
            assert "Backend initialization required" in run("terraform plan").stderr
            (folder / "offline.tftest.hcl").write_text(hcl[0], encoding="utf-8")
        done = run(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        said.append(done.stdout)

    # THEN the plan creates every resource of the stack, and the outputs to override are those that are listed
    assert f"Plan: {len(read_stack(app_outdir, STACK).addresses)} to add, 0 to change, 0 to destroy." in said[2]
    read = set(re.findall(r"outputs[.]([\w-]+)", said[3]))
    assert read == set(re.findall(r"(cross-stack-output-[\w-]+) ", hcl[0]))
