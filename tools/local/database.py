"""The PostgreSQL behind the emulated Aurora cluster.

The rotation function's code and the secret stay as they are: the secret names the cluster's endpoint, the server's
certificate carries that name, libpq's PGHOSTADDR says where it really listens, and the authority's certificate takes
the place of the RDS authorities in the unpacked copy of the function's package.
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
from pathlib import Path
from typing import Any

import trustme

from tools.local.postgres import PostgresServer
from tools.synthesized.errors import DeployError

_POLL_SECONDS = 1.0
# Where rotation_lambda/build.py puts the authorities.
AUTHORITIES = "certificates/rds-ca-roots.pem"


class EmbeddedDatabase:
    """Waits for the cluster to be created, then starts a server that has its endpoint, master and database.

    `function_settings` is the file that the emulator reads before every call of a function, `authorities` that with
    the certificate of the authority that signed the server's.
    """

    def __init__(self, folder: Path, function: str) -> None:
        self.function_settings = folder / "functions.json"
        self.function_settings.write_text("{}", encoding="utf-8")
        self.authorities = folder / "authority.pem"
        self._function = function
        self._log = folder / "postgresql.log"
        self._stopping = threading.Event()
        self._waiting = concurrent.futures.ThreadPoolExecutor(1)
        self._served: concurrent.futures.Future[None] | None = None
        self.server: PostgresServer | None = None

    def watch(self, cluster: str, rds: Any, secrets: Any) -> None:
        """Begin to wait for the cluster, in a thread: it is created in the middle of a deployment."""
        self._served = self._waiting.submit(self._serve, cluster, rds, secrets)

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until the server of a cluster that stands serves. Raises DeployError."""
        assert self._served is not None
        try:
            self._served.result(seconds)
        except TimeoutError as error:
            raise DeployError(f"no PostgreSQL stood behind the embedded cluster within {seconds:.0f} s") from error
        except Exception as error:
            raise DeployError(f"the embedded PostgreSQL did not start: {error}") from error

    def stop(self) -> None:
        """Stop waiting, and the server."""
        self._stopping.set()
        self._waiting.shutdown()
        if self.server is not None:
            self.server.stop()

    def _serve(self, cluster: str, rds: Any, secrets: Any) -> None:
        while not (found := _find(cluster, rds)):
            if self._stopping.wait(_POLL_SECONDS):
                return
        master = json.loads(secrets.get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])["SecretString"])
        authority = trustme.CA()
        self.authorities.write_bytes(authority.cert_pem.bytes())
        self.server = PostgresServer(
            certificate=authority.issue_cert(found["Endpoint"], found["ReaderEndpoint"]),
            port=found["Port"],
            log_file=self._log,
            settings={"log_statement": "ddl"},
        )
        self.server.start()
        self.server.create_master(master["username"], password=master["password"], databases=[found["DatabaseName"]])
        ours = {
            "environment": {"PGHOSTADDR": self.server.address},
            "files": {AUTHORITIES: str(self.authorities)},
        }
        self.function_settings.write_text(json.dumps({self._function: ours}), encoding="utf-8")


def _find(cluster: str, rds: Any) -> dict[str, Any] | None:
    clusters = rds.describe_db_clusters()["DBClusters"]
    return next((c for c in clusters if c["DBClusterIdentifier"] == cluster and c.get("MasterUserSecret")), None)
