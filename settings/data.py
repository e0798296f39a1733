"""Settings of the data stack: Aurora PostgreSQL Serverless v2, ElastiCache Redis, EFS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settings.base import DailyWindow, Percent, Settings, WeeklyWindow, described

# PostgreSQL folds unquoted names to lower case; RDS refuses master names that PostgreSQL or RDS reserves.
_PgName = Annotated[
    str, described("1 to 63 lower-case letters, digits and _, beginning with a letter", r"^[a-z][a-z0-9_]{0,62}$")
]
_Acu = Annotated[
    float, Field(ge=0, le=256, multiple_of=0.5, description="Aurora capacity units from 0 to 256 in steps of 0.5")
]


PostgresVersion = Literal["15", "16", "17"]


class DatabaseSettings(Settings):
    """One Aurora PostgreSQL Serverless v2 cluster."""

    engine_version: PostgresVersion = Field(
        description='the major version as text ("15", "16", "17"); Aurora chooses and upgrades the minor one'
    )
    name: _PgName
    master_username: _PgName
    instances: Annotated[int, Field(ge=1, le=16, description="1 writer and up to 15 readers: 1 to 16")]
    min_capacity: _Acu
    max_capacity: _Acu
    auto_pause_seconds: Annotated[
        int,
        Field(
            ge=0, le=86400, description="seconds idle before a pause: 0 (never), or 300 to 86400 with min_capacity = 0"
        ),
    ] = 0
    backup_retention_days: Annotated[int, Field(ge=1, le=35, description="days of point-in-time recovery, 1 to 35")]
    backup_window: DailyWindow
    maintenance_window: WeeklyWindow
    apply_immediately: bool = Field(description="true (changes now) or false (changes in the maintenance window)")
    final_snapshot: bool = Field(
        description="true (keep a last snapshot and the backups when destroyed) or false (keep nothing)"
    )
    iam_authentication: bool = Field(default=True, description="true or false")
    slow_statement_ms: Annotated[
        int, Field(ge=100, le=3_600_000, description="statements slower than this are logged: 100 to 3600000 ms")
    ]
    insights: Literal["standard", "advanced"] = Field(description='Database Insights: "standard" or "advanced"')
    performance_insights_retention_days: Annotated[
        int,
        Field(ge=7, le=731, description="7, a multiple of 31 up to 713, or 731; advanced insights need 465 or more"),
    ]
    enhanced_monitoring_seconds: Literal[0, 1, 5, 10, 15, 30, 60] = Field(
        description="0 (off), 1, 5, 10, 15, 30 or 60 seconds"
    )
    master_rotation_days: Annotated[
        int,
        Field(ge=1, le=90, description="days between rotations of the RDS-managed master secret, 1 to 90 (PCI DSS 8)"),
    ]


class CacheAutoscalingSettings(Settings):
    """Target tracking on the engine's CPU; the count it owns is then ignored by Terraform."""

    dimension: Literal["shards", "replicas"] = Field(description='"shards" or "replicas"')
    min_count: Annotated[int, Field(ge=1, le=250, description="1 to 250 shards, or 1 to 5 replicas")]
    max_count: Annotated[int, Field(ge=1, le=250, description="1 to 250 shards, or 1 to 5 replicas")]
    cpu_target_percent: Percent


class CacheSettings(Settings):
    """One ElastiCache for Redis replication group."""

    form: Literal["single", "replicated", "cluster"] = Field(
        description='"single" (one node), "replicated" (automatic failover over zones) or "cluster" (sharded)'
    )
    engine_version: Literal["7.0", "7.1"] = Field(description='"7.0" or "7.1": IAM users need Redis 7')
    node_type: Annotated[
        str, described("an ElastiCache node type, e.g. cache.t4g.micro", r"^cache\.[a-z0-9]+\.[a-z0-9]+$")
    ]
    shards: Annotated[int, Field(ge=1, le=250, description='1 to 250; more than 1 only with form = "cluster"')] = 1
    replicas_per_shard: Annotated[int, Field(ge=0, le=5, description="0 to 5 replicas beside each primary")]
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35, description="0 (no snapshots) to 35 days")] = 5
    snapshot_window: DailyWindow
    maintenance_window: WeeklyWindow
    apply_immediately: bool = Field(description="true (changes now) or false (changes in the maintenance window)")
    final_snapshot: bool = Field(description="true (keep a last snapshot when destroyed) or false (keep nothing)")
    autoscaling: CacheAutoscalingSettings | None = None


class AccessPointSettings(Settings):
    """One EFS access point: whoever mounts through it acts as this POSIX user inside this directory."""

    path: Annotated[
        str,
        described("an absolute directory of at most 4 levels, e.g. /media", r"^(/[A-Za-z0-9._-]{1,25}){1,4}$"),
    ]
    uid: Annotated[int, Field(ge=1, le=4_294_967_295, description="a POSIX user id, not root: 1 to 4294967295")]
    gid: Annotated[int, Field(ge=1, le=4_294_967_295, description="a POSIX group id, not root: 1 to 4294967295")]
    permissions: Annotated[str, described('an octal mode in quotes, e.g. "0750"', r"^0?[0-7]{3}$")] = "0750"


class StorageSettings(Settings):
    """One EFS file system; none is made while no access point is named."""

    access_points: dict[
        Annotated[str, described("a name of 1 to 20 lower-case letters, digits and -", r"^[a-z][a-z0-9-]{0,19}$")],
        AccessPointSettings,
    ] = Field(default={}, description="tables named [storage.access_points.<name>]")
    throughput_mode: Literal["elastic", "bursting"] = Field(default="elastic", description='"elastic" or "bursting"')
    infrequent_access_after_days: Literal[1, 7, 14, 30, 60, 90, 180, 270, 365] = Field(
        default=30, description="1, 7, 14, 30, 60, 90, 180, 270 or 365 days without access"
    )
    backup: bool = Field(description="true or false: daily AWS Backup with its default plan")
