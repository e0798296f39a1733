"""RDS Data API: statements run in the PostgreSQL behind the cluster, with the login of the secret that a call names."""

import json
import time
from typing import Any

import psycopg2
from moto.core.exceptions import JsonRESTError
from moto.rds.models import rds_backends
from moto.rdsdata.responses import RDSDataServiceResponse
from moto.secretsmanager.models import secretsmanager_backends

from tools.local.emulator import functions
from tools.local.emulator.registry import extend
from tools.local.emulator.state import released

_PATIENCE_SECONDS = 30


@extend(RDSDataServiceResponse, unless="psycopg2")
def execute_statement(_: Any, self: Any) -> str:
    """moto runs nothing. As on AWS, the endpoint must be enabled, and no network path is needed.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
    """
    arn = self._get_param("resourceArn")
    clusters = rds_backends[self.current_account][self.region].clusters.values()
    cluster: Any = next((one for one in clusters if one.db_cluster_arn == arn), None)
    if cluster is None or not cluster.http_endpoint_enabled:
        raise JsonRESTError("HttpEndpointNotEnabledException", f"HttpEndpoint is not enabled for resource {arn}")
    secrets: Any = secretsmanager_backends[self.current_account][self.region]
    login = json.loads(secrets.get_secret_value(self._get_param("secretArn"), None, None)["SecretString"])
    address, authorities = _place(cluster)
    try:
        connection = psycopg2.connect(
            host=cluster.endpoint,
            hostaddr=address,
            port=cluster.port,
            dbname=self._get_param("database") or cluster.database_name,
            user=login["username"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert=authorities,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(self._get_param("sql"))
            names = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
        connection.close()
    except psycopg2.Error as error:
        raise JsonRESTError("DatabaseErrorException", str(error).strip()) from error
    columns = [{"name": name, "label": name} for name in names]
    return json.dumps({"records": [[_field(value) for value in row] for row in rows], "columnMetadata": columns})


def _place(cluster: Any) -> tuple[str, str]:
    """The server behind the cluster, which may be just starting."""
    for _ in range(_PATIENCE_SECONDS * 2):
        settings = functions.settings().get("data api", {})
        if address := settings.get("addresses", {}).get(cluster.db_cluster_resource_id):
            return address, settings["authorities"]
        with released():
            time.sleep(0.5)
    raise JsonRESTError("DatabaseUnavailableException", f"no PostgreSQL stands behind {cluster.db_cluster_identifier}")


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "booleanValue"),
        (int, "longValue"),
        (float, "doubleValue"),
    )
    return next(({name: value} for kind, name in kinds if isinstance(value, kind)), {"stringValue": str(value)})
