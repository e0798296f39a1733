"""Table `backup`: the AWS Backup plan over Aurora and EFS. Its types, and the rules between its keys.

Without the table there is no plan: Aurora has its own backups, EFS those of AWS's default plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Region, Settings, described
from settings.broken import Broken

# AWS takes 100 years at most: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
_MOST_DAYS = 36_500


class BackupSettings(Settings):
    """One backup a day into a vault of this environment, and a copy of each in another region if one is named."""

    start: Annotated[
        str, described("the time in UTC at which the daily backup starts, as hh:mm", r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    ] = "08:00"
    retention_days: Annotated[
        int, Field(ge=1, le=_MOST_DAYS, description=f"days that a backup is kept: 1 to {_MOST_DAYS}")
    ] = 7
    copy_to: Region | None = Field(
        default=None, description="the code of a second region, such as ca-west-1; without it nothing is copied"
    )
    # Copies of Aurora are full ones, never increments: each day costs the whole database again.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_CopySnapshot.html
    copy_retention_days: Annotated[
        int, Field(ge=1, le=_MOST_DAYS, description=f"days that a copy in copy_to is kept: 1 to {_MOST_DAYS}")
    ] = 7
    lock: Literal["none", "governance", "compliance"] = Field(
        default="none",
        description='"none", "governance" (whoever may delete the lock can lift it) or "compliance" '
        "(nobody can, AWS included, once lock_grace_days are over)",
    )
    lock_minimum_days: Annotated[
        int,
        Field(
            ge=1, le=_MOST_DAYS, description=f"days that a locked vault keeps any backup at least: 1 to {_MOST_DAYS}"
        ),
    ] = 7
    lock_grace_days: Annotated[
        int,
        Field(
            ge=3, le=_MOST_DAYS, description=f"days in which a compliance lock can still be lifted: 3 to {_MOST_DAYS}"
        ),
    ] = 30


def _lock_fits(backup: BackupSettings | None) -> Iterator[Broken]:
    """A locked vault fails every job that keeps its backup for less than the lock's minimum."""
    if backup is None or backup.lock == "none":
        return
    kept = {"retention_days": backup.retention_days}
    if backup.copy_to is not None:
        kept["copy_retention_days"] = backup.copy_retention_days
    for key, days in kept.items():
        if backup.lock_minimum_days > days:
            yield Broken(
                "backup.lock_minimum_days",
                backup.lock_minimum_days,
                f"at most backup.{key} = {days}: the vault would refuse every backup",
                f"lower it, or raise {key}",
            )


def _copies_leave_the_region(region: str, backup: BackupSettings | None) -> Iterator[Broken]:
    if backup is not None and backup.copy_to == region:
        yield Broken(
            "backup.copy_to", region, f"a region other than {region}, which may be lost", "name another, or delete it"
        )


# Run by `settings.rules` with those of the other tables.
RULES = (_lock_fits, _copies_leave_the_region)
