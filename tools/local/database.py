"""The PostgreSQL behind the emulated Aurora cluster.

The rotation function's code and the secret stay as they are: the secret names the cluster's endpoint, the server's
certificate carries that name, libpq's PGHOSTADDR says where it really listens, and the authority's certificate takes
the place of the RDS authorities in the unpacked copy of the function's package.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from tools.local.certificates import CertificateAuthority
from tools.local.postgres import PostgresServer
from tools.synthesized.errors import DeployError

_POLL_SECONDS = 1.0
# Where rotation_lambda/build.py puts the authorities.
AUTHORITIES = "certificates/rds-ca-roots.pem"


class EmbeddedDatabase:
    """Waits for the cluster to be created, then starts a server that has its endpoint, master and database.

    `function_settings` is the file that the emulator reads before every call of a function.
    """

    def __init__(self, folder: Path, function_pattern: str) -> None:
        self.function_settings = folder / "functions.json"
        self.function_settings.write_text("{}", encoding="utf-8")
        self._pattern = function_pattern
        self._folder = folder
        self._authority = CertificateAuthority()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.server: PostgresServer | None = None
        self.failure: Exception | None = None

    @property
    def authorities(self) -> Path:
        """The certificate of the authority that signed the server's."""
        return self._folder / "authority.pem"

    def watch(self, cluster: str, rds: Any, secrets: Any) -> None:
        """Begin to wait for the cluster, in a thread: it is created in the middle of a deployment."""
        self.authorities.write_bytes(self._authority.pem)
        self._thread = threading.Thread(target=self._serve, args=(cluster, rds, secrets), daemon=True)
        self._thread.start()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the server of a cluster that stands serves. Raises DeployError."""
        assert self._thread is not None
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise DeployError(f"no PostgreSQL stood behind the embedded cluster within {seconds:.0f} s")
        if self.failure is not None:
            raise DeployError(f"the embedded PostgreSQL did not start: {self.failure}") from self.failure

    def stop(self) -> None:
        """Stop waiting, and the server."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        if self.server is not None:
            self.server.stop()

    def point_function(self, *, address: str, authorities: Path) -> None:
        """Tell the function where the database listens, and whose certificates it trusts."""
        self.function_settings.write_text(
            json.dumps(
                {self._pattern: {"environment": {"PGHOSTADDR": address}, "files": {AUTHORITIES: str(authorities)}}}
            ),
            encoding="utf-8",
        )

    def _serve(self, cluster: str, rds: Any, secrets: Any) -> None:
        try:
            found = self._await_cluster(cluster, rds)
            if found is None:
                return
            master = json.loads(
                secrets.get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])["SecretString"]
            )
            server = PostgresServer(
                certificate=self._authority.issue(found["Endpoint"], found["ReaderEndpoint"]),
                port=found["Port"],
                log_file=self._folder / "postgresql.log",
                settings={"log_statement": "ddl"},
            )
            self.server = server
            server.start()
            server.create_master(master["username"], password=master["password"], databases=[found["DatabaseName"]])
            self.point_function(address=server.address, authorities=self.authorities)
        except Exception as error:  # shown by whoever waits for the deployment, which fails in the preflight
            self.failure = error

    def _await_cluster(self, cluster: str, rds: Any) -> dict[str, Any] | None:
        while not self._stopping.is_set():
            for found in rds.describe_db_clusters()["DBClusters"]:
                if found["DBClusterIdentifier"] == cluster and found.get("MasterUserSecret"):
                    facts: dict[str, Any] = found
                    return facts
            time.sleep(_POLL_SECONDS)
        return None
