"""The backup plan: vaults, their keys and locks, what the plan does, and the role that does it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct
from synthesized import Synthesized, synthesize_module

from modules.backup import BackupPlan, BackupVault, backups_row
from modules.backup.plan import backup_policy
from modules.common.policies import Account
from settings.backup import BackupSettings
from settings.encryption import EncryptionSettings
from settings.naming import Naming

NAMES = Naming("shop", "prod")
HOME, AWAY = Account("222222222222", "ca-central-1"), Account("222222222222", "ca-west-1")
CLUSTER = "arn:aws:rds:ca-central-1:222222222222:cluster:shop-aurora-prod"
FILES = "arn:aws:elasticfilesystem:ca-central-1:222222222222:file-system/fs-1"
DATA_KEY = "arn:aws:kms:ca-central-1:222222222222:key/data"


def settings(**given: Any) -> BackupSettings:
    return BackupSettings(**{"retention_days": 35, "copy_retention_days": 9, **given})


def vault(scope: Construct, id_: str, made: BackupSettings, account: Account, **given: Any) -> BackupVault:
    return BackupVault(
        scope,
        id_,
        settings=made,
        encryption=EncryptionSettings(rotation_period_days=180, deletion_window_days=30),
        names=NAMES,
        account=account,
        **{"protected": True, **given},
    )


def synthesize(*, files: str | None = FILES, protected: bool = True, **given: Any) -> Synthesized:
    made = settings(**given)

    def build(scope: Construct) -> None:
        home = vault(scope, "backup", made, HOME, protected=protected)
        away = None
        if made.copy_to:
            provider = AwsProvider(scope, "aws-copies", alias="copies", region=made.copy_to)
            away = vault(scope, "copies", made, AWAY, protected=protected, provider=provider)
        BackupPlan(
            scope,
            "plan",
            settings=made,
            names=NAMES,
            account=HOME,
            cluster_arn=CLUSTER,
            file_system_arn=files,
            data_key_arn=DATA_KEY,
            vault=home,
            copies=away,
        )

    return synthesize_module(build)


def statements(policy: str) -> dict[str, Any]:
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}


def test_one_backup_a_day_is_kept_for_its_days_without_a_copy() -> None:
    stack = synthesize(start="08:05")
    plan = stack.one("aws_backup_plan")

    (rule,) = plan["rule"]
    assert plan["name"] == "shop-backup-prod"
    assert rule["schedule"] == "cron(5 8 * * ? *)"
    assert rule["lifecycle"] == {"delete_after": 35}
    assert rule["target_vault_name"] == f"${{{stack.address('aws_backup_vault')}.name}}"
    # Point-in-time recovery is Aurora's own; AWS Backup would change its retention.
    assert not {"copy_action", "enable_continuous_backup"} & rule.keys()


def test_a_job_has_time_for_a_cluster_that_is_being_changed_and_for_many_files() -> None:
    (rule,) = synthesize().one("aws_backup_plan")["rule"]

    assert (rule["start_window"], rule["completion_window"]) == (180, 7 * 24 * 60)


def test_each_backup_is_copied_to_the_vault_of_the_other_region_for_days_of_its_own() -> None:
    stack = synthesize(copy_to="ca-west-1")
    (rule,) = stack.one("aws_backup_plan")["rule"]

    away = stack.address("aws_backup_vault", provider="aws.copies")
    assert rule["copy_action"] == [{"destination_vault_arn": f"${{{away}.arn}}", "lifecycle": {"delete_after": 9}}]


@pytest.mark.parametrize(
    "type_", ["aws_backup_vault", "aws_kms_key", "aws_kms_alias", "aws_backup_vault_lock_configuration"]
)
def test_the_other_region_has_a_vault_a_key_and_a_lock_of_its_own(type_: str) -> None:
    alone, both = synthesize(lock="governance"), synthesize(lock="governance", copy_to="ca-west-1")

    assert [made.get("provider") for made in alone.all(type_)] == [None]
    assert {made.get("provider") for made in both.all(type_)} == {None, "aws.copies"}


def test_both_vaults_have_one_name_so_that_copies_are_counted_under_it() -> None:
    names = {made["name"] for made in synthesize(copy_to="ca-west-1").all("aws_backup_vault")}

    assert names == {"shop-backup-prod"}


@pytest.mark.parametrize(("provider", "region"), [(None, "ca-central-1"), ("aws.copies", "ca-west-1")])
def test_a_vaults_key_is_used_through_the_services_of_its_own_region(provider: str | None, region: str) -> None:
    stack = synthesize(copy_to="ca-west-1")
    key = stack.address("aws_kms_key", provider=provider)

    assert stack.one("aws_backup_vault", provider=provider)["kms_key_arn"] == f"${{{key}.arn}}"
    use = statements(stack.one("aws_kms_key", provider=provider)["policy"])["UseThroughServices"]
    assert use["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"{service}.{region}.amazonaws.com" for service in ("backup", "elasticfilesystem", "rds")
    ]


def test_governance_has_a_minimum_and_no_days_of_grace() -> None:
    lock = synthesize(lock="governance", lock_minimum_days=9).one("aws_backup_vault_lock_configuration")

    assert lock["min_retention_days"] == 9
    assert "changeable_for_days" not in lock, "with it the lock could never be lifted"


def test_compliance_has_days_of_grace() -> None:
    stack = synthesize(lock="compliance", lock_grace_days=12, copy_to="ca-west-1")

    assert [lock["changeable_for_days"] for lock in stack.all("aws_backup_vault_lock_configuration")] == [12, 12]


def test_without_a_lock_a_teardown_empties_the_vault_and_with_one_it_does_not() -> None:
    free = synthesize()

    assert not free.all("aws_backup_vault_lock_configuration")
    assert free.one("aws_backup_vault")["force_destroy"] is True
    assert synthesize(lock="governance").one("aws_backup_vault")["force_destroy"] is False


@pytest.mark.parametrize("type_", ["aws_backup_vault", "aws_kms_key"])
def test_vaults_and_keys_of_a_protected_environment_are_never_destroyed(type_: str) -> None:
    for protected in (True, False):
        stack = synthesize(protected=protected, copy_to="ca-west-1")
        assert [bool(made.get("lifecycle", {}).get("prevent_destroy")) for made in stack.all(type_)] == [protected] * 2


@pytest.mark.parametrize(("files", "resources"), [(FILES, [CLUSTER, FILES]), (None, [CLUSTER])])
def test_the_plan_takes_the_cluster_and_the_files_by_name(files: str | None, resources: list[str]) -> None:
    assert synthesize(files=files).one("aws_backup_selection")["resources"] == resources


def test_the_account_opts_in_before_and_other_services_stay_as_they_are() -> None:
    stack = synthesize()
    opt_in = stack.one("aws_backup_region_settings")

    assert opt_in["resource_type_opt_in_preference"] == {"Aurora": True, "EFS": True}
    # The provider reads back every service: without this each plan would want to remove the others.
    assert opt_in["lifecycle"]["ignore_changes"] == ["resource_type_opt_in_preference"]
    waits = stack.one("aws_backup_selection")["depends_on"]
    assert set(waits) == {stack.address("aws_backup_region_settings"), stack.address("aws_iam_role_policy")}


def test_the_role_may_use_the_things_of_this_environment_only() -> None:
    policy = backup_policy(
        HOME, copy_to=None, cluster_arn=CLUSTER, file_system_arn=FILES, vault_arns=["arn:vault"], key_arns=["arn:key"]
    )
    found = statements(policy)

    snapshots = "arn:aws:rds:ca-central-1:222222222222:cluster-snapshot:awsbackup:*"
    assert found["BackUpAurora"]["Resource"] == [CLUSTER, snapshots]
    assert found["CopyAndExpireAurora"]["Resource"] == [snapshots]
    assert found["BackUpFiles"]["Resource"] == [FILES]
    assert found["UseVaults"]["Resource"] == ["arn:vault"]
    assert found["TagBackups"]["Resource"] == ["arn:aws:backup:ca-central-1:222222222222:recovery-point:*"]
    assert found["SeeKeys"]["Resource"] == found["GrantKeys"]["Resource"] == ["arn:key"]
    assert found["GrantKeys"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert all("*" not in statement["Resource"] for statement in found.values())
    # It makes backups; restoring and lifting locks is for people.
    actions = {action for statement in found.values() for action in statement["Action"]}
    assert not [action for action in actions if "Restore" in action or "Lock" in action or "VaultAccess" in action]


def test_the_role_copies_between_the_two_regions() -> None:
    found = statements(
        backup_policy(HOME, copy_to="ca-west-1", cluster_arn=CLUSTER, file_system_arn=None, vault_arns=[], key_arns=[])
    )

    assert "BackUpFiles" not in found
    assert {arn.split(":")[3] for arn in found["CopyAndExpireAurora"]["Resource"]} == {"ca-central-1", "ca-west-1"}
    assert "rds.ca-west-1.amazonaws.com" in found["GrantKeys"]["Condition"]["StringEquals"]["kms:ViaService"]


def test_the_role_is_given_the_keys_of_the_data_and_of_both_vaults() -> None:
    stack = synthesize(copy_to="ca-west-1")
    keys = statements(stack.one("aws_iam_role_policy")["policy"])["GrantKeys"]["Resource"]

    addresses = [stack.address("aws_kms_key", provider=provider) for provider in (None, "aws.copies")]
    assert keys == [DATA_KEY, *(f"${{{address}.arn}}" for address in addresses)]
    assert json.loads(stack.one("aws_iam_role")["assume_role_policy"])["Statement"][0]["Principal"] == {
        "Service": "backup.amazonaws.com"
    }


def test_what_is_watched_follows_from_what_is_backed_up_and_copied() -> None:
    def ids(*, has_files: bool, **given: Any) -> set[str]:
        return {alarm.id for alarm in backups_row(settings(**given), vault="v", has_files=has_files).alarms}

    assert ids(has_files=False) == {"failed", "aurora-missing"}
    assert ids(has_files=True, copy_to="ca-west-1") == {"failed", "aurora-missing", "efs-missing", "copies-failed"}


def test_a_day_without_a_backup_is_noticed_though_nothing_failed() -> None:
    row = backups_row(settings(), vault="shop-backup-prod", has_files=True)
    (alarm,) = (alarm for alarm in row.alarms if alarm.id == "efs-missing")

    assert (alarm.comparison, alarm.threshold, alarm.periods, alarm.period_seconds) == ("below", 1, 2, 86_400)
    assert alarm.missing == "breaching", "a plan that never runs writes no metric at all"
    assert alarm.metrics[0].dimensions == {"BackupVaultName": "shop-backup-prod", "ResourceType": "EFS"}


def test_a_job_that_failed_and_one_that_never_started_are_both_told() -> None:
    (alarm,) = (a for a in backups_row(settings(), vault="v", has_files=True).alarms if a.id == "failed")

    assert [metric.name for metric in alarm.metrics] == ["NumberOfBackupJobsFailed", "NumberOfBackupJobsExpired"]
    assert (alarm.expression, alarm.threshold, alarm.missing) == ("FILL(m1, 0) + FILL(m2, 0)", 0, "notBreaching")
