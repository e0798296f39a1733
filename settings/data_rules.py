"""Rules between settings of the data stack; `settings.rules` runs them with all others."""

from __future__ import annotations

from collections.abc import Iterator

from settings.broken import Broken
from settings.data import CacheSettings, DatabaseSettings, StorageSettings
from settings.windows import DAY, daily, weekly

_RESERVED_MASTER_NAMES = frozenset(
    {"admin", "postgres", "rdsadmin", "root", "master", "rds_superuser", "public", "user"}
)
_RESERVED_DATABASE_NAMES = frozenset({"rdsadmin", "template0", "template1", "postgres"})
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
_LONGEST_MASTER_NAME = 16


def _capacity(database: DatabaseSettings) -> Iterator[Broken]:
    low, high = database.min_capacity, database.max_capacity
    if high < max(low, 1.0):
        yield Broken("database.max_capacity", high, f"from {max(low, 1.0)} to 256", "raise it above min_capacity")
    pause = database.auto_pause_seconds
    if pause > 0 and low > 0:
        yield Broken("database.auto_pause_seconds", pause, "0 while min_capacity > 0", "set it to 0")
    if 0 < pause < 300:
        yield Broken("database.auto_pause_seconds", pause, "0 or 300 to 86400", "choose one of them")


def _insights(database: DatabaseSettings) -> Iterator[Broken]:
    key = "database.performance_insights_retention_days"
    retention = database.performance_insights_retention_days
    if not (retention in (7, 731) or retention % 31 == 0):
        yield Broken(key, retention, "7, a multiple of 31 or 731", "choose one of them")
    if database.insights == "advanced" and retention < 465:
        yield Broken(key, retention, "465 or more with advanced insights", "raise it")


def _database_names(database: DatabaseSettings) -> Iterator[Broken]:
    master = database.master_username
    if master in _RESERVED_MASTER_NAMES:
        yield Broken(
            "database.master_username",
            master,
            f"a name other than {', '.join(sorted(_RESERVED_MASTER_NAMES))}: RDS reserves it or attackers try it first",
            "choose another name",
        )
    if len(master) > _LONGEST_MASTER_NAME:
        yield Broken("database.master_username", master, f"at most {_LONGEST_MASTER_NAME} characters", "shorten it")
    if database.name in _RESERVED_DATABASE_NAMES:
        yield Broken(
            "database.name", database.name, "a name that neither RDS nor PostgreSQL reserves", "choose another"
        )


def _database_windows(database: DatabaseSettings) -> Iterator[Broken]:
    yield from _windows("database", "backup_window", database.backup_window, database.maintenance_window, minutes=30)


def _cache_windows(cache: CacheSettings) -> Iterator[Broken]:
    yield from _windows("cache", "snapshot_window", cache.snapshot_window, cache.maintenance_window, minutes=60)


def _windows(part: str, backup_key: str, backup: str, maintenance: str, *, minutes: int) -> Iterator[Broken]:
    """AWS takes neither a short window nor two that overlap; a maintenance window of days is one end too early."""
    copies, changes = daily(backup), weekly(maintenance)
    if copies[0].length < minutes:
        yield Broken(f"{part}.{backup_key}", backup, f"{minutes} minutes or more", "make it longer")
    if not minutes <= changes.length <= DAY:
        yield Broken(
            f"{part}.maintenance_window", maintenance, f"from {minutes} minutes to 24 hours", "correct its ends"
        )
    elif any(copy.overlaps(changes) for copy in copies):
        yield Broken(
            f"{part}.maintenance_window", maintenance, f"outside of {backup_key} = {backup}", "move one of the two"
        )


def _cache_form(cache: CacheSettings) -> Iterator[Broken]:
    if cache.form == "single" and cache.replicas_per_shard != 0:
        yield Broken("cache.replicas_per_shard", cache.replicas_per_shard, '0 with form = "single"', "set it to 0")
    if cache.form == "replicated" and cache.replicas_per_shard < 1:
        yield Broken(
            "cache.replicas_per_shard", cache.replicas_per_shard, '1 to 5 with form = "replicated"', "raise it"
        )
    if cache.form != "cluster" and cache.shards != 1:
        yield Broken("cache.shards", cache.shards, f'1 with form = "{cache.form}"', 'set it to 1, or form to "cluster"')
    if cache.shards * (1 + cache.replicas_per_shard) > 500:
        yield Broken("cache.shards", cache.shards, "at most 500 nodes together with the replicas", "lower it")


def _cache_autoscaling(cache: CacheSettings) -> Iterator[Broken]:
    scaling = cache.autoscaling
    if scaling is None:
        return
    if cache.form != "cluster":
        yield Broken("cache.autoscaling", scaling.dimension, 'only with form = "cluster"', "delete the table")
        return
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoScaling.html
    if cache.node_type.startswith("cache.t"):
        yield Broken(
            "cache.node_type", cache.node_type, "with autoscaling a type of the m, r or c families", "choose one"
        )
    if scaling.min_count > scaling.max_count:
        yield Broken("cache.autoscaling.max_count", scaling.max_count, f"{scaling.min_count} or more", "raise it")
    if scaling.dimension == "replicas" and scaling.max_count > 5:
        yield Broken("cache.autoscaling.max_count", scaling.max_count, "at most 5 replicas", "lower it")


def _access_points(storage: StorageSettings) -> Iterator[Broken]:
    """A directory belongs to whoever mounts it first, so two access points to it must be the same user."""
    seen: dict[str, str] = {}
    for name, point in storage.access_points.items():
        if point.path in seen:
            yield Broken(
                f"storage.access_points.{name}.path",
                point.path,
                f"a directory other than that of {seen[point.path]}",
                "choose another, or mount the same access point twice",
            )
        seen.setdefault(point.path, name)


DATA_RULES = (
    _capacity,
    _insights,
    _database_names,
    _database_windows,
    _cache_form,
    _cache_autoscaling,
    _cache_windows,
    _access_points,
)
