"""What lies encrypted under keys after a teardown: each with the command that deletes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tools.deploy.aws import Regional, pages

# https://aws.amazon.com/kms/pricing/
KEY_USD_A_MONTH = 1


@dataclass(frozen=True)
class Left:
    """One snapshot, backup or secret; `key` is the ARN of what it is encrypted with."""

    kind: str
    name: str
    key: str
    delete: str


def find(keys: Iterable[str], vaults: Sequence[tuple[str, str]], client: Regional) -> list[Left]:
    """What is under these keys and stays when its source is gone; without keys nothing is asked.

    `vaults` are pairs of region and name: their recovery points count under whichever key. Automated snapshots are left
    out, because AWS deletes them with their source.
    """
    keys = set(keys)
    found = [left for region in sorted({key.split(":")[3] for key in keys}) for left in _under(region, client)]
    points = [left for region, vault in vaults for left in _points(region, vault, client)]
    return [left for left in found if left.key in keys] + points


def _under(region: str, client: Regional) -> Iterator[Left]:
    aws = f"aws --region {region}"
    rds = client("rds", region)
    for one in pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"):
        name = one["DBClusterSnapshotIdentifier"]
        delete = f"{aws} rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {name}"
        yield Left("snapshot of Aurora", name, one.get("KmsKeyId", ""), delete)
    backups = "DBClusterAutomatedBackups"
    for one in pages(rds, "describe_db_cluster_automated_backups", backups):
        if one.get("Status") == "retained":
            id_ = one["DbClusterResourceId"]
            delete = f"{aws} rds delete-db-cluster-automated-backup --db-cluster-resource-id {id_}"
            name = f"{one['DBClusterIdentifier']} ({id_})"
            yield Left("retained backups of Aurora", name, one.get("KmsKeyId", ""), delete)
    for one in pages(client("elasticache", region), "describe_snapshots", "Snapshots", SnapshotSource="user"):
        delete = f"{aws} elasticache delete-snapshot --snapshot-name {one['SnapshotName']}"
        yield Left("snapshot of Redis", one["SnapshotName"], one.get("KmsKeyId", ""), delete)
    secrets = client("secretsmanager", region)
    for one in pages(secrets, "list_secrets", "SecretList", IncludePlannedDeletion=True):
        if "DeletedDate" in one:
            # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
            delete = f"{aws} secretsmanager delete-secret --secret-id {one['ARN']} --force-delete-without-recovery"
            yield Left("secret until its recovery window ends", one["Name"], one.get("KmsKeyId", ""), delete)


def _points(region: str, vault: str, client: Regional) -> Iterator[Left]:
    operation, key = "list_recovery_points_by_backup_vault", "RecoveryPoints"
    for one in pages(client("backup", region), operation, key, BackupVaultName=vault):
        arn = one["RecoveryPointArn"]
        delete = f"aws --region {region} backup delete-recovery-point --backup-vault-name {vault}"
        delete += f" --recovery-point-arn {arn}"
        yield Left("recovery point", arn, one.get("EncryptionKeyArn", ""), delete)


def show(
    environment: str,
    keys: Sequence[str],
    vaults: Sequence[str],
    left: Sequence[Left],
    say: Callable[[str], None] = print,
) -> None:
    """Say what a teardown has left, what it costs and how it ends; nothing where nothing is left."""
    if not keys and not vaults and not left:
        return
    say("These remain, so that the environment can be restored:")
    for one in left:
        say(f"  {one.kind}: {one.name}")
    for vault in vaults:
        say(f"  vault of backups: {vault}")
    for key in keys:
        say(f"  key: {key}")
    say(
        f"Cost per month: {len(keys) * KEY_USD_A_MONTH} USD for {len(keys)} keys (more after rotations of their key "
        "material), "
        "and the storage of snapshots and backups. Secrets that are pending deletion cost nothing."
    )
    say(f"The next make deploy ENV={environment} uses the keys, the secret and the vaults again.")
    say(f"To delete the rest permanently: make forget ENV={environment} CONFIRM={environment}")
