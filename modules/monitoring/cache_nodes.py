"""The names that ElastiCache gives to the nodes of a replication group; they are the dimensions of the metrics."""

from __future__ import annotations

from dataclasses import dataclass

from modules.monitoring.alarms import Metric
from settings.cache import CacheSettings


@dataclass(frozen=True)
class CacheNodes:
    """The nodes of a replication group, which ElastiCache names."""

    group: str
    settings: CacheSettings

    @property
    def ids(self) -> tuple[str, ...]:
        """`<group>-001`, ...; in cluster mode `<group>-0001-001`, ...: shard, then node.

        With autoscaling, the maximum number: alarms for nodes that do not exist yet cost nothing.
        https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_NodeGroupMember.html
        """
        settings, scaling = self.settings, self.settings.autoscaling
        shards, nodes = settings.shards, 1 + settings.replicas_per_shard
        if scaling is not None and scaling.dimension == "shards":
            shards = max(shards, scaling.max_count)
        if scaling is not None and scaling.dimension == "replicas":
            nodes = max(nodes, 1 + scaling.max_count)
        prefixes = (
            [f"{self.group}-{shard:04}" for shard in range(1, shards + 1)]
            if settings.form == "cluster"
            else [self.group]
        )
        return tuple(f"{prefix}-{node:03}" for prefix in prefixes for node in range(1, nodes + 1))

    def metrics(self, name: str, statistic: str) -> tuple[Metric, ...]:
        """A metric of every node, labelled with the end of its name."""
        start = len(self.group) + 1
        return tuple(
            Metric("AWS/ElastiCache", name, {"CacheClusterId": node}, statistic, f"node {node[start:]}")
            for node in self.ids
        )
