"""What Terraform and the provider's schema say of every stack of every environment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from all_environments import FULL
from synthesized import read_stack

from tools.change import offline
from tools.deploy import terraform
from tools.deploy.terraform import PROVIDER_VERSION
from tools.local.emulator.environment import without_aws
from tools.synthesized import stacks

pytestmark = pytest.mark.terraform


def test_every_stack_is_valid(app_outdir: Path, offline_all: Callable[[], CompletedProcess[str]]) -> None:
    verdict = json.loads(offline_all().stdout)

    assert verdict["valid"], verdict["diagnostics"]
    assert verdict["warning_count"] == 0, verdict["diagnostics"]


def test_every_stack_is_planned_offline(
    app_outdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    # GIVEN the environment with every setting, and no AWS to call
    monkeypatch.setattr(stacks, "OUTDIR", app_outdir)
    without = {**without_aws(os.environ), "AWS_EC2_METADATA_DISABLED": "true", "TERRAFORM_BINARY_NAME": program}

    shown = offline.plan(FULL, environ={**without, **terraform.settings(without)}, into=tmp_path)

    # THEN the real provider plans every resource of every stack as new
    for name, text in shown.items():
        planned = set(re.findall(r"^ *# (\S+) will be created$", text, re.MULTILINE))
        assert planned == set(read_stack(app_outdir, name).addresses)
    assert set(shown) == {stack.name for stack in stacks.find_all(FULL)}


def test_the_provider_looked_for_in_mirrors_is_the_one_that_is_synthesized(app_outdir: Path) -> None:
    for folder in (app_outdir / "stacks").iterdir():
        required = read_stack(app_outdir, folder.name).json["terraform"]["required_providers"]["aws"]
        assert required["version"] == PROVIDER_VERSION
