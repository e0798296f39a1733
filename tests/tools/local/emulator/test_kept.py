"""What outlives a cluster or a replication group, and keys that are pending deletion."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def _key(client: Client) -> str:
    return str(client("kms").create_key()["KeyMetadata"]["Arn"])


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _cluster(client: Client, name: str, key: str) -> None:
    client("rds").create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="owner", DatabaseName="shop",
        ManageMasterUserPassword=True, StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip


def test_a_key_that_is_pending_deletion_encrypts_and_decrypts_nothing(client: Client) -> None:
    kms, key = client("kms"), _key(client)
    secret = kms.encrypt(KeyId=key, Plaintext=b"a")["CiphertextBlob"]

    kms.schedule_key_deletion(KeyId=_id(key), PendingWindowInDays=7)

    calls: list[Callable[[], Any]] = [
        lambda: kms.encrypt(KeyId=key, Plaintext=b"a"),
        lambda: kms.decrypt(CiphertextBlob=secret),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    ]
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert _code(refused) == "KMSInvalidStateException"

    # AWS leaves a key disabled whose deletion was cancelled
    kms.cancel_key_deletion(KeyId=_id(key))
    with pytest.raises(ClientError) as refused:
        kms.decrypt(CiphertextBlob=secret)
    assert _code(refused) == "DisabledException"
    kms.enable_key(KeyId=_id(key))
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"a"


@pytest.mark.parametrize("way", ["snapshot", "point in time", "new"])
def test_nothing_is_restored_or_made_under_such_a_key(client: Client, name: str, way: str) -> None:
    rds, kms, key = client("rds"), client("kms"), _key(client)
    _cluster(client, name, key)
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-s")
    calls: dict[str, Callable[[], Any]] = {
        "snapshot": lambda: rds.restore_db_cluster_from_snapshot(
            SnapshotIdentifier=f"{name}-s", DBClusterIdentifier=f"{name}-2", Engine="aurora-postgresql"
        ),
        "point in time": lambda: rds.restore_db_cluster_to_point_in_time(
            SourceDBClusterIdentifier=name, DBClusterIdentifier=f"{name}-2", UseLatestRestorableTime=True
        ),
        "new": lambda: _cluster(client, f"{name}-2", key),
    }

    kms.schedule_key_deletion(KeyId=_id(key), PendingWindowInDays=7)
    with pytest.raises(ClientError) as refused:
        calls[way]()
    assert _code(refused) == "KMSKeyNotAccessibleFault"

    kms.cancel_key_deletion(KeyId=_id(key))
    kms.enable_key(KeyId=_id(key))
    calls[way]()
    assert rds.describe_db_clusters(DBClusterIdentifier=f"{name}-2")["DBClusters"][0]["KmsKeyId"] == key


@pytest.mark.parametrize("deleted", [True, False])
def test_backups_stay_where_a_deletion_says_so(client: Client, name: str, deleted: bool) -> None:
    rds, key = client("rds"), _key(client)
    _cluster(client, name, key)

    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=deleted)

    found = rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"]
    mine = [one for one in found if one["DBClusterIdentifier"] == name]
    assert [(one["Status"], one["KmsKeyId"]) for one in mine] == ([] if deleted else [("retained", key)])
    for one in mine:
        rds.delete_db_cluster_automated_backup(DbClusterResourceId=one["DbClusterResourceId"])
    left = rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"]
    assert not [one for one in left if one["DBClusterIdentifier"] == name]


def test_a_replication_group_leaves_its_final_snapshot_under_its_key(client: Client, name: str) -> None:
    cache, key = client("elasticache"), _key(client)
    group, snapshot = name[:30], f"{name}-final"
    cache.create_replication_group(
        ReplicationGroupId=group, ReplicationGroupDescription="a", AtRestEncryptionEnabled=True, KmsKeyId=key
    )

    cache.delete_replication_group(ReplicationGroupId=group, FinalSnapshotIdentifier=snapshot)

    found = cache.describe_snapshots(SnapshotSource="user")["Snapshots"]
    (mine,) = [one for one in found if one["SnapshotName"] == snapshot]
    assert (mine["KmsKeyId"], mine["ReplicationGroupId"]) == (key, group)


def test_the_data_api_answers_for_no_cluster_whose_endpoint_is_off(client: Client, name: str) -> None:
    _cluster(client, name, _key(client))
    cluster = client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]

    with pytest.raises(ClientError) as refused:
        client("rds-data").execute_statement(
            resourceArn=cluster["DBClusterArn"], secretArn=cluster["MasterUserSecret"]["SecretArn"], sql="SELECT 1"
        )
    assert _code(refused) == "HttpEndpointNotEnabledException"


def test_a_vault_has_no_recovery_point_because_no_time_passes(client: Client, name: str) -> None:
    client("backup").create_backup_vault(BackupVaultName=name)

    assert client("backup").list_recovery_points_by_backup_vault(BackupVaultName=name)["RecoveryPoints"] == []


def test_the_name_of_a_deleted_plan_is_free_and_that_of_another_is_not(client: Client, name: str) -> None:
    backup = client("backup")
    plan = {"BackupPlanName": name, "Rules": [{"RuleName": "daily", "TargetBackupVaultName": name}]}
    made = backup.create_backup_plan(BackupPlan=plan)["BackupPlanId"]
    with pytest.raises(ClientError) as refused:
        backup.create_backup_plan(BackupPlan=plan)
    assert _code(refused) == "AlreadyExistsException"

    backup.delete_backup_plan(BackupPlanId=made)

    assert backup.create_backup_plan(BackupPlan=plan)["BackupPlanId"] != made
