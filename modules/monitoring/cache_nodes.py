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
        """Those that it has, or may have with autoscaling."""
        return tuple(f"{self.group}-{suffix}" for suffix in self.settings.node_suffixes)

    def metrics(self, name: str, statistic: str) -> tuple[Metric, ...]:
        """A metric of every node, labelled with the end of its name."""
        start = len(self.group) + 1
        return tuple(
            Metric("AWS/ElastiCache", name, {"CacheClusterId": node}, statistic, f"node {node[start:]}")
            for node in self.ids
        )
