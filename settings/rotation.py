"""Table `rotation`: the rotation function and the secret that it rotates. Its types and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from settings.base import RoleArn, Settings, described
from settings.broken import Broken
from settings.naming import Naming

if TYPE_CHECKING:
    from settings.account import AccountSettings
    from settings.database import DatabaseSettings
    from settings.monitoring import MonitoringSettings

_PgRole = Annotated[
    str, described("a PostgreSQL role name of 1 to 50 lower-case letters, digits and _", r"^[a-z][a-z0-9_]{0,49}$")
]


class RotationSettings(Settings):
    """How the application's database credentials change, and who may read them."""

    strategy: Literal["alternating", "single"] = Field(
        default="alternating",
        description='"alternating" (two database users, no downtime) or "single" (one user; logins fail for a moment)',
    )
    interval_days: Annotated[
        int, Field(ge=1, le=90, description="days between rotations, 1 to 90 (PCI DSS 8.3.9 allows at most 90)")
    ] = 30
    window_hours: Annotated[
        int | None,
        Field(
            ge=1,
            le=24,
            description="length of the rotation window, 1 to 24 hours; absent means until the end of the UTC day",
        ),
    ] = None
    architecture: Literal["arm64", "x86_64"] = Field(default="arm64", description='"arm64" or "x86_64"')
    memory_mb: Annotated[int, Field(ge=128, le=10240, description="memory of the function, 128 to 10240 MB")] = 256
    timeout_seconds: Annotated[
        int, Field(ge=30, le=900, description="time limit of one rotation step, 30 to 900 seconds")
    ] = 60
    recovery_window_days: Annotated[
        int,
        Field(
            ge=0,
            le=30,
            description="days for which a deleted secret can be restored: 7 to 30, or 0 (deleted immediately)",
        ),
    ]
    reserved_concurrency: Annotated[
        int,
        Field(
            ge=0,
            le=100,
            description="reserved concurrency of the function, 0 (none) to 100. AWS requires that 100 of the account's "
            "quota stay unreserved, so a new account with a quota of 10 needs 0",
        ),
    ] = 0  # works in every account; the production tier has more
    role_name: _PgRole = Field(
        default="application",
        description="a PostgreSQL role: the group that owns the application's objects, or the user if strategy is "
        "single",
    )
    usernames: tuple[_PgRole, _PgRole] = Field(
        default=("application_blue", "application_green"),
        description='the two database users of strategy = "alternating"; ignored with "single"',
    )
    consumer_role_arns: tuple[RoleArn, ...] = Field(
        default=(), description="ARNs of IAM roles outside this environment that may read the secret"
    )
    break_glass_role_arn: RoleArn | None = Field(
        default=None, description="the ARN of the IAM role that may read the secret in an emergency"
    )
    deploy_role_arns: tuple[RoleArn, ...] = Field(
        default=(),
        description="ARNs of the IAM roles that plan and deploy; if set, only these may read the secret's bootstrap "
        "version, which contains no password",
    )


# The function refuses these names too, but only at the first rotation.
_RESERVED_PREFIXES = ("pg_", "rds_", "rdsadmin")

_RESERVED_NAMES = ("public", "none")

_RESUMING_SECONDS = 90


def _recovery_window(rotation: RotationSettings) -> Iterator[Broken]:
    if 0 < rotation.recovery_window_days < 7:
        yield Broken(
            "rotation.recovery_window_days", rotation.recovery_window_days, "0 or 7 to 30", "choose one of them"
        )


def _rotation_alarm(rotation: RotationSettings, monitoring: MonitoringSettings) -> Iterator[Broken]:
    if monitoring.rotation_age_days <= rotation.interval_days:
        yield Broken(
            "monitoring.rotation_age_days",
            monitoring.rotation_age_days,
            f"more than rotation.interval_days = {rotation.interval_days}",
            "raise it",
        )


def _database_roles(rotation: RotationSettings, database: DatabaseSettings) -> Iterator[Broken]:
    names = [("rotation.role_name", rotation.role_name)]
    if rotation.strategy == "alternating":
        names += [(f"rotation.usernames.{index}", name) for index, name in enumerate(rotation.usernames)]
    taken = {database.master_username: "database.master_username"}
    for key, name in names:
        if name.startswith(_RESERVED_PREFIXES) or name in _RESERVED_NAMES:
            yield Broken(key, name, "a name that RDS and PostgreSQL do not reserve", "choose another")
        elif name in taken:
            yield Broken(key, name, f"a name other than that of {taken[name]}", "choose another")
        taken.setdefault(name, key)


def _roles_of_the_account(account_id: str, rotation: RotationSettings) -> Iterator[Broken]:
    """Only identities of the same account can use the secret and its key."""
    named = [
        *(("rotation.consumer_role_arns", arn) for arn in rotation.consumer_role_arns),
        *(("rotation.deploy_role_arns", arn) for arn in rotation.deploy_role_arns),
        ("rotation.break_glass_role_arn", rotation.break_glass_role_arn),
    ]
    for key, arn in named:
        if arn is not None and arn.split(":")[4] != account_id:
            yield Broken(
                key,
                arn,
                f"a role of the account {account_id}",
                "create a role in that account that the reader can assume",
            )


def _workflows_may_read(
    account: AccountSettings, rotation: RotationSettings, project: str, stage: str
) -> Iterator[Broken]:
    """Without it every plan of the workflows is denied. A copy with a suffix is deployed by the same two roles."""
    if account.github_repository is None or not rotation.deploy_role_arns:
        return
    names = Naming(project, stage)
    named = {arn.rpartition("/")[2] for arn in rotation.deploy_role_arns}
    if missing := [name for name in (names.name("deploy"), names.name("plan")) if name not in named]:
        yield Broken(
            "rotation.deploy_role_arns",
            list(rotation.deploy_role_arns),
            "a list that includes both roles of the workflows while account.github_repository is set",
            f"add the ARN of {' and '.join(missing)}",
        )


def _step_time(rotation: RotationSettings, database: DatabaseSettings) -> Iterator[Broken]:
    """A database that was paused for a day needs 30 seconds or more to resume, and a step logs in up to three times.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    """
    if database.min_capacity == 0 and rotation.timeout_seconds < _RESUMING_SECONDS:
        yield Broken(
            "rotation.timeout_seconds",
            rotation.timeout_seconds,
            f"{_RESUMING_SECONDS} or more while database.min_capacity = 0",
            "raise it: a paused database needs time to resume",
        )


# Run by `settings.rules` with those of the other tables.
RULES = (
    _step_time,
    _recovery_window,
    _rotation_alarm,
    _database_roles,
    _roles_of_the_account,
    _workflows_may_read,
)
