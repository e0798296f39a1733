"""Table `database`: Aurora PostgreSQL Serverless v2. Its types, and the rules between its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.base import DailyWindow, Percent, Settings, WeeklyWindow, described
from settings.broken import Broken
from settings.windows import conflicts

# PostgreSQL converts unquoted names to lower case; RDS refuses reserved master names.
_PgName = Annotated[
    str, described("1 to 63 lower-case letters, digits and _, beginning with a letter", r"^[a-z][a-z0-9_]{0,62}$")
]

_Acu = Annotated[
    float, Field(ge=0, le=256, multiple_of=0.5, description="Aurora capacity units from 0 to 256 in steps of 0.5")
]

PostgresVersion = Literal["15", "16", "17"]

# Names of automated backups begin with rds:, those of AWS Backup with awsbackup:.
_SNAPSHOT_ARN = r"arn:aws:rds:[a-z0-9-]+:[0-9]{12}:cluster-snapshot:"
# An empty database, although there is a snapshot of an earlier one. No snapshot can be chosen by this name.
START_EMPTY = "empty"
_SNAPSHOT = rf"^({_SNAPSHOT_ARN})?((rds|awsbackup):)?[A-Za-z][A-Za-z0-9-]{{0,254}}$"


class DatabaseAutoscalingSettings(Settings):
    """Readers that autoscaling adds to those of `database.instances`, and removes again."""

    max_readers: Annotated[
        int, Field(ge=2, le=15, description="maximum number of readers, including those of database.instances: 2 to 15")
    ]
    cpu_target_percent: Percent = 60


class DatabaseSettings(Settings):
    """One Aurora PostgreSQL Serverless v2 cluster."""

    engine_version: PostgresVersion = Field(
        description='the major version in quotes ("15", "16", "17"); Aurora selects and upgrades the minor version'
    )
    name: _PgName
    master_username: _PgName
    instances: Annotated[int, Field(ge=1, le=16, description="1 writer and up to 15 readers: 1 to 16")]
    min_capacity: _Acu
    max_capacity: _Acu
    auto_pause_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=86400,
            description="idle seconds before the database pauses: 0 (never), or 300 to 86400 with min_capacity = 0",
        ),
    ] = 0
    storage_type: Literal["standard", "io-optimized"] = Field(
        default="standard",
        description='"standard" (each read and write is charged) or "io-optimized" (more expensive storage, I/O not '
        "charged)",
    )
    autoscaling: DatabaseAutoscalingSettings | None = None
    backup_retention_days: Annotated[int, Field(ge=1, le=35, description="days of point-in-time recovery, 1 to 35")]
    backup_window: DailyWindow
    maintenance_window: WeeklyWindow
    apply_immediately: bool = Field(
        description="true (AWS applies changes immediately) or false (in the maintenance window)"
    )
    final_snapshot: bool = Field(
        description="true (destroying the cluster keeps a final snapshot and the backups) or false (keeps nothing)"
    )
    restore_from: Annotated[
        str | None,
        described(
            'the identifier or ARN of a cluster snapshot, or "empty" (an empty database although an earlier one has '
            "left a snapshot); used only when the cluster is created",
            _SNAPSHOT,
        ),
    ] = None
    drill_query: Annotated[
        str | None,
        Field(
            min_length=1,
            description="the SQL query that `make drill` runs on the restored copy, at most 45 seconds; absent means "
            "that "
            "it counts the rows of every table",
        ),
    ] = None
    iam_authentication: bool = Field(default=True, description="true or false")
    slow_statement_ms: Annotated[
        int, Field(ge=100, le=3_600_000, description="duration from which a statement is logged, 100 to 3600000 ms")
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
            f"a name other than {', '.join(sorted(_RESERVED_MASTER_NAMES))}: these are reserved, or easy to guess",
            "choose another name",
        )
    if len(master) > _LONGEST_MASTER_NAME:
        yield Broken("database.master_username", master, f"at most {_LONGEST_MASTER_NAME} characters", "shorten it")
    if database.name in _RESERVED_DATABASE_NAMES:
        yield Broken("database.name", database.name, "a name that RDS and PostgreSQL do not reserve", "choose another")


def _database_windows(database: DatabaseSettings) -> Iterator[Broken]:
    yield from conflicts("database", "backup_window", database.backup_window, database.maintenance_window, minutes=30)


def _autoscaling(database: DatabaseSettings) -> Iterator[Broken]:
    """Autoscaling measures the readers' CPU, so there must be at least one; it removes only readers that it has added.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Integrating.AutoScaling.html
    """
    if database.autoscaling is None:
        return
    if database.instances < 2:
        yield Broken(
            "database.instances",
            database.instances,
            "2 or more with [database.autoscaling]",
            "add a reader",
        )
    elif database.autoscaling.max_readers < database.instances:
        yield Broken(
            "database.autoscaling.max_readers",
            database.autoscaling.max_readers,
            f"{database.instances} or more: more than the {database.instances - 1} readers of database.instances",
            "raise it, or delete [database.autoscaling]",
        )


def _snapshot_is_here(region: str, database: DatabaseSettings) -> Iterator[Broken]:
    """RDS restores a snapshot only in its region. It may be another account's, if it is shared."""
    snapshot = database.restore_from or ""
    if snapshot.startswith("arn:") and snapshot.split(":")[3] != region:
        yield Broken(
            "database.restore_from",
            snapshot,
            f"a snapshot in {region}: RDS cannot restore a snapshot of another region",
            "copy the snapshot to this region first",
        )


# Run by `settings.rules` with those of the other tables.
RULES = (_capacity, _insights, _database_names, _database_windows, _autoscaling, _snapshot_is_here)
