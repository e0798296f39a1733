"""The backup stack of every environment that has one, and none where the settings have no plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from all_environments import FULL, environment_names, load
from synthesized import Synthesized, read_stack
from watched import REMOTE, alarms

from settings import Environment
from settings import environment_names as shipped

WITH_PLAN = [name for name in environment_names() if load(name).backup is not None]


def backup(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-backup")


def test_production_has_the_stack_and_development_has_not(app_outdir: Path) -> None:
    for name in environment_names():
        has_plan = (app_outdir / "stacks" / f"{name}-backup").is_dir()
        assert has_plan is (name in WITH_PLAN), name
    assert {name for name in WITH_PLAN if name in shipped()} == {"globecart-prod", "iot-prod"}


@pytest.mark.parametrize("environment", WITH_PLAN)
def test_it_needs_the_data_and_the_network_and_only_the_alarms_come_after_it(
    app_outdir: Path, environment: str
) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]

    assert manifest[f"{environment}-backup"]["dependencies"] == [f"{environment}-data", f"{environment}-network"]
    later = {id_ for id_, stack in manifest.items() if f"{environment}-backup" in stack["dependencies"]}
    assert later <= {f"{environment}-monitoring"}


@pytest.mark.parametrize("environment", WITH_PLAN)
def test_the_cluster_and_the_files_of_the_data_stack_are_backed_up(app_outdir: Path, environment: str) -> None:
    data = read_stack(app_outdir, f"{environment}-data")
    found = set()
    for resource in backup(app_outdir, environment).one("aws_backup_selection")["resources"]:
        remote = REMOTE.search(resource)
        assert remote is not None, resource
        assert remote[1] == f"{environment}-data"
        found.add(data.outputs[remote[2]]["value"])

    files = data.all("aws_efs_file_system")
    assert found == {
        f"${{{data.address('aws_rds_cluster')}.arn}}",
        *([f"${{{data.address('aws_efs_file_system')}.arn}}"] if files else []),
    }


@pytest.mark.parametrize("environment", environment_names())
def test_files_are_backed_up_by_one_plan_wherever_the_settings_want_it(app_outdir: Path, environment: str) -> None:
    loaded: Environment = load(environment)
    data = read_stack(app_outdir, f"{environment}-data")
    if not data.all("aws_efs_file_system"):
        return
    by_default = data.one("aws_efs_backup_policy")["backup_policy"]["status"] == "ENABLED"
    own = environment in WITH_PLAN and "aws_efs_file_system" in str(
        backup(app_outdir, environment).one("aws_backup_selection")["resources"]
    )

    assert [by_default, own].count(True) == int(loaded.storage.backup)


@pytest.mark.parametrize("environment", ["iot-prod", "globecart-prod"])
def test_production_cannot_lose_its_backups_to_a_deployment(app_outdir: Path, environment: str) -> None:
    stack = backup(app_outdir, environment)

    for vault in stack.all("aws_backup_vault"):
        assert (vault["lifecycle"], vault["force_destroy"]) == ({"prevent_destroy": True}, False)
    assert len(stack.all("aws_backup_vault_lock_configuration")) == len(stack.all("aws_backup_vault"))
    (rule,) = stack.one("aws_backup_plan")["rule"]
    assert rule["lifecycle"]["delete_after"] >= 35


def test_the_second_region_holds_a_vault_its_key_and_its_lock_and_nothing_else(app_outdir: Path) -> None:
    stack = backup(app_outdir, FULL)
    own, copies = stack.json["provider"]["aws"]

    assert (own["region"], copies["region"]) == ("eu-west-1", "eu-central-1")
    there = {
        type_
        for type_, found in stack.json["resource"].items()
        if any(made.get("provider") == "aws.copies" for made in found.values())
    }
    assert there == {"aws_backup_vault", "aws_backup_vault_lock_configuration", "aws_kms_alias", "aws_kms_key"}
    assert stack.outputs.keys() >= {"vault_arn", "copies_vault_arn"}


@pytest.mark.parametrize("environment", environment_names())
def test_backups_are_watched_where_there_are_any(app_outdir: Path, environment: str) -> None:
    names = alarms(read_stack(app_outdir, f"{environment}-monitoring"))

    watched = {name for name in names if "-backup-" in name}
    assert bool(watched) is (environment in WITH_PLAN)
    assert any("copies-failed" in name for name in watched) is (environment == FULL)
