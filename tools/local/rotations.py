"""Rotates the application's credentials for real, and looks for passwords where none may be."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg2

from tools.deploy.aws import Clients, pages
from tools.local.database import EmbeddedDatabase
from tools.synthesized.errors import DeployError

_ROTATION_SECONDS = 120.0
_POLL_SECONDS = 0.5


def rotate(secret_arn: str, times: int, secrets: Any, database: EmbeddedDatabase) -> list[Mapping[str, Any]]:
    """Await the rotation that began with its resource, rotate again, and check the logins: the new one, and the one
    that was current. What the secret held, in this order. Raises DeployError after two minutes without a rotation.
    """
    held = [_await_password(secret_arn, None, secrets, database)]
    for _ in range(times):
        secrets.rotate_secret(SecretId=secret_arn)
        held.append(_await_password(secret_arn, held[-1]["password"], secrets, database))
        if held[-2]["username"] != held[-1]["username"]:
            _log_in(held[-2], database)
    return held


def _await_password(secret_arn: str, before: str | None, secrets: Any, database: EmbeddedDatabase) -> Mapping[str, Any]:
    """What the secret holds once its password is another one, with which one can log in."""
    deadline = time.monotonic() + _ROTATION_SECONDS
    while time.monotonic() < deadline:
        answer = secrets.get_secret_value(SecretId=secret_arn, VersionStage="AWSCURRENT")
        facts: Mapping[str, Any] = json.loads(answer["SecretString"])
        if facts.get("password") != before:
            _log_in(facts, database)
            return facts
        time.sleep(_POLL_SECONDS)
    raise DeployError(f"no rotation brought new credentials within {_ROTATION_SECONDS:.0f} s; see emulator.log")


def _log_in(facts: Mapping[str, Any], database: EmbeddedDatabase) -> None:
    """Log in as the application does: TLS with a verified name. Raises DeployError when that fails."""
    assert database.server is not None
    try:
        connection = psycopg2.connect(
            host=facts["host"],
            hostaddr=database.server.address,
            port=facts["port"],
            dbname=facts["dbname"],
            user=facts["username"],
            password=facts["password"],
            sslmode="verify-full",
            sslrootcert=str(database.authorities),
            connect_timeout=5,
        )
    except psycopg2.OperationalError as error:
        raise DeployError(f"{facts['username']} cannot log in: {error}") from error
    connection.close()


def passwords(clients: Clients) -> set[str]:
    """Every password and secret text that the embedded Secrets Manager holds, in any version."""
    secrets = clients("secretsmanager")
    found: set[str] = set()
    for secret in pages(secrets, "list_secrets", "SecretList"):
        versions = secrets.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)["Versions"]
        for version in versions:
            text = secrets.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])["SecretString"]
            with contextlib.suppress(ValueError):
                value = json.loads(text)
                text = value.get("password") if isinstance(value, dict) else None
            found |= {text} if text else set()
    return found


def client_keys(clients: Clients) -> set[str]:
    """The values of the API's keys, which API Gateway alone may know."""
    return {key["value"] for key in pages(clients("apigateway"), "get_api_keys", "items", includeValues=True)}


def where_found(found: set[str], clients: Clients, folder: Path, bucket: str) -> tuple[list[str], int]:
    """Names of the places where one of the secrets stands, sorted, and how many were searched."""
    searched = dict(_places(clients, folder, bucket))
    return sorted(name for name, text in searched.items() if any(secret in text for secret in found)), len(searched)


def _places(clients: Clients, folder: Path, bucket: str) -> Iterator[tuple[str, str]]:
    """Everything that may hold no secret: all versions of the states, plans and logs, functions' settings."""
    for path in (*folder.glob("*.log"), *folder.glob("*.jsonl")):
        yield str(path), path.read_text(encoding="utf-8", errors="replace")
    s3, logs = clients("s3"), clients("logs")
    for version in pages(s3, "list_object_versions", "Versions", Bucket=bucket):
        body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
        yield f"s3://{bucket}/{version['Key']} {version['VersionId']}", body.read().decode()
    for group in pages(logs, "describe_log_groups", "logGroups"):
        events = pages(logs, "filter_log_events", "events", logGroupName=group["logGroupName"])
        yield group["logGroupName"], "\n".join(event["message"] for event in events)
    for function in pages(clients("lambda"), "list_functions", "Functions"):
        yield function["FunctionArn"], json.dumps(function.get("Environment", {}))
