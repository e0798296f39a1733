"""Changes that AWS refuses, or that nobody can take back later: Terraform plans them like any other.

The embedded AWS applies them, too, so that only these checks tell. What Terraform replaces instead is a loss of state,
and a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tools.change.plans import Action, Change

_NUMBER = re.compile(r"\d+(\.\d+)*")
_STANDARD = "aurora"


def find(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
    """Each such change, with what AWS says and what to do instead."""
    modes = {
        change.after.get("name"): mode
        for change in changes
        if change.type == "aws_elasticache_parameter_group" and (mode := _cluster_mode(change)) is not None
    }
    for change in changes:
        said = [_vault_lock(change)]
        if change.action is Action.CHANGED:
            said += [_earlier_engine(change), _redis_form(change, modes), _aurora_storage(change)]
        yield from ((change, text) for text in said if text)


def _earlier_engine(change: Change) -> str:
    """A cluster is only ever upgraded: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html

    ElastiCache says the same: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
    """
    before, after = (_numbers(values.get("engine_version")) for values in (change.before, change.after))
    length = min(len(before), len(after))  # "16" in the settings means every 16.x
    if after[:length] >= before[:length]:
        return ""
    return (
        f"engine version {change.before['engine_version']} → {change.after['engine_version']}: AWS refuses an earlier "
        "version. To go back, restore a snapshot from before the upgrade into a new cluster"
    )


def _numbers(version: object) -> tuple[int, ...]:
    found = _NUMBER.match(version) if isinstance(version, str) else None
    return tuple(map(int, found[0].split("."))) if found else ()


def _redis_form(change: Change, modes: Mapping[object, bool]) -> str:
    """From one shard to many by way of `compatible` only, and never back.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/modify-cluster-mode.html
    """
    if change.type != "aws_elasticache_replication_group":
        return ""
    before, shards = change.before.get("cluster_enabled"), change.after.get("num_node_groups")
    after = modes.get(change.after.get("parameter_group_name"), before)
    if before is False and (after or (isinstance(shards, int) and shards > 1)):
        return (
            "cluster mode off → on: AWS refuses this in one step, and it can never be turned off again. Create a new "
            "replication group, or change the cluster mode by hand to compatible, then to enabled"
        )
    if before is True and after is False:
        return "cluster mode on → off: AWS refuses this. Create a new replication group"
    return ""


def _cluster_mode(change: Change) -> bool | None:
    """Whether a parameter group is for cluster mode; None where it does not say."""
    parameters = change.after.get("parameter")
    for parameter in parameters if isinstance(parameters, list) else ():
        if isinstance(parameter, Mapping) and parameter.get("name") == "cluster-enabled":
            return bool(parameter.get("value") == "yes")
    return None


def _aurora_storage(change: Change) -> str:
    """AWS changes to I/O-Optimized once a month.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html, StorageTypeNotAvailable
    """
    before, after = (values.get("storage_type") or _STANDARD for values in (change.before, change.after))
    if change.type != "aws_rds_cluster" or before == after:
        return ""
    return f"storage type {before} → {after}: AWS allows the change to aurora-iopt1 only once a month"


def _vault_lock(change: Change) -> str:
    """After its lock date nobody changes or deletes a lock, AWS included.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    if change.type != "aws_backup_vault_lock_configuration":
        return ""
    if change.before.get("changeable_for_days"):
        return f"the vault lock is {change.action}: AWS refuses this once the lock date has passed"
    if days := change.after.get("changeable_for_days"):
        return f"the vault is locked: after {days} days nobody can change its retention or delete it, AWS included"
    return ""
