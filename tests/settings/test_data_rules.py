"""Rules of the data tier: each with a value that breaks it, and the ones just inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from settings import demands, load, rules
from settings.cache import CacheAutoscalingSettings
from settings.storage import AccessPointSettings, StorageSettings
from settings.windows import daily, weekly


def said(part: str, changed: Mapping[str, Any], environment: str = "iot-prod") -> list[str]:
    """What the rules say of the part of a valid environment, with these values changed."""
    settings = getattr(load(environment), part).model_copy(update=changed)
    return [f"{b.key} = {b.value}: {b.allowed}; {b.remedy}" for b in rules.broken({part: settings})]


def scaling(dimension: str = "shards", low: int = 1, high: int = 3) -> CacheAutoscalingSettings:
    return CacheAutoscalingSettings.model_validate(
        {"dimension": dimension, "min_count": low, "max_count": high, "cpu_target_percent": 60}
    )


def point(path: str) -> AccessPointSettings:
    return AccessPointSettings(path=path, uid=1000, gid=1000)


@pytest.mark.parametrize(
    ("part", "changed", "line"),
    [
        (
            "database",
            {"backup_window": "06:00-06:29"},
            "database.backup_window = 06:00-06:29: 30 minutes or more; make it longer",
        ),
        (
            "database",
            {"backup_window": "06:00-06:00"},
            "database.backup_window = 06:00-06:00: 30 minutes or more; make it longer",
        ),
        (
            "database",
            {"maintenance_window": "sun:07:00-sun:07:29"},
            "database.maintenance_window = sun:07:00-sun:07:29: from 30 minutes to 24 hours; correct the start or "
            "the end",
        ),
        (
            "database",
            {"maintenance_window": "sun:07:00-sun:06:30"},
            "database.maintenance_window = sun:07:00-sun:06:30: from 30 minutes to 24 hours; correct the start or "
            "the end",
        ),
        (
            "database",
            {"maintenance_window": "mon:06:29-mon:07:00"},
            "database.maintenance_window = mon:06:29-mon:07:00: a window that does not overlap backup_window = "
            "06:00-06:30; move one of the two",
        ),
        (
            "database",
            {"backup_window": "23:45-00:30", "maintenance_window": "mon:00:00-mon:01:00"},
            "database.maintenance_window = mon:00:00-mon:01:00: a window that does not overlap backup_window = "
            "23:45-00:30; move one of the two",
        ),
        (
            "database",
            {"master_username": "a_name_of_seventeen"[:17]},
            "database.master_username = a_name_of_sevente: at most 16 characters; shorten it",
        ),
        (
            "cache",
            {"snapshot_window": "04:00-04:59"},
            "cache.snapshot_window = 04:00-04:59: 60 minutes or more; make it longer",
        ),
        (
            "cache",
            {"maintenance_window": "sun:05:00-sun:05:59"},
            "cache.maintenance_window = sun:05:00-sun:05:59: from 60 minutes to 24 hours; correct the start or the end",
        ),
        (
            "cache",
            {"maintenance_window": "sun:03:30-sun:04:30"},
            "cache.maintenance_window = sun:03:30-sun:04:30: a window that does not overlap snapshot_window = "
            "04:00-05:00; move one of the two",
        ),
        (
            "cache",
            {"form": "cluster", "node_type": "cache.t4g.medium", "autoscaling": scaling()},
            "cache.node_type = cache.t4g.medium: with autoscaling a type of the m, r or c families, large, xlarge or "
            "2xlarge; choose one",
        ),
        (
            "cache",
            {"form": "cluster", "node_type": "cache.r7g.4xlarge", "autoscaling": scaling()},
            "cache.node_type = cache.r7g.4xlarge: with autoscaling a type of the m, r or c families, large, xlarge or "
            "2xlarge; choose one",
        ),
        (
            "cache",
            {"autoscaling": scaling()},
            'cache.autoscaling = shards: only with form = "cluster"; delete the table',
        ),
        (
            "cache",
            {"form": "cluster", "autoscaling": scaling(low=4)},
            "cache.autoscaling.max_count = 3: 4 or more; raise it",
        ),
        (
            "cache",
            {"form": "cluster", "autoscaling": scaling("replicas", high=6)},
            "cache.autoscaling.max_count = 6: at most 5 replicas; lower it",
        ),
        (
            "storage",
            {"access_points": {"one": point("/a"), "two": point("/a")}},
            "storage.access_points.two.path = /a: a directory that one does not use; choose another directory, or "
            "mount the same access point twice",
        ),
    ],
)
def test_a_broken_rule_says_what_to_do(part: str, changed: dict[str, Any], line: str) -> None:
    assert said(part, changed) == [line]


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("database", {"backup_window": "06:00-06:30", "maintenance_window": "mon:06:30-mon:07:00"}),
        ("database", {"backup_window": "06:00-06:30", "maintenance_window": "mon:05:30-mon:06:00"}),
        ("database", {"backup_window": "23:45-00:15", "maintenance_window": "mon:00:15-mon:00:45"}),
        ("database", {"backup_window": "06:00-06:30", "maintenance_window": "sun:23:45-mon:00:15"}),
        ("database", {"master_username": "a" * 16}),
        ("cache", {"snapshot_window": "04:00-05:00", "maintenance_window": "sun:05:00-sun:06:00"}),
        ("cache", {"form": "cluster", "autoscaling": scaling("replicas", high=5)}),
        ("storage", {"access_points": {"one": point("/a"), "two": point("/a/b")}}),
    ],
)
def test_a_value_just_inside_is_let_through(part: str, changed: dict[str, Any]) -> None:
    assert said(part, changed) == []


@pytest.mark.parametrize("part", ["database", "cache"])
def test_production_must_keep_a_final_snapshot(part: str) -> None:
    unmet = [demand.key for demand, _ in demands.unmet("production", {part: {"final_snapshot": False}})]

    assert unmet == [f"{part}.final_snapshot"]
    assert not list(demands.unmet("development", {part: {"final_snapshot": False}}))


def test_a_storage_without_access_points_breaks_no_rule() -> None:
    assert list(rules.broken({"storage": StorageSettings(backup=False)})) == []


def test_windows_run_over_midnight_and_into_the_next_week() -> None:
    assert daily("23:30-00:15")[0].length == 45
    assert weekly("sun:23:30-mon:00:15").length == 45
    assert weekly("sun:23:30-mon:00:15").overlaps(daily("00:00-00:30")[0])
    assert not weekly("tue:23:30-wed:00:15").overlaps(daily("00:00-00:30")[0])
