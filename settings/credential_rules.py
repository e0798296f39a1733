"""Rules between settings of the rotation; `settings.rules` runs them with all others."""

from __future__ import annotations

from collections.abc import Iterator

from settings.broken import Broken
from settings.credentials import RotationSettings
from settings.data import DatabaseSettings
from settings.monitoring import MonitoringSettings

# The same that the function refuses, whose first rotation would be too late to hear of it.
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
            yield Broken(key, name, "a name that neither RDS nor PostgreSQL reserves", "choose another")
        elif name in taken:
            yield Broken(key, name, f"a name other than that of {taken[name]}", "choose another")
        taken.setdefault(name, key)


def _roles_of_the_account(account_id: str, rotation: RotationSettings) -> Iterator[Broken]:
    """The secret and its key admit identities of their own account only."""
    named = [
        *(("rotation.consumer_role_arns", arn) for arn in rotation.consumer_role_arns),
        *(("rotation.deploy_role_arns", arn) for arn in rotation.deploy_role_arns),
        ("rotation.break_glass_role_arn", rotation.break_glass_role_arn),
    ]
    for key, arn in named:
        if arn is not None and arn.split(":")[4] != account_id:
            yield Broken(key, arn, f"a role of the account {account_id}", "name a role that a reader there may take")


def _step_time(rotation: RotationSettings, database: DatabaseSettings) -> Iterator[Broken]:
    """A database that was paused for a day needs 30 seconds and more to resume, and a step logs in up to three times.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
    """
    if database.min_capacity == 0 and rotation.timeout_seconds < _RESUMING_SECONDS:
        yield Broken(
            "rotation.timeout_seconds",
            rotation.timeout_seconds,
            f"{_RESUMING_SECONDS} or more while database.min_capacity = 0",
            "raise it: a paused database takes its time to resume",
        )


CREDENTIAL_RULES = (_step_time, _recovery_window, _rotation_alarm, _database_roles, _roles_of_the_account)
