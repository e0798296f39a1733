"""Table `cache`: ElastiCache for Redis. Its types, and the rules between its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.base import DailyWindow, Percent, Settings, WeeklyWindow, described
from settings.broken import Broken
from settings.windows import conflicts


class CacheAutoscalingSettings(Settings):
    """Target tracking on the engine's CPU. Terraform then ignores the count that autoscaling changes."""

    dimension: Literal["shards", "replicas"] = Field(description='"shards" or "replicas"')
    min_count: Annotated[int, Field(ge=1, le=250, description="1 to 250 shards, or 1 to 5 replicas")]
    max_count: Annotated[int, Field(ge=1, le=250, description="1 to 250 shards, or 1 to 5 replicas")]
    cpu_target_percent: Percent


class CacheSettings(Settings):
    """One ElastiCache for Redis replication group."""

    form: Literal["single", "replicated", "cluster"] = Field(
        description='"single" (one node), "replicated" (automatic failover to another zone) or "cluster" (sharded)'
    )
    engine_version: Literal["7.0", "7.1"] = Field(description='"7.0" or "7.1"; login with IAM needs Redis 7')
    node_type: Annotated[
        str, described("an ElastiCache node type, e.g. cache.t4g.micro", r"^cache\.[a-z0-9]+\.[a-z0-9]+$")
    ]
    shards: Annotated[int, Field(ge=1, le=250, description='1 to 250; more than 1 only with form = "cluster"')] = 1
    replicas_per_shard: Annotated[int, Field(ge=0, le=5, description="0 to 5 replicas of each primary")]
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35, description="0 (no snapshots) to 35 days")] = 5
    snapshot_window: DailyWindow
    maintenance_window: WeeklyWindow
    apply_immediately: bool = Field(
        description="true (AWS applies changes immediately) or false (in the maintenance window)"
    )
    final_snapshot: bool = Field(
        description="true (destroying the cache keeps a final snapshot) or false (keeps nothing)"
    )
    autoscaling: CacheAutoscalingSettings | None = None

    @property
    def node_suffixes(self) -> tuple[str, ...]:
        """What ElastiCache adds to the group's name: `001`, ...; in cluster mode `0001-001`, ...: shard, then node.

        With autoscaling, the maximum number: alarms for nodes that do not exist yet cost nothing.
        https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_NodeGroupMember.html
        """
        scaling, shards, nodes = self.autoscaling, self.shards, 1 + self.replicas_per_shard
        if scaling is not None and scaling.dimension == "shards":
            shards = max(shards, scaling.max_count)
        if scaling is not None and scaling.dimension == "replicas":
            nodes = max(nodes, 1 + scaling.max_count)
        prefixes = [f"{shard:04}-" for shard in range(1, shards + 1)] if self.form == "cluster" else [""]
        return tuple(f"{prefix}{node:03}" for prefix in prefixes for node in range(1, nodes + 1))


def _cache_windows(cache: CacheSettings) -> Iterator[Broken]:
    yield from conflicts("cache", "snapshot_window", cache.snapshot_window, cache.maintenance_window, minutes=60)


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
    if not re.fullmatch(r"cache\.[mrc]\w+\.(large|xlarge|2xlarge)", cache.node_type):
        allowed = "with autoscaling a type of the m, r or c families, large, xlarge or 2xlarge"
        yield Broken("cache.node_type", cache.node_type, allowed, "choose one")
    if scaling.min_count > scaling.max_count:
        yield Broken("cache.autoscaling.max_count", scaling.max_count, f"{scaling.min_count} or more", "raise it")
    if scaling.dimension == "replicas" and scaling.max_count > 5:
        yield Broken("cache.autoscaling.max_count", scaling.max_count, "at most 5 replicas", "lower it")


# Run by `settings.rules` with those of the other tables.
RULES = (_cache_form, _cache_autoscaling, _cache_windows)
