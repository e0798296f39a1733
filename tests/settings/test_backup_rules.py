"""Table [backup] and `database.restore_from`: what no file may say, with the line, and what is just inside."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load

DAYS = "1 to 36500 days; correct the value"
LOCK = (
    'allowed: "none", "governance" (identities with the permission can remove the lock) or "compliance" (after '
    "lock_grace_days nobody can remove it, not even AWS); correct the value"
)
SNAPSHOT = (
    'allowed: the identifier or ARN of a cluster snapshot, or "empty" (an empty database although an earlier one has '
    "left a snapshot); used only when the cluster is created; correct the value"
)
ARN = "arn:aws:rds:{}:111111111111:cluster-snapshot:iot-aurora-final-sg-1-dev"

# Name of the kind -> (changes to a valid development file in ca-central-1, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    "no time of day": (
        {"backup.start": '"24:00"'},
        'backup.start = "24:00"; allowed: start of the daily backup in UTC, as hh:mm; correct the value',
    ),
    "kept for no day": (
        {"backup.retention_days": "0"},
        f"backup.retention_days = 0; allowed: retention of a backup, {DAYS}",
    ),
    "kept for more than aws takes": (
        {"backup.retention_days": "36501"},
        f"backup.retention_days = 36501; allowed: retention of a backup, {DAYS}",
    ),
    "copies kept for no day": (
        {"backup.copy_retention_days": "0"},
        f"backup.copy_retention_days = 0; allowed: retention of a copy in copy_to, {DAYS}",
    ),
    "unknown lock": ({"backup.lock": '"strict"'}, f'backup.lock = "strict"; {LOCK}'),
    "lock without a minimum": (
        {"backup.lock_minimum_days": "0"},
        f"backup.lock_minimum_days = 0; allowed: minimum retention of every backup in a locked vault, {DAYS}",
    ),
    "grace shorter than aws takes": (
        {"backup.lock_grace_days": "2"},
        "backup.lock_grace_days = 2; allowed: days during which a compliance lock can still be removed: 3 to 36500; "
        "correct the value",
    ),
    "copy to no region": (
        {"backup.copy_to": '"toronto"'},
        'backup.copy_to = "toronto"; allowed: a second region for copies, such as ca-west-1; absent means no copies; '
        "correct the value",
    ),
    "copy to an unknown region": (
        {"backup.copy_to": '"ca-west-9"'},
        'backup.copy_to = "ca-west-9"; allowed: a region that botocore lists, such as ca-west-1; '
        "correct it, or if the region is new, update boto3: make lock",
    ),
    "copy to the region itself": (
        {"backup.copy_to": '"ca-central-1"'},
        'backup.copy_to = "ca-central-1"; allowed: a region other than ca-central-1, whose failure copies protect '
        "against; set another region, or delete the key",
    ),
    "lock above the retention": (
        {"backup.lock": '"governance"', "backup.lock_minimum_days": "8"},
        "backup.lock_minimum_days = 8; allowed: at most backup.retention_days = 7: otherwise the vault refuses every "
        "backup; lower it, or raise retention_days",
    ),
    "lock above the retention of copies": (
        {
            "backup.lock": '"compliance"',
            "backup.retention_days": "30",
            "backup.copy_to": '"ca-west-1"',
            "backup.copy_retention_days": "6",
        },
        "backup.lock_minimum_days = 7; allowed: at most backup.copy_retention_days = 6: otherwise the vault refuses "
        "every backup; lower it, or raise copy_retention_days",
    ),
    "snapshot with a blank": (
        {"database.restore_from": '"the last one"'},
        f'database.restore_from = "the last one"; {SNAPSHOT}',
    ),
    "snapshot of an instance": (
        {"database.restore_from": '"arn:aws:rds:ca-central-1:111111111111:snapshot:x"'},
        f'database.restore_from = "arn:aws:rds:ca-central-1:111111111111:snapshot:x"; {SNAPSHOT}',
    ),
    "snapshot of another region": (
        {"database.restore_from": f'"{ARN.format("ca-west-1")}"'},
        f'database.restore_from = "{ARN.format("ca-west-1")}"; allowed: a snapshot in ca-central-1: RDS cannot '
        "restore a snapshot of another region; copy the snapshot to this region first",
    ),
}

INSIDE: dict[str, Changes] = {
    "an empty table": {"backup.start": '"00:00"'},
    "the least of everything": {
        "backup.retention_days": "1",
        "backup.copy_retention_days": "1",
        "backup.lock": '"compliance"',
        "backup.lock_minimum_days": "1",
        "backup.lock_grace_days": "3",
        "backup.copy_to": '"ca-west-1"',
    },
    "a minimum that nothing enforces": {"backup.lock_minimum_days": "8"},
    "a minimum above what nobody copies": {"backup.lock": '"governance"', "backup.copy_retention_days": "1"},
    "a snapshot of an automated backup": {"database.restore_from": '"rds:iot-aurora-dev-2026-01-31-06-10"'},
    "an empty database": {"database.restore_from": '"empty"'},
    "a recovery point": {"database.restore_from": '"awsbackup:job-0c7c8d0e-1111-2222-3333-444455556666"'},
    "an ARN of the region, whose ever": {
        "database.restore_from": '"arn:aws:rds:ca-central-1:999999999999:cluster-snapshot:awsbackup:copyjob-1"'
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_cannot_be_used_gives_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    assert files.faults("iot-dev") == [f"iot-dev.toml: {line}"]


@pytest.mark.parametrize("kind", INSIDE)
def test_a_value_just_inside_is_let_through(kind: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(INSIDE[kind]))

    assert files.faults("iot-dev") == []


@pytest.mark.parametrize("name", ["iot-dev", "globecart-dev"])
def test_development_has_no_plan(name: str) -> None:
    assert load(name).backup is None


@pytest.mark.parametrize("name", ["iot-prod", "globecart-prod"])
def test_production_keeps_backups_locked_for_as_long_as_aurora_its_own(name: str) -> None:
    environment = load(name)

    assert environment.backup is not None
    assert environment.backup.lock == "governance"
    assert environment.backup.retention_days == environment.database.backup_retention_days == 35
