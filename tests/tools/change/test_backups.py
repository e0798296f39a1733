"""Numbers of days as the provider writes them in a plan; whole changes are in `test_second_day`."""

from __future__ import annotations

from typing import Any

import pytest
from plan_documents import change, plan

from tools.change.findings import FindingKind, find


def _found(address: str, before: dict[str, Any], after: dict[str, Any], **more: Any) -> list[str]:
    findings = find([plan(change(address, "update", before=before, after=after, **more))], reads={})
    return [item.says.partition(";")[0] for item in findings if item.kind is FindingKind.BACKUPS]


def _rule(days: int) -> dict[str, Any]:
    return {"rule": [{"rule_name": "daily", "lifecycle": [{"delete_after": days}], "copy_action": []}]}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0, 35, ["rule.lifecycle.delete_after: inf → 35"]),  # 0 is never
        (35, 0, []),
        (35, 34, ["rule.lifecycle.delete_after: 35 → 34"]),
        (35, 36, []),
    ],
)
def test_a_backup_without_an_end_is_kept_longest(before: int, after: int, said: list[str]) -> None:
    assert _found("aws_backup_plan.a", _rule(before), _rule(after)) == said


def test_no_snapshots_are_fewer_than_any() -> None:
    before, after = {"snapshot_retention_limit": 5}, {"snapshot_retention_limit": 0}

    assert _found("aws_elasticache_replication_group.a", before, after) == ["snapshot_retention_limit: 5 → 0"]
    assert _found("aws_elasticache_replication_group.a", after, before) == []


def test_copies_are_told_apart_by_their_vaults() -> None:
    def copies(*vaults: str) -> dict[str, Any]:
        made = [{"destination_vault_arn": vault, "lifecycle": []} for vault in vaults]
        return {"rule": [{"rule_name": "daily", "copy_action": made}]}

    said = "rule.copy_action: backups are no longer copied to"
    assert _found("aws_backup_plan.a", copies("a"), copies()) == [f"{said} a"]
    assert _found("aws_backup_plan.a", copies("a", "b"), copies("a")) == [f"{said} b"]
    assert _found("aws_backup_plan.a", copies("a"), copies("b")) == [f"{said} a"]
    assert _found("aws_backup_plan.a", copies("a"), copies("a", "b")) == []
