"""When the keys that a teardown has kept may be deleted; all tools played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_tools import Tools

from tests.tools.deploy.kept_parts import (
    CONFIRMED,
    NAME,
    PROVIDERS,
    REGION,
    aws,
    in_state,
    make_key,
    name_in_json,
)
from tools.deploy import teardown as ending
from tools.deploy.__main__ import main
from tools.deploy.aws import Regional
from tools.local.emulator.additions import rds_backups
from tools.synthesized.errors import DeployError


@pytest.mark.parametrize("given", [[], ["--confirm", "iot-prod"]])
def test_forgetting_needs_the_name_of_the_environment(tools: Tools, given: list[str]) -> None:
    key = make_key("data")
    name_in_json(tools, "network", "data")

    assert main(["forget", "--env", NAME, *given]) == 1
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_an_environment_that_stands_is_not_forgotten(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    key = make_key("data")
    name_in_json(tools, "network", "data")
    in_state(tools, "data", ("aws_sqs_queue", "q", {}))

    assert main(["forget", *CONFIRMED]) == 1

    assert f"deployed: {NAME}-data; first run: make destroy" in capsys.readouterr().err
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def _snapshot(key: str) -> str:
    aws("rds").create_db_cluster(
        DBClusterIdentifier="a", Engine="aurora-postgresql", MasterUsername="owner", MasterUserPassword="only-for-this",
        StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip
    aws("rds").delete_db_cluster(DBClusterIdentifier="a", FinalDBSnapshotIdentifier="last")
    return "delete-db-cluster-snapshot --db-cluster-snapshot-identifier last"


def _backups(key: str) -> str:
    _snapshot(key)
    aws("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="last")
    retained = {"DbClusterResourceId": "cluster-1", "DBClusterIdentifier": "a", "KmsKeyId": key, "Status": "retained"}
    from moto.rds.models import rds_backends

    rds_backups._retained(rds_backends[key.split(":")[4]][REGION])["cluster-1"] = retained
    return "delete-db-cluster-automated-backup --db-cluster-resource-id cluster-1"


def _secret(key: str) -> str:
    arn = aws("secretsmanager").create_secret(Name="s", SecretString="{}", KmsKeyId=key)["ARN"]
    aws("secretsmanager").delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    return f"delete-secret --secret-id {arn} --force-delete-without-recovery"


def _cluster(key: str) -> str:
    """It runs, restored by hand from the final snapshot, and is in no state; or the states are lost."""
    aws("rds").create_db_cluster(
        DBClusterIdentifier="b", Engine="aurora-postgresql", MasterUsername="owner", MasterUserPassword="only-for-this",
        StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip
    return "delete-db-cluster --db-cluster-identifier b --final-db-snapshot-identifier NAME"


def _redis(key: str) -> str:
    aws("elasticache").create_replication_group(
        ReplicationGroupId="r", ReplicationGroupDescription="a", AtRestEncryptionEnabled=True, KmsKeyId=key
    )
    return "delete-replication-group --replication-group-id r"


def _files(key: str) -> str:
    id_ = aws("efs").create_file_system(CreationToken="f", Encrypted=True, KmsKeyId=key)["FileSystemId"]
    return f"delete-file-system --file-system-id {id_}"


def _living_secret(key: str) -> str:
    """By the alias, as a person may name the key."""
    arn = aws("secretsmanager").create_secret(Name="t", SecretString="{}", KmsKeyId="alias/iot-data-dev")["ARN"]
    return f"delete-secret --secret-id {arn}"


@pytest.mark.parametrize("leave", [_snapshot, _backups, _secret, _cluster, _redis, _files, _living_secret])
def test_a_key_that_something_needs_is_not_forgotten(
    tools: Tools, leave: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    key = make_key("data")
    name_in_json(tools, "network", "data")
    command = leave(key)

    assert main(["forget", *CONFIRMED]) == 1

    assert command in capsys.readouterr().err
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize("under", ["the key", "another"])
def test_a_backup_in_a_vault_of_others_needs_its_key(tools: Tools, under: str) -> None:
    """One that a person has made, or a policy of the organization; moto has no recovery points."""
    key = make_key("data")
    name_in_json(tools, "network", "data")
    aws("backup").create_backup_vault(BackupVaultName="Default")
    points = [{"RecoveryPointArn": "arn:aws:rds:point", "EncryptionKeyArn": key if under == "the key" else "other"}]

    if under == "another":
        ending.forget(NAME, window_days=7, s3=tools.s3, client=_backups_have(points))
        assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
        return
    with pytest.raises(DeployError, match="delete-recovery-point --backup-vault-name Default"):
        ending.forget(NAME, window_days=7, s3=tools.s3, client=_backups_have(points))
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def _backups_have(points: list[dict[str, str]]) -> Regional:
    """AWS, with these recovery points in each vault."""

    class Backup:
        def __getattr__(self, name: str) -> Any:
            return getattr(aws("backup"), name)

        def get_paginator(self, operation: str) -> Any:
            if operation != "list_recovery_points_by_backup_vault":
                return aws("backup").get_paginator(operation)
            return type("Pages", (), {"paginate": lambda *_, **__: [{"RecoveryPoints": points}]})()

    return lambda service, region: Backup() if service == "backup" else aws(service, region)


def test_a_vault_with_a_recovery_point_is_not_forgotten(tools: Tools) -> None:
    """moto has no recovery points."""
    vaults = {"aws_backup_vault": {"v": {"name": "iot-backup-dev"}}}
    tools.edit("data", provider=PROVIDERS, resource=vaults)
    aws("backup").create_backup_vault(BackupVaultName="iot-backup-dev", BackupVaultTags={"Environment": NAME})
    points: list[dict[str, str]] = [{"RecoveryPointArn": "arn:aws:backup:point", "EncryptionKeyArn": "k"}]

    client = _backups_have(points)
    with pytest.raises(DeployError, match="delete-recovery-point --backup-vault-name iot-backup-dev"):
        ending.forget(NAME, window_days=7, s3=tools.s3, client=client)
    points.clear()
    ending.forget(NAME, window_days=7, s3=tools.s3, client=client)
    assert aws("backup").list_backup_vaults()["BackupVaultList"] == []


def test_a_key_that_nothing_needs_is_forgotten_with_its_alias(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    key, other = make_key("data"), make_key("unnamed")
    name_in_json(tools, "network", "data")

    assert main(["forget", *CONFIRMED]) == 0

    found = aws("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert found["KeyState"] == "PendingDeletion"
    assert "alias/iot-data-dev: deleted in 7 days" in capsys.readouterr().out
    names = {alias["AliasName"] for alias in aws("kms").list_aliases()["Aliases"]}
    assert "alias/iot-data-dev" not in names
    assert "alias/iot-unnamed-dev" in names
    assert aws("kms").describe_key(KeyId=other)["KeyMetadata"]["KeyState"] == "Enabled"
