"""Rotates the application's credentials for real, and looks for passwords where none may be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from tools.deploy.aws import Clients
from tools.local.database import EmbeddedDatabase
from tools.synthesized.errors import DeployError

_ROTATION_SECONDS = 120.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Credentials:
    """One version of the application's secret."""

    version: str
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def username(self) -> str:
        """The login."""
        name: str = self.facts["username"]
        return name


class Rotations:
    """Follows the rotations of one secret on the embedded platform."""

    def __init__(self, secret_arn: str, clients: Clients, database: EmbeddedDatabase) -> None:
        self._arn = secret_arn
        self._secrets = clients("secretsmanager")
        self._database = database
        self.passwords: set[str] = set()
        """Every password that was current once: Secrets Manager forgets those of two rotations ago."""

    def first(self) -> Credentials:
        """What the rotation made that began with the rotation resource. Raises DeployError after two minutes."""
        return self._await(lambda credentials: True, "the first rotation")

    def next(self, before: Credentials) -> Credentials:
        """Rotate once more, and check both logins: the new one, and the one that was current. Raises DeployError."""
        self._secrets.rotate_secret(SecretId=self._arn)
        after = self._await(lambda credentials: credentials.version != before.version, "RotateSecret")
        self.log_in(after)
        if before.username != after.username:
            self.log_in(before)
        return after

    def log_in(self, credentials: Credentials) -> None:
        """Log in as the application does: TLS with a verified name. Raises DeployError when that fails."""
        facts = credentials.facts
        assert self._database.server is not None
        try:
            connection = psycopg2.connect(
                host=facts["host"],
                hostaddr=self._database.server.address,
                port=facts["port"],
                dbname=facts["dbname"],
                user=facts["username"],
                password=facts["password"],
                sslmode="verify-full",
                sslrootcert=str(self._database.authorities),
                connect_timeout=5,
            )
        except psycopg2.OperationalError as error:
            raise DeployError(f"{credentials.username} cannot log in: {error}") from error
        connection.close()

    def _await(self, arrived: Callable[[Credentials], bool], what: str) -> Credentials:
        deadline = time.monotonic() + _ROTATION_SECONDS
        while time.monotonic() < deadline:
            answer = self._secrets.get_secret_value(SecretId=self._arn, VersionStage="AWSCURRENT")
            credentials = Credentials(answer["VersionId"], json.loads(answer["SecretString"]))
            if "password" in credentials.facts and arrived(credentials):
                self.passwords.add(credentials.facts["password"])
                self.log_in(credentials)
                return credentials
            time.sleep(_POLL_SECONDS)
        raise DeployError(f"{what} brought no new credentials within {_ROTATION_SECONDS:.0f} s; see emulator.log")


def passwords(clients: Clients) -> set[str]:
    """Every password and secret text that the embedded Secrets Manager holds, in any version."""
    secrets = clients("secretsmanager")
    found: set[str] = set()
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            versions = secrets.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)["Versions"]
            for version in versions:
                text = secrets.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])["SecretString"]
                found |= set(_passwords_in(text))
    return found


def _passwords_in(text: str) -> Iterator[str]:
    try:
        value = json.loads(text)
    except ValueError:
        yield text
        return
    if isinstance(value, dict) and value.get("password"):
        yield value["password"]


def where_found(found: set[str], places: Mapping[str, str]) -> list[str]:
    """Names of the places whose text holds one of the passwords."""
    return sorted(name for name, text in places.items() if any(password in text for password in found))


def places(clients: Clients, folder: Path, buckets: set[str]) -> dict[str, str]:
    """Everything that may hold no password: all versions of the states, plans and logs, functions' settings."""
    texts = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.log")}
    s3 = clients("s3")
    for bucket in buckets:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", ()):
                body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
                texts[f"s3://{bucket}/{version['Key']} {version['VersionId']}"] = body.read().decode()
    logs = clients("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                texts[name] = texts.get(name, "") + "\n".join(event["message"] for event in events["events"])
    for page in clients("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            texts[function["FunctionArn"]] = json.dumps(function.get("Environment", {}))
    return texts
