"""What the real provider plans for a lock of a vault that was imported, and for another kind of lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from constructs import Construct
from offline_plan import AWS, TERRAFORM, planned
from synthesized import synthesize_module

from modules.backup import BackupVault
from modules.common.policies import Account
from settings import load
from settings.backup import BackupSettings

pytestmark = pytest.mark.terraform

_LOCK, _KIND = "aws_backup_vault_lock_configuration", "terraform_data"


def _resources(**changed: Any) -> dict[str, dict[str, Any]]:
    """The lock and its kind; the vault is named by its text, so that the plan is of these alone."""
    environment = load("iot-prod")
    assert environment.backup is not None
    settings = BackupSettings.model_validate({**environment.backup.model_dump(), **changed})

    def build(scope: Construct) -> None:
        BackupVault(
            scope,
            "backup",
            settings=settings,
            encryption=environment.encryption,
            names=environment.names,
            account=Account(environment.account_id, environment.region),
            protected=False,
        )

    resources = synthesize_module(build).json["resource"]
    for lock in resources[_LOCK].values():
        lock["backup_vault_name"] = "iot-backup-prod"
    return {type_: resources[type_] for type_ in (_LOCK, _KIND)}


def _planned(folder: Path, resources: dict[str, dict[str, Any]], kind: object) -> dict[str, list[str]]:
    """The actions by type, for a lock that is in the state as an import writes it: without days of grace.

    `kind` is what the kind was in the last deployment, None after a teardown.
    """
    (lock_id,), (kind_id,) = resources[_LOCK], resources[_KIND]
    minimum = resources[_LOCK][lock_id]["min_retention_days"]
    lock = {"id": "iot-backup-prod", "backup_vault_name": "iot-backup-prod", "min_retention_days": minimum}
    rows = [(_LOCK, lock_id, AWS, lock)]
    if kind is not None:
        typed = {"value": kind, "type": ["object", {"grace_days": "number"}]}
        attributes = {"id": "1-2", "input": typed, "output": typed, "triggers_replace": None}
        rows.append((_KIND, kind_id, TERRAFORM, attributes))
    return {change["type"]: change["change"]["actions"] for change in planned(folder, resources, rows)}


@pytest.mark.parametrize("lock", ["governance", "compliance"])
def test_a_kept_lock_is_not_replaced(tmp_path: Path, lock: str) -> None:
    """Nobody can replace a compliance lock, so no deployment would ever succeed again."""
    resources = _resources(lock=lock)

    assert _planned(tmp_path, resources, None) == {_LOCK: ["no-op"], _KIND: ["create"]}


def test_without_what_the_module_ignores_it_would_be_replaced(tmp_path: Path) -> None:
    resources = _resources(lock="compliance")
    (lock,) = resources[_LOCK].values()
    lock["lifecycle"].pop("ignore_changes")

    assert _planned(tmp_path, resources, None)[_LOCK] == ["delete", "create"]


def test_another_kind_of_lock_replaces_it(tmp_path: Path) -> None:
    assert _planned(tmp_path, _resources(lock="compliance"), {"grace_days": 0})[_LOCK] == ["delete", "create"]
