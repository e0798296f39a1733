"""Changes that AWS refuses or that nobody can take back, from plans that have them and plans that only look so."""

from __future__ import annotations

from typing import Any

import pytest
from plan_documents import change, plan

from tools.change import page
from tools.change.findings import FindingKind, ReviewFinding
from tools.change.page import Page

_REDIS = "aws_elasticache_replication_group.a"
_LOCK = "aws_backup_vault_lock_configuration.a"


def _page(*changes: dict[str, Any], allow: tuple[str, ...] = ()) -> Page:
    return page.make("Rehearsal", environment="iot-dev", subject="", plans=[plan(*changes)], reads={}, allow=allow)


def _found(*changes: dict[str, Any]) -> list[ReviewFinding]:
    return _page(*changes).of(FindingKind.ONE_WAY)


def _engine(before: object, after: object, type_: str = "aws_rds_cluster") -> dict[str, Any]:
    return change(f"{type_}.a", "update", before={"engine_version": before, "x": 1}, after={"engine_version": after})


def _parameters(value: str) -> dict[str, Any]:
    parameter = [{"name": "maxmemory-policy", "value": "a"}, {"name": "cluster-enabled", "value": value}]
    return change("aws_elasticache_parameter_group.a", "create", after={"name": "new", "parameter": parameter})


def _redis(enabled: bool, **after: object) -> dict[str, Any]:
    before = {"cluster_enabled": enabled, "num_node_groups": 1, "parameter_group_name": "old"}
    return change(_REDIS, "update", before=before, after={**before, **after})


@pytest.mark.parametrize(
    ("before", "after"), [("16.6", "15"), ("16.10", "16.9"), ("17", "16.3"), ("16", "15.9"), ("7.1", "7.0")]
)
@pytest.mark.parametrize("type_", ["aws_rds_cluster", "aws_rds_cluster_instance", "aws_elasticache_replication_group"])
def test_an_earlier_engine_version_is_refused(before: str, after: str, type_: str) -> None:
    made = _page(_engine(before, after, type_))

    (found,) = made.of(FindingKind.ONE_WAY)
    assert found.is_red
    assert found.says.startswith(f"engine version {before} → {after}: AWS refuses an earlier version.")
    assert (made.exit_code, made.verdict) == (1, f"AWS refuses it, or nobody can take it back: {type_}.a")


@pytest.mark.parametrize(
    ("before", "after"),
    [("15", "16"), ("16.6", "16"), ("16", "16.6"), ("16.9", "16.10"), (None, "16"), ("16", None), ("7.x", "7.1")],
)
def test_a_later_or_the_same_one_is_not(before: object, after: object) -> None:
    made = _page(_engine(before, after))

    assert (made.of(FindingKind.ONE_WAY), made.exit_code) == ([], 0)


def test_one_that_is_not_known_yet_is_not_judged() -> None:
    late = change("aws_rds_cluster.a", "update", before={"engine_version": "16"}, unknown={"engine_version": True})

    assert _found(late) == []


def test_a_replacement_by_an_earlier_one_is_a_loss_of_state_instead() -> None:
    made = _page({**_engine("16", "15"), "change": {**_engine("16", "15")["change"], "actions": ["delete", "create"]}})

    assert [item.kind for item in made.findings] == [FindingKind.STATEFUL]
    assert made.exit_code == 3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([_redis(False, num_node_groups=2)], "cluster mode off → on: AWS refuses this in one step"),
        ([_parameters("yes"), _redis(False, parameter_group_name="new")], "cluster mode off → on"),
        ([_parameters("no"), _redis(True, parameter_group_name="new")], "cluster mode on → off: AWS refuses this"),
    ],
)
def test_another_cluster_mode_of_redis_is_refused(changes: list[dict[str, Any]], says: str) -> None:
    (found,) = _found(*changes)

    assert found.address == _REDIS
    assert found.says.startswith(says)


@pytest.mark.parametrize(
    "changes",
    [
        [_redis(True, num_node_groups=3)],
        [_redis(False, parameter_group_name="other")],
        [_parameters("no"), _redis(False, parameter_group_name="new")],
        [_parameters("yes"), _redis(True, parameter_group_name="new")],
        [_parameters("yes")],
    ],
)
def test_the_same_cluster_mode_is_not(changes: list[dict[str, Any]]) -> None:
    assert _found(*changes) == []


@pytest.mark.parametrize(
    ("before", "after", "is_found"),
    [
        ("", "aurora-iopt1", True),
        ("aurora", "aurora-iopt1", True),
        ("aurora-iopt1", "aurora", True),
        ("", "aurora", False),
        ("aurora-iopt1", "aurora-iopt1", False),
    ],
)
def test_the_storage_type_of_aurora_changes_once_a_month(before: str, after: str, is_found: bool) -> None:
    found = _found(
        change("aws_rds_cluster.a", "update", before={"storage_type": before}, after={"storage_type": after})
    )

    assert bool(found) is is_found


@pytest.mark.parametrize(
    ("actions", "before", "after", "says"),
    [
        (["create"], None, 3, "the vault is locked: after 3 days"),
        (["delete"], 3, None, "the vault lock is destroyed: AWS refuses this once the lock date has passed"),
        (["delete", "create"], 3, 3, "the vault lock is replaced"),
        (["create"], None, None, None),
        (["delete"], None, None, None),
    ],
)
def test_the_lock_of_a_vault(actions: list[str], before: object, after: object, says: str | None) -> None:
    values = [
        None if kind not in actions else {"changeable_for_days": days, "min_retention_days": number}
        for number, (kind, days) in enumerate((("delete", before), ("create", after)))
    ]
    found = _found(change(_LOCK, *actions, before=values[0], after=values[1]))

    assert [item.says.startswith(str(says)) for item in found] == ([True] if says else [])


def test_what_is_allowed_by_name_is_shown_and_passes() -> None:
    made = _page(_engine("16", "15"), allow=("aws_rds_cluster.a",))

    (found,) = made.of(FindingKind.ONE_WAY)
    assert (found.allowed, found.is_red, made.exit_code, made.unused) == (True, False, 0, ())


def test_a_loss_of_state_weighs_more() -> None:
    made = _page(_engine("16", "15"), change("aws_vpc.a", "delete", before={"x": 1}))

    assert (made.exit_code, made.verdict) == (3, "Something stateful would be lost: aws_vpc.a")
