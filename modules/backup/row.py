"""What is watched of the backups."""

from __future__ import annotations

from modules.monitoring.alarms import Alarm, Chart, Metric, Row
from settings.backup import BackupSettings

_DAY = 86_400
# AWS Backup writes its metrics every 5 minutes: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
_PERIOD = 300


def backups_row(settings: BackupSettings, *, vault: str, has_files: bool) -> Row:
    """Jobs that failed or never started, copies that failed, and days without a backup of Aurora or of the files.

    The last is the only one that notices a plan that does not run at all, as after an opt-out of the account.
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
            "A backup of Aurora or of the files failed, or did not start in time; earlier ones are there.",
            "AWS Backup, Jobs, has the reason; most often the rights of its role or of a key. Start one by hand.",
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
                f"For two days no backup of {what} was completed. A new environment shows this until its first one, "
                f"which starts at {settings.start} UTC.",
                "See in AWS Backup, Settings, whether the account still opts in to the service, and in Jobs what ran.",
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
                f"A copy of a backup to {settings.copy_to} failed: that day exists in one region only.",
                "AWS Backup, Jobs, Copy jobs, has the reason; most often a key of one of the regions. Copy by hand.",
                period_seconds=_PERIOD,
            )
        )
        lines.append(_metric(vault, "NumberOfCopyJobsCompleted", "copies"))
    return Row("backup", "Backups", tuple(alarms), (Chart("Backups and copies done", tuple(lines), "jobs"),))


def _done(vault: str, kind: str) -> Metric:
    return _metric(vault, "NumberOfBackupJobsCompleted", kind, ResourceType=kind)


def _metric(vault: str, name: str, label: str, **more: str) -> Metric:
    return Metric("AWS/Backup", name, {"BackupVaultName": vault, **more}, "Sum", label)
