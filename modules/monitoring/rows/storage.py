"""The alarms of Redis and of EFS: pure functions of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modules.monitoring.alarms import Alarm, Chart, Metric, Row, of_many
from modules.monitoring.cache_nodes import CacheNodes
from settings.cache import CacheSettings
from settings.monitoring import MonitoringSettings
from settings.storage import StorageSettings

# ElastiCache's fixed value of `maxclients`, the maximum number of connections to a node.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
_REDIS_CONNECTIONS = 65_000
# A chart with every node of a large group is unreadable. The alarms include all nodes.
_DRAWN = 20
# A new file system has 2.1 TiB of credits; a tenth of that lasts about half an hour at 100 MiB/s.
_BURST_CREDITS = 210 * 1024**3


def cache_row(settings: CacheSettings, thresholds: MonitoringSettings, *, group: str) -> Row:
    """Redis: alarms on the highest value of all nodes, because ElastiCache has no metrics of a whole group."""
    nodes = CacheNodes(group, settings)
    minutes, cpu, memory = thresholds.sustained_minutes, thresholds.cpu_percent, thresholds.memory_percent
    evictions, lag = thresholds.cache_evictions_per_minute, thresholds.cache_replica_lag_seconds
    connections = _REDIS_CONNECTIONS * thresholds.connections_percent // 100
    alarms = [
        *_of_worst_node(
            "cpu",
            "Engine CPU",
            nodes.metrics("EngineCPUUtilization", "Maximum"),
            cpu,
            "%",
            minutes,
            f"The Redis engine of a node has used more than {cpu} % of its single thread.",
            "Look for slow commands in the slow log. Add replicas if reads cause the load, or shards if writes do, "
            "or choose a "
            "faster cache.node_type.",
        ),
        *_of_worst_node(
            "memory",
            "Memory of the data",
            nodes.metrics("DatabaseMemoryUsagePercentage", "Maximum"),
            memory,
            "%",
            minutes,
            f"The data of a Redis node uses more than {memory} % of its memory. At 100 % the node evicts keys or "
            "refuses writes.",
            "Give keys a time to live, or choose a larger cache.node_type or more shards.",
            critical=True,
        ),
        *_of_worst_node(
            "evictions",
            "Evictions",
            nodes.metrics("Evictions", "Sum"),
            evictions,
            "keys a minute",
            minutes,
            f"A Redis node evicts more than {evictions} keys a minute before they expire, because its memory is full.",
            "This can delete sessions and carts. Choose a larger cache.node_type or more shards.",
        ),
        *_of_worst_node(
            "connections",
            "Connections",
            nodes.metrics("CurrConnections", "Maximum"),
            connections,
            "connections",
            minutes,
            f"A Redis node holds more than {connections} of the {_REDIS_CONNECTIONS} connections that it accepts.",
            "Look for tasks that open a connection for each request instead of using a pool.",
        ),
    ]
    if settings.replicas_per_shard:
        alarms += _of_worst_node(
            "replica-lag",
            "Replicas behind",
            nodes.metrics("ReplicationLag", "Maximum"),
            lag,
            "s",
            minutes,
            f"A Redis replica has been more than {lag} s behind its primary. A failover would lose the writes of "
            "that time.",
            "Look for bulk writes, and for a node whose network is saturated.",
        )
    charts = (
        Chart("Cache hits", nodes.metrics("CacheHits", "Sum")[:_DRAWN], "a minute"),
        Chart("CPU of the host", nodes.metrics("CPUUtilization", "Maximum")[:_DRAWN], "%"),
    )
    return Row("cache", "Cache: ElastiCache for Redis", tuple(alarms), charts)


def _of_worst_node(
    id_: str,
    title: str,
    metrics: Iterable[Metric],
    threshold: float,
    unit: str,
    minutes: int,
    meaning: str,
    remedy: str,
    *,
    critical: bool = False,
) -> Iterator[Alarm]:
    """One alarm for all nodes, or several if there are more nodes than an alarm may have metrics."""
    for part, (some, expression) in enumerate(of_many(metrics, "MAX"), start=1):
        yield Alarm(
            id_ if part == 1 else f"{id_}-{part}",
            title if part == 1 else f"{title} ({part})",
            some,
            "above",
            threshold,
            unit,
            minutes,
            meaning,
            remedy,
            expression=expression,
            critical=critical,
        )


def files_row(
    settings: StorageSettings, thresholds: MonitoringSettings, *, file_system: str, mounting_tasks: int
) -> Row:
    """EFS. `mounting_tasks` is the minimum number of tasks that mount the file system, or 0 if none does."""

    def metric(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/EFS", name, {"FileSystemId": file_system}, statistic, label)

    minutes, io = thresholds.sustained_minutes, thresholds.files_io_percent
    alarms = [
        Alarm(
            "io-limit",
            "I/O limit",
            (metric("PercentIOLimit", "Maximum", "of the limit"),),
            "above",
            io,
            "%",
            minutes,
            f"EFS has worked at more than {io} % of its I/O limit; at 100 % the file system becomes slow for every "
            "task.",
            "Look for many small files or metadata calls. Cache files that are read often in Redis or in the task.",
        )
    ]
    if settings.throughput_mode == "bursting":
        alarms.append(
            Alarm(
                "burst-credits",
                "Burst credits",
                (metric("BurstCreditBalance", "Minimum", "left"),),
                "below",
                _BURST_CREDITS,
                "bytes",
                minutes,
                "The burst credits of EFS are nearly used up. Without them throughput is limited to 50 KiB/s per GiB "
                "stored.",
                'Set storage.throughput_mode = "elastic".',
            )
        )
    if mounting_tasks:
        alarms.append(
            Alarm(
                "clients",
                "Clients",
                (metric("ClientConnections", "Sum", "connections"),),
                "below",
                mounting_tasks,
                "connections",
                max(minutes, 10),  # a deployment replaces tasks
                f"Fewer than {mounting_tasks} clients have mounted the file system, although at least "
                f"{mounting_tasks} tasks must run.",
                "Read the events of the ECS service: a task does not start if its mount fails.",
                missing="breaching",
            )
        )
    charts = (
        Chart(
            "Throughput",
            (metric("DataReadIOBytes", "Sum", "read"), metric("DataWriteIOBytes", "Sum", "written")),
            "bytes a minute",
        ),
    )
    return Row("files", "Files: EFS", tuple(alarms), charts)
