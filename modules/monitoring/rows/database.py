"""The alarms of Aurora: a pure function of the settings."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.database import DatabaseSettings
from settings.monitoring import MonitoringSettings

_BYTES_PER_CAPACITY_UNIT = 2 * 1024**3
# PostgreSQL refuses transactions at 2 billion; autovacuum becomes aggressive at 200 million.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Appendix.PostgreSQL.CommonDBATasks.Autovacuum.html
_TRANSACTIONS_UNVACUUMED = 1_000_000_000


def database_row(settings: DatabaseSettings, thresholds: MonitoringSettings, *, cluster: str) -> Row:
    """Aurora: the metrics are those of its busiest instance, because CloudWatch aggregates a cluster's instances.

    A paused database sends zeros or no data, so missing data is no fault if it may pause, and its free memory is
    checked only while it runs. If a database never pauses, missing data means that it cannot be reached.
    """

    def metric(name: str, statistic: str, label: str) -> Metric:
        return Metric("AWS/RDS", name, {"DBClusterIdentifier": cluster}, statistic, label)

    percent, minutes = thresholds.cpu_percent, thresholds.sustained_minutes
    connections = max_connections(settings.min_capacity, settings.max_capacity)
    free = thresholds.database_free_memory_percent
    memory = int(settings.max_capacity * _BYTES_PER_CAPACITY_UNIT)
    alarms = [
        Alarm(
            "capacity",
            "Capacity in use",
            (metric("ACUUtilization", "Maximum", "busiest instance"),),
            "above",
            percent,
            "%",
            minutes,
            f"Aurora has used more than {percent} % of database.max_capacity = {settings.max_capacity:g}, or sends no "
            "metrics although it never pauses.",
            "Find the statements that cause the load in Database Insights. If it is expected, raise max_capacity.",
            missing="notBreaching" if settings.min_capacity == 0 else "breaching",
            critical=True,
        ),
        Alarm(
            "cpu",
            "CPU",
            (metric("CPUUtilization", "Maximum", "busiest instance"),),
            "above",
            percent,
            "%",
            minutes,
            f"An Aurora instance has used more than {percent} % of its CPU.",
            "Find the statements that cause the load in Database Insights, and look for a missing index.",
        ),
        Alarm(
            "memory",
            "Free memory",
            (
                metric("FreeableMemory", "Minimum", "free"),
                metric("ServerlessDatabaseCapacity", "Maximum", "capacity units"),
            ),
            "below",
            memory * free // 100,
            "bytes",
            minutes,
            f"Less than {free} % of the memory that an Aurora instance has at max_capacity is free. Without free "
            "memory it restarts.",
            "Raise database.max_capacity, or lower work_mem and the number of connections.",
            expression=f"IF(m2 > 0, m1, {memory})",
            drawn="expression",
            critical=True,
        ),
        Alarm(
            "connections",
            "Connections",
            (metric("DatabaseConnections", "Maximum", "busiest instance"),),
            "above",
            connections * thresholds.connections_percent // 100,
            "connections",
            minutes,
            f"An Aurora instance holds more than {thresholds.connections_percent} % of the {connections} connections "
            "that it accepts.",
            "Look for tasks that do not release connections. service.max_count times the pool size of a task "
            "must be lower than this number.",
        ),
        Alarm(
            "deadlocks",
            "Deadlocks",
            (metric("Deadlocks", "Average", "deadlocks"),),
            "above",
            0,
            "a second",
            minutes,
            "Transactions deadlock repeatedly; PostgreSQL aborts one of each pair with an error.",
            "Aurora's log names the statements. Make all of them take their locks in the same order.",
        ),
        Alarm(
            "transaction-ids",
            "Unvacuumed transactions",
            (metric("MaximumUsedTransactionIDs", "Maximum", "oldest"),),
            "above",
            _TRANSACTIONS_UNVACUUMED,
            "transactions",
            minutes,
            "Half of the transaction ids are used up. When none are left, PostgreSQL accepts no writes.",
            "Find what blocks autovacuum: long transactions, abandoned replication slots or prepared transactions.",
        ),
    ]
    if settings.instances > 1:
        lag = thresholds.database_replica_lag_ms
        alarms.append(
            Alarm(
                "replica-lag",
                "Readers behind",
                (metric("AuroraReplicaLagMaximum", "Maximum", "last reader"),),
                "above",
                lag,
                "ms",
                minutes,
                f"An Aurora reader has been more than {lag} ms behind the writer, so it returns old data.",
                "Look for a reader that is too small or too busy, and for bulk writes.",
            )
        )
    charts = (
        Chart("Capacity units", (metric("ServerlessDatabaseCapacity", "Maximum", "largest instance"),), "ACU"),
        Chart("Time of a commit", (metric("CommitLatency", "Average", "average"),), "ms"),
    )
    return Row("database", "Database: Aurora PostgreSQL", tuple(alarms), charts)


def max_connections(min_capacity: float, max_capacity: float) -> int:
    """The value of `max_connections` on an Aurora Serverless v2 instance; it does not depend on the current capacity.

    It depends on the memory at max_capacity, and is 5000 at most, or 2000 if min_capacity is 0 or 0.5.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
    """
    by_memory = round(211.4 * max_capacity - 22.4)  # matches every row of AWS's table
    return max(1, min(by_memory, 2000 if min_capacity <= 0.5 else 5000))
