"""Backups that are given up while the data stays: a lock that is lifted, fewer days, a copy that is no longer made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.change.plans import Action, Change
from tools.synthesized.values import lookup

_PLAN, _LOCK = "aws_backup_plan", "aws_backup_vault_lock_configuration"
_COPIES = "rule.copy_action.destination_vault_arn"
_FOREVER = float("inf")
# Days for which backups are kept, by type.
_KEPT = {
    _PLAN: ("rule.lifecycle.delete_after", "rule.copy_action.lifecycle.delete_after"),
    _LOCK: ("min_retention_days",),
    "aws_elasticache_replication_group": ("snapshot_retention_limit",),
    "aws_rds_cluster": ("backup_retention_period",),
}


def find(change: Change) -> Iterator[str]:
    """What a change gives up. What ends with its vault, cluster or key is a loss of state, and a finding of its own."""
    if change.action is Action.DESTROYED:
        if change.type == _PLAN:
            yield "destroyed: no more backups are made by it"
        # Of a compliance lock see `one_way`.
        if change.type == _LOCK and not change.before.get("changeable_for_days"):
            yield "the vault's lock is removed: whoever may delete backups can delete those in it"
    elif change.action in (Action.CHANGED, Action.REPLACED):
        for path in _KEPT.get(change.type, ()):
            before, after = _least(change.before, path), _least(change.after, path)
            if after < before:
                yield f"{path}: {before:g} → {after:g}; backups are kept for fewer days"
        vaults = lookup(change.before, _COPIES) if change.type == _PLAN else ()
        for vault in vaults:
            if vault not in lookup(change.after, _COPIES):
                yield f"rule.copy_action: backups are no longer copied to {vault}"


def _least(values: Mapping[str, Any], path: str) -> float:
    """AWS Backup never deletes a backup without `delete_after`; elsewhere no number means none at all."""
    absent = _FOREVER if path.endswith("delete_after") else 0
    return min((days or absent for days in lookup(values, path) if isinstance(days, int)), default=absent)
