"""Table `backup`: the AWS Backup plan over Aurora and EFS. Its types, and the rules between its keys.

Without the table there is no plan: Aurora has its own backups, EFS those of AWS's default plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Region, Settings, described
from settings.broken import Broken

# AWS's maximum is 100 years: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
_MOST_DAYS = 36_500


class BackupSettings(Settings):
    """One backup a day into a vault of this environment, and a copy of each in another region if one is named."""

    start: Annotated[
        str, described("start of the daily backup in UTC, as hh:mm", r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    ] = "08:00"
    retention_days: Annotated[
        int, Field(ge=1, le=_MOST_DAYS, description=f"retention of a backup, 1 to {_MOST_DAYS} days")
    ] = 7
    copy_to: Region | None = Field(
        default=None, description="a second region for copies, such as ca-west-1; absent means no copies"
    )
    # Copies of Aurora are full copies, not incremental: each day costs the storage of the whole database.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_CopySnapshot.html
    copy_retention_days: Annotated[
        int, Field(ge=1, le=_MOST_DAYS, description=f"retention of a copy in copy_to, 1 to {_MOST_DAYS} days")
    ] = 7
    lock: Literal["none", "governance", "compliance"] = Field(
        default="none",
        description='"none", "governance" (identities with the permission can remove the lock) or "compliance" '
        "(after lock_grace_days nobody can remove it, not even AWS)",
    )
    lock_minimum_days: Annotated[
        int,
        Field(
            ge=1,
            le=_MOST_DAYS,
            description=f"minimum retention of every backup in a locked vault, 1 to {_MOST_DAYS} days",
        ),
    ] = 7
    lock_grace_days: Annotated[
        int,
        Field(
            ge=3,
            le=_MOST_DAYS,
            description=f"days during which a compliance lock can still be removed: 3 to {_MOST_DAYS}",
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
                f"at most backup.{key} = {days}: otherwise the vault refuses every backup",
                f"lower it, or raise {key}",
            )


def _copies_leave_the_region(region: str, backup: BackupSettings | None) -> Iterator[Broken]:
    if backup is not None and backup.copy_to == region:
        yield Broken(
            "backup.copy_to",
            region,
            f"a region other than {region}, whose failure copies protect against",
            "set another region, or delete the key",
        )


# Run by `settings.rules` with those of the other tables.
RULES = (_lock_fits, _copies_leave_the_region)
