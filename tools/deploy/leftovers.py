"""What lies encrypted under keys beside the environment: each with the command that deletes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tools.deploy.aws import Regional, ask, pages

# https://aws.amazon.com/kms/pricing/
KEY_USD_A_MONTH = 1


@dataclass(frozen=True)
class Left:
    """Something that can be read only with its key; `key` is that key's ARN, and `arn` its own where it has one."""

    kind: str
    name: str
    key: str
    delete: str
    arn: str = ""


def find(
    keys: Iterable[str], vaults: Sequence[tuple[str, str]], client: Regional, *, known: Collection[str] = ()
) -> list[Left]:
    """What is under these keys, but what `known` has the ARN of; without keys nothing is asked.

    `vaults` are pairs of region and name: their recovery points count under whichever key. Automated snapshots are left
    out, because AWS deletes them with their source, and so are secrets that another service owns.
    """
    keys = set(keys)
    regions = sorted({key.split(":")[3] for key in keys})
    under = [left for region in regions for left in _under(region, vaults, client)]
    points = [left for region, vault in vaults for left in _points(region, vault, client)]
    return [left for left in under if left.key in keys and left.arn not in known] + points


def snapshots(type_: str, region: str, client: Regional) -> set[str]:
    """The names of the snapshots of a type of resource."""
    listed = _of_rds(region, client) if type_ == "aws_rds_cluster" else _of_others(region, client)
    return {left.name for left in listed if left.kind.startswith("snapshot")}


def _under(region: str, vaults: Sequence[tuple[str, str]], client: Regional) -> Iterator[Left]:
    for left in (*_of_rds(region, client), *_of_others(region, client)):
        yield _with_arn_of_key(left, region, client)
    # Backups that a person or another plan has made. In its own region a backup of Aurora has the cluster's key:
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
    for vault in pages(client("backup", region), "list_backup_vaults", "BackupVaultList"):
        if (region, vault["BackupVaultName"]) not in vaults:
            yield from _points(region, vault["BackupVaultName"], client)


def _of_rds(region: str, client: Regional) -> Iterator[Left]:
    aws, rds = f"aws --region {region} rds", client("rds", region)
    for one in pages(rds, "describe_db_clusters", "DBClusters"):
        name, key = one["DBClusterIdentifier"], one.get("KmsKeyId", "")
        delete = f"{aws} delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier NAME"
        yield Left("cluster of Aurora", name, key, delete, one["DBClusterArn"])
    # Without a type, because AWS does not say for clusters which one a snapshot of AWS Backup has.
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusterSnapshots.html
    for one in pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots"):
        if one.get("SnapshotType") != "automated":
            name = one["DBClusterSnapshotIdentifier"]
            delete = f"{aws} delete-db-cluster-snapshot --db-cluster-snapshot-identifier {name}"
            yield Left("snapshot of Aurora", name, one.get("KmsKeyId", ""), delete)
    for one in pages(rds, "describe_db_cluster_automated_backups", "DBClusterAutomatedBackups"):
        if one.get("Status") == "retained":
            id_ = one["DbClusterResourceId"]
            delete = f"{aws} delete-db-cluster-automated-backup --db-cluster-resource-id {id_}"
            name = f"{one['DBClusterIdentifier']} ({id_})"
            yield Left("retained backups of Aurora", name, one.get("KmsKeyId", ""), delete)


def _of_others(region: str, client: Regional) -> Iterator[Left]:
    aws, redis = f"aws --region {region}", client("elasticache", region)
    for one in pages(redis, "describe_replication_groups", "ReplicationGroups"):
        name = one["ReplicationGroupId"]
        delete = f"{aws} elasticache delete-replication-group --replication-group-id {name}"
        yield Left("replication group of Redis", name, one.get("KmsKeyId", ""), delete, one.get("ARN", ""))
    for one in pages(redis, "describe_snapshots", "Snapshots", SnapshotSource="user"):
        delete = f"{aws} elasticache delete-snapshot --snapshot-name {one['SnapshotName']}"
        yield Left("snapshot of Redis", one["SnapshotName"], one.get("KmsKeyId", ""), delete)
    for one in pages(client("efs", region), "describe_file_systems", "FileSystems"):
        id_ = one["FileSystemId"]
        delete = f"{aws} efs delete-file-system --file-system-id {id_}"
        yield Left("file system", id_, one.get("KmsKeyId", ""), delete, one["FileSystemArn"])
    secrets = client("secretsmanager", region)
    for one in pages(secrets, "list_secrets", "SecretList", IncludePlannedDeletion=True):
        # The list may be five minutes old, so one that was just deleted looks as if it was not: both count.
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
        if not one.get("OwningService"):
            # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
            delete = f"{aws} secretsmanager delete-secret --secret-id {one['ARN']} --force-delete-without-recovery"
            kind = "secret until its recovery window ends" if "DeletedDate" in one else "secret"
            yield Left(kind, one["Name"], one.get("KmsKeyId", ""), delete, one["ARN"])


def _with_arn_of_key(left: Left, region: str, client: Regional) -> Left:
    """A key may be named by its id or an alias, as whoever made the secret or the snapshot named it."""
    if not left.key or ":key/" in left.key:
        return left
    key = ask(client("kms", region).describe_key, KeyId=left.key).get("KeyMetadata", {})
    return replace(left, key=key.get("Arn", left.key))


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
