"""A protected environment is torn down and comes back with its rows: what docs/recovery.md promises."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.deploy.walked import NAME, Walked, walked

pytestmark = [pytest.mark.emulator, pytest.mark.long, pytest.mark.timeout(3600)]

CONFIRMED = ("--confirm", NAME)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    with walked(tmp_path_factory.mktemp("walk")) as made:
        yield made


def _key(platform: Walked, purpose: str) -> Any:
    return platform.client("kms").describe_key(KeyId=f"alias/walk-{purpose}-prod")["KeyMetadata"]


def _rotated(platform: Walked, secret: str = "walk/prod/database") -> bool:
    for _ in range(120):
        found = platform.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
        if '"password"' in found:
            return True
        time.sleep(1)
    return False


def test_what_was_written_is_there_after_a_teardown_and_a_deployment(platform: Walked) -> None:
    # GIVEN a protected environment with rows in its database
    platform.make("bootstrap", "--approve")
    platform.make("deploy", "--approve")
    platform.database.wait()
    assert platform.database.server is not None
    platform.database.server.execute("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id", dbname="shop")
    keys = {purpose: _key(platform, purpose)["Arn"] for purpose in ("data", "secrets", "backup")}
    others = {purpose: _key(platform, purpose)["Arn"] for purpose in ("logs", "alarms")}
    assert _rotated(platform)
    secret = platform.client("secretsmanager").describe_secret(SecretId="walk/prod/database")["ARN"]
    assert "protected:" in platform.make("destroy", *CONFIRMED, fails=True)
    assert "deployed:" in platform.make("forget", *CONFIRMED, fails=True)

    # WHEN it is torn down
    platform.make("unprotect", *CONFIRMED)
    said = platform.make("destroy", *CONFIRMED)

    # THEN the keys of what is left are as they were, and the others are not
    assert {purpose: _key(platform, purpose)["Arn"] for purpose in keys} == keys
    assert {_key(platform, purpose)["KeyState"] for purpose in keys} == {"Enabled"}
    kms = platform.client("kms")
    assert {kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] for arn in others.values()} == {"PendingDeletion"}

    # THEN it says what is left, and with which command it ends
    rds = platform.client("rds")
    (snapshot,) = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    (backups,) = rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"]
    (cached,) = platform.client("elasticache").describe_snapshots(SnapshotSource="user")["Snapshots"]
    for name in (
        snapshot["DBClusterSnapshotIdentifier"], backups["DbClusterResourceId"], cached["SnapshotName"],
        "walk/prod/database", "walk-backup-prod", *keys.values(), "3 USD for 3 keys",
        f"make forget ENV={NAME} CONFIRM={NAME}",
    ):  # fmt: skip
        assert name in said, said

    # THEN it is not forgotten while anything needs its key, and each is named with the command that deletes it
    refused = platform.make("forget", *CONFIRMED, fails=True)
    assert "nothing was deleted; 4 items still need a key or a vault:" in refused
    assert (
        f"delete-db-cluster-snapshot --db-cluster-snapshot-identifier {snapshot['DBClusterSnapshotIdentifier']}"
        in refused
    )
    assert {_key(platform, purpose)["KeyState"] for purpose in keys} == {"Enabled"}

    # THEN nothing can be restored while the key is pending deletion; that is how it was lost before
    kms.schedule_key_deletion(KeyId=keys["data"].rpartition("/")[2], PendingWindowInDays=30)
    with pytest.raises(ClientError, match="KMSKeyNotAccessibleFault"):
        rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier="refused", Engine="aurora-postgresql",
            SnapshotIdentifier=snapshot["DBClusterSnapshotIdentifier"],
        )  # fmt: skip

    # WHEN it is deployed again from its final snapshot, which also cancels that deletion
    platform.set("database", "restore_from", snapshot["DBClusterSnapshotIdentifier"])
    said = platform.make("deploy", "--approve")

    # THEN keys and secret are the same, and the rows are there
    assert {purpose: _key(platform, purpose)["Arn"] for purpose in keys} == keys
    assert {_key(platform, purpose)["KeyState"] for purpose in keys} == {"Enabled"}
    assert platform.client("secretsmanager").describe_secret(SecretId="walk/prod/database")["ARN"] == secret
    platform.database.wait()
    assert platform.database.server.execute("SELECT count(*) FROM orders", dbname="shop") == [(1000,)]
    assert rds.describe_db_clusters()["DBClusters"][0]["KmsKeyId"] == keys["data"]
    assert _rotated(platform), said

    # THEN nothing is left to do but what the provider does not ask for in a restore, which a second deployment does
    left = platform.plans()
    assert set(left) <= {f"{NAME}-data"}, left
    if left:
        assert "iam_database_authentication_enabled" in left[f"{NAME}-data"]
        assert "0 to add, 1 to change, 0 to destroy" in left[f"{NAME}-data"]
        platform.make("deploy", "--approve")
        assert platform.plans() == {}


def test_what_is_left_can_be_ended_for_good(platform: Walked) -> None:
    # GIVEN a teardown, and everything deleted that it has left
    platform.make("unprotect", *CONFIRMED)
    platform.make("destroy", *CONFIRMED)
    keys = {purpose: _key(platform, purpose)["KeyId"] for purpose in ("data", "secrets", "backup")}
    rds, cache, secrets = (platform.client(name) for name in ("rds", "elasticache", "secretsmanager"))
    for one in rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]:
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=one["DBClusterSnapshotIdentifier"])
    for one in rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"]:
        rds.delete_db_cluster_automated_backup(DbClusterResourceId=one["DbClusterResourceId"])
    for one in cache.describe_snapshots(SnapshotSource="user")["Snapshots"]:
        cache.delete_snapshot(SnapshotName=one["SnapshotName"])
    assert "1 item still needs a key or a vault:" in platform.make("forget", *CONFIRMED, fails=True)
    secrets.delete_secret(SecretId="walk/prod/database", ForceDeleteWithoutRecovery=True)

    # WHEN it is forgotten
    said = platform.make("forget", *CONFIRMED)

    # THEN the keys go when the window of the settings ends, and their names are free
    kms = platform.client("kms")
    assert {kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys.values()} == {"PendingDeletion"}
    assert "deleted in 30 days" in said
    names = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    assert not names & {"alias/walk-data-prod", "alias/walk-secrets-prod", "alias/walk-backup-prod"}
    assert platform.client("backup").list_backup_vaults()["BackupVaultList"] == []
    assert "No key of walk-prod is kept" in platform.make("forget", *CONFIRMED)
