"""Refuses to make an empty database in the place of one that was destroyed and has left a snapshot."""

from __future__ import annotations

from typing import Any

from settings import Environment
from settings.database import START_EMPTY
from tools.deploy.aws import ask, asked, pages
from tools.synthesized.errors import DeployError


def refuse_empty(environment: Environment, *, rds: Any) -> None:
    """DeployError where a deployment would create an empty cluster although an earlier one has left a snapshot.

    `database.restore_from` is read only when the cluster is created: whoever forgets it after an interrupted `destroy`
    notices when the application has already written into an empty database. `rds` is a boto3 client.
    """
    if environment.database.restore_from is not None:
        return
    name = environment.names.name("aurora")
    with asked("nothing was deployed, for it is not known whether the database must be restored"):
        if ask(rds.describe_db_clusters, DBClusterIdentifier=name).get("DBClusters"):
            return
        arguments = {"DBClusterIdentifier": name, "SnapshotType": "manual"}
        found = list(pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", **arguments))
    if found:
        # One that is still being made may have no time yet.
        newest = max(found, key=lambda one: str(one.get("SnapshotCreateTime") or "now"))
        names = environment.names
        raise DeployError(
            f"environments/{names.project}-{names.stage}.toml: database.restore_from is not set, but {name} does not "
            f"exist and has left snapshots; allowed: a snapshot, the newest is "
            f'"{newest["DBClusterSnapshotIdentifier"]}", or "{START_EMPTY}", which creates an empty database; set it'
        )
