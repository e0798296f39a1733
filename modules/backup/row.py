"""The alarms of the backups."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.backup import BackupSettings

_DAY = 86_400
# AWS Backup writes its metrics every 5 minutes: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
_PERIOD = 300


def backups_row(settings: BackupSettings, *, vault: str, has_files: bool) -> Row:
    """Jobs that failed or never started, copies that failed, and days without a backup of Aurora or of the files.

    Only the last one detects a plan that does not run at all, for example after the account's opt-out.
    """
    kinds = {"Aurora": "Aurora", **({"EFS": "the files"} if has_files else {})}
    failed = (_metric(vault, "NumberOfBackupJobsFailed", "failed"), _metric(vault, "NumberOfBackupJobsExpired", "late"))
    alarms = [
        Alarm(
            "failed",
            "Backups failed",
            failed,
            "above",
            0,
            "jobs",
            1,
            "A backup of Aurora or of the files failed or did not start in time. Earlier backups are not affected.",
            "Find the reason in the AWS Backup console under Jobs: usually a missing permission of the backup role or "
            "in a key policy. Fix it, then start an on-demand backup.",
            expression="FILL(m1, 0) + FILL(m2, 0)",
            period_seconds=_PERIOD,
        ),
        *(
            Alarm(
                f"{kind.lower()}-missing",
                f"Backups of {what}",
                (_done(vault, kind),),
                "below",
                1,
                "a day",
                2,
                f"No backup of {what} has completed for two days. In a new environment this alarm lasts until the "
                "first "
                f"backup, which starts at {settings.start} UTC.",
                "Check in the AWS Backup console under Settings that the service is still enabled for the account, and "
                "under Jobs what has run.",
                period_seconds=_DAY,
                missing="breaching",
            )
            for kind, what in kinds.items()
        ),
    ]
    lines = [_done(vault, kind) for kind in kinds]
    if settings.copy_to is not None:
        alarms.append(
            Alarm(
                "copies-failed",
                "Copies failed",
                (_metric(vault, "NumberOfCopyJobsFailed", "failed"),),
                "above",
                0,
                "jobs",
                1,
                f"A copy of a backup to {settings.copy_to} failed, so the backup of that day exists in one region "
                "only.",
                "Find the reason in the AWS Backup console under Jobs, Copy jobs: usually a key in one of the "
                "regions. Fix it, "
                "then start an on-demand copy.",
                period_seconds=_PERIOD,
            )
        )
        lines.append(_metric(vault, "NumberOfCopyJobsCompleted", "copies"))
    return Row("backup", "Backups", tuple(alarms), (Chart("Backups and copies done", tuple(lines), "jobs"),))


def _done(vault: str, kind: str) -> Metric:
    return _metric(vault, "NumberOfBackupJobsCompleted", kind, ResourceType=kind)


def _metric(vault: str, name: str, label: str, **more: str) -> Metric:
    return Metric("AWS/Backup", name, {"BackupVaultName": vault, **more}, "Sum", label)
