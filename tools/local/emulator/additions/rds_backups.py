"""RDS: restored clusters and their keys, backups that outlive their cluster."""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import KMSKeyNotAccessibleFault, RDSClientError
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from tools.local.emulator.additions import kms
from tools.local.emulator.registry import add, extend


def _require_key(backend: Any, key: str | None) -> None:
    """RDS cannot read or write under a key that is disabled or pending deletion.

    https://repost.aws/knowledge-center/rds-aurora-inaccessible-state
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html
    """
    found = kms.find(backend.account_id, key)
    if found and not kms.usable(found):
        raise KMSKeyNotAccessibleFault(found.arn)


@extend(RDSBackend, unless="_validate_kms_key")
def create_db_cluster(stock: Any, self: Any, kwargs: dict[str, Any]) -> Any:
    """moto takes any key, and replaces a cluster that has the name. Restored clusters come through here, too.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html
    """
    if kwargs["db_cluster_identifier"] in self.clusters:
        raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    _require_key(self, kwargs.get("kms_key_id"))
    return stock(self, kwargs)


@extend(RDSBackend, unless="clone_group_id")
def restore_db_cluster_from_snapshot(stock: Any, self: Any, from_snapshot_id: str, overrides: Any) -> Any:
    """moto's cluster does not say what it was made from. What starts PostgreSQL behind it (`tools.local.database`)
    reads that in CloneGroupId, which on AWS is set for clones, and which the provider does not know.
    """
    (snapshot,) = self.describe_db_cluster_snapshots(None, from_snapshot_id)
    _require_key(self, snapshot.kms_key_id)
    cluster = stock(self, from_snapshot_id, overrides)
    cluster.clone_group_id = f"snapshot:{snapshot.db_cluster_snapshot_identifier}"
    return cluster


def _retained(backend: Any) -> dict[str, Any]:
    found: dict[str, Any] = backend.__dict__.setdefault("retained_cluster_backups", {})
    return found


def retain(backend: Any, cluster: Any) -> None:
    """Keep the automated backups of a cluster that has just been deleted."""
    _retained(backend)[cluster.db_cluster_resource_id] = {
        "DbClusterResourceId": cluster.db_cluster_resource_id,
        "DBClusterIdentifier": cluster.db_cluster_identifier,
        "DBClusterArn": cluster.db_cluster_arn,
        "Engine": cluster.engine,
        "EngineVersion": cluster.engine_version,
        "KmsKeyId": cluster.kms_key_id,
        "BackupRetentionPeriod": cluster.backup_retention_period,
        "Status": "retained",
    }


@add(RDSResponse)
def describe_db_cluster_automated_backups(self: Any) -> ActionResult:
    """Not in moto. Those of clusters that stand are left out: nobody asks for them here."""
    return ActionResult({"DBClusterAutomatedBackups": list(_retained(self.backend).values())})


@add(RDSResponse)
def delete_db_cluster_automated_backup(self: Any) -> ActionResult:
    """Not in moto."""
    return ActionResult({"DBClusterAutomatedBackup": _retained(self.backend).pop(self.params["DbClusterResourceId"])})


@add(RDSResponse)
def enable_http_endpoint(self: Any) -> ActionResult:
    """Not in moto, which takes it for a property of Serverless v1 only."""
    arn = self.params["ResourceArn"]
    cluster = next(one for one in self.backend.clusters.values() if one.db_cluster_arn == arn)
    cluster._enable_http_endpoint = True
    return ActionResult({"ResourceArn": arn, "HttpEndpointEnabled": True})
