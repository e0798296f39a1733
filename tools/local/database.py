"""The PostgreSQL behind each emulated Aurora cluster.

The rotation function's code and the secret stay as they are: the secret names the cluster's endpoint, the server's
certificate carries that name, libpq's PGHOSTADDR says where it really listens, and the authority's certificate takes
the place of the RDS authorities in the unpacked copy of the function's package.

A snapshot holds what its cluster held, and a cluster that is restored begins with it. What was made in the embedded AWS
is noticed within a second; nobody writes to a cluster that is being deleted, so that its final snapshot is whole.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme
from botocore.exceptions import ClientError

from tools.deploy.aws import pages
from tools.local.postgres import DataCopy, PostgresServer
from tools.synthesized.errors import DeployError

_POLL_SECONDS = 1.0
# Where rotation_lambda/build.py puts the authorities.
AUTHORITIES = "certificates/rds-ca-roots.pem"


class EmbeddedDatabase:
    """Follows the clusters and snapshots of the embedded RDS: starts, copies and stops servers as they come and go.

    `function_settings` is the file that the emulator reads before every call of a function or of the Data API,
    `authorities` that with the certificate of the authority that signed every server's. `server` is that of the
    watched cluster.
    """

    def __init__(self, folder: Path, function: str) -> None:
        self.function_settings = folder / "functions.json"
        self.function_settings.write_text("{}", encoding="utf-8")
        self.authorities = folder / "authority.pem"
        self._authority = trustme.CA()
        self.authorities.write_bytes(self._authority.cert_pem.bytes())
        self._function = function
        self._log = folder / "postgresql.log"
        self._stopping = threading.Event()
        self._served = threading.Event()
        self._following = concurrent.futures.ThreadPoolExecutor(1)
        self._work: concurrent.futures.Future[None] | None = None
        self._copies = tempfile.TemporaryDirectory(prefix="embedded-snapshots-", ignore_cleanup_errors=True)
        self._snapshots: dict[str, DataCopy] = {}
        self._origins: dict[str, DataCopy | None] = {}  # of clusters, by resource id
        self._servers: dict[str, tuple[str, PostgresServer]] = {}  # name and server, by resource id
        self._cluster = ""

    @property
    def server(self) -> PostgresServer | None:
        """The server of the watched cluster, None while there is none."""
        return dict(self._servers.values()).get(self._cluster)

    def watch(self, cluster: str, rds: Any, secrets: Any) -> None:
        """Begin to follow, in a thread: a cluster is created in the middle of a deployment."""
        self._cluster = cluster
        self._work = self._following.submit(self._follow, rds, secrets)

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the server of the watched cluster serves. Raises DeployError."""
        assert self._work is not None
        for _ in range(int(seconds / _POLL_SECONDS)):
            if self._served.wait(_POLL_SECONDS):
                return
            if self._work.done() and (error := self._work.exception()):
                raise DeployError(f"the embedded PostgreSQL did not start: {error}") from error
        raise DeployError(f"no PostgreSQL stood behind the embedded cluster within {seconds:.0f} s")

    def leave(self) -> None:
        """Stop following, which would keep the program from ending, and leave every server as it is."""
        self._stopping.set()
        self._following.shutdown()

    def stop(self) -> None:
        """Stop following, and every server."""
        self.leave()
        for _, server in self._servers.values():
            server.stop()
        self._copies.cleanup()

    def _follow(self, rds: Any, secrets: Any) -> None:
        self._write_settings()
        try:
            while not self._stopping.wait(_POLL_SECONDS):
                with contextlib.suppress(ClientError):  # what goes away meanwhile is gone the next time
                    self._look(rds, secrets)
        finally:
            self._write_settings(waits=False)

    def _look(self, rds: Any, secrets: Any) -> None:
        clusters = {one["DbClusterResourceId"]: one for one in pages(rds, "describe_db_clusters", "DBClusters")}
        self._copy_snapshots(rds)
        for gone in set(self._servers) - set(clusters):
            name, server = self._servers.pop(gone)
            server.stop()
            self._write_settings()
            if name == self._cluster:
                self._served.clear()
        for id_, cluster in clusters.items():
            if id_ not in self._origins:
                self._origins[id_] = self._origin(cluster)
            if id_ not in self._servers and cluster.get("MasterUserSecret"):
                self._serve(id_, cluster, secrets)
            elif id_ in self._servers:  # it may have another name by now
                self._servers[id_] = (cluster["DBClusterIdentifier"], self._servers[id_][1])

    def _copy_snapshots(self, rds: Any) -> None:
        found = {
            one["DBClusterSnapshotIdentifier"]: one["DBClusterIdentifier"]
            for one in pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual")
        }
        servers = dict(self._servers.values())
        for snapshot, cluster in found.items():
            if snapshot not in self._snapshots and cluster in servers:
                self._snapshots[snapshot] = servers[cluster].copy_data(Path(self._copies.name, snapshot))
        for gone in set(self._snapshots) - set(found):
            shutil.rmtree(self._snapshots.pop(gone).folder, ignore_errors=True)

    def _origin(self, cluster: Mapping[str, Any]) -> DataCopy | None:
        """The data that a cluster begins with, by what the emulator notes in it (`additions/rds.py`)."""
        kind, _, source = cluster.get("CloneGroupId", "").partition(":")
        if kind == "snapshot":
            return self._snapshots.get(source)
        if kind == "cluster" and source in self._servers:
            return self._servers[source][1].copy_data(Path(self._copies.name, cluster["DbClusterResourceId"]))
        return None

    def _serve(self, id_: str, cluster: Mapping[str, Any], secrets: Any) -> None:
        text = secrets.get_secret_value(SecretId=cluster["MasterUserSecret"]["SecretArn"])["SecretString"]
        master, copy = json.loads(text), self._origins[id_]
        server = PostgresServer(
            certificate=self._authority.issue_cert(cluster["Endpoint"], cluster["ReaderEndpoint"]),
            port=cluster["Port"],
            log_file=self._log,
            settings={"log_statement": "ddl"},
            copy=copy,
        )
        server.start()
        name = cluster["DBClusterIdentifier"]
        self._servers[id_] = (name, server)
        if copy:
            server.set_password(master["username"], master["password"])
        else:
            server.create_master(master["username"], password=master["password"], databases=[cluster["DatabaseName"]])
        self._write_settings()
        if name == self._cluster:
            self._served.set()

    def _write_settings(self, *, waits: bool = True) -> None:
        """For the Data API, and for the function, which knows the watched cluster alone: None lets it wait for that."""
        addresses = {id_: server.address for id_, (_, server) in self._servers.items()}
        settings: dict[str, Any] = {
            "data api": {"addresses": addresses, "authorities": str(self.authorities)},
        }
        settings[self._function] = None if waits else {}
        if server := self.server:
            settings[self._function] = {
                "environment": {"PGHOSTADDR": server.address},
                "files": {AUTHORITIES: str(self.authorities)},
            }
        temporary = self.function_settings.with_suffix(".new")  # the emulator may be reading
        temporary.write_text(json.dumps(settings), encoding="utf-8")
        temporary.replace(self.function_settings)
