"""What Terraform and the provider's schema say of every stack of every environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from all_environments import environment_names
from synthesized import read_stack

from tools.deploy.terraform import PROVIDER_VERSION

pytestmark = pytest.mark.terraform

Prepare = Callable[[str], Callable[..., CompletedProcess[str]]]
_ALONE = ("bootstrap-{}", "{}-network")


def test_every_stack_is_valid(app_outdir: Path, offline_all: Callable[[], CompletedProcess[str]]) -> None:
    verdict = json.loads(offline_all().stdout)

    assert verdict["valid"], verdict["diagnostics"]
    assert verdict["warning_count"] == 0, verdict["diagnostics"]


@pytest.mark.parametrize("environment", environment_names())
@pytest.mark.parametrize("pattern", _ALONE)
def test_a_stack_that_reads_no_other_can_be_planned_offline(
    app_outdir: Path, offline: Prepare, pattern: str, environment: str
) -> None:
    name = pattern.format(environment)
    run = offline(name)
    run("plan", "-input=false", "-out=plan")

    plan = json.loads(run("show", "-json", "plan").stdout)

    planned = {change["address"] for change in plan["resource_changes"] if change["change"]["actions"] == ["create"]}
    assert planned == set(read_stack(app_outdir, name).addresses)


def test_the_stacks_planned_offline_are_all_that_read_no_other(app_outdir: Path) -> None:
    alone = {
        folder.name
        for folder in (app_outdir / "stacks").iterdir()
        if "terraform_remote_state" not in read_stack(app_outdir, folder.name).json.get("data", {})
    }

    planned = {pattern.format(environment) for pattern in _ALONE for environment in environment_names()}
    # A front before an API with a name of its own reads nothing; one before the stage's address does.
    alone = {name for name in alone if not name.endswith("-front")}
    assert alone == planned, "_ALONE must name the stacks that read no other"


def test_the_provider_looked_for_in_mirrors_is_the_one_that_is_synthesized(app_outdir: Path) -> None:
    for folder in (app_outdir / "stacks").iterdir():
        required = read_stack(app_outdir, folder.name).json["terraform"]["required_providers"]["aws"]
        assert required["version"] == PROVIDER_VERSION
