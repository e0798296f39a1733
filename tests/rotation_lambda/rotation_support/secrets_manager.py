"""moto's Secrets Manager, made to answer as AWS does on the points that rotation depends on.

Each difference is corrected where moto makes it:

* `PutSecretValue` for a version that has a value: `ResourceExistsException` when the content differs
  (moto overwrites).
* `GetSecretValue` without `VersionStage` is refused: on AWS it means AWSCURRENT, in moto any version, so
  no caller may omit it.
* Versions that lose their last stage are deleted (moto keeps them).
* `LastRotatedDate` is set when AWSCURRENT moves to the pending version (moto: when rotation is
  requested).
* Rotation starts with a placeholder without a value, and is refused while AWSPENDING is on another
  version than AWSCURRENT (moto refuses when they are on the same, which on AWS is the normal end).

Resource policies, KMS and throttling are not enforced by moto: `faults` makes an operation answer with an
error.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from moto.core.exceptions import JsonRESTError
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

ACCOUNT = "123456789012"
REGION = "ca-central-1"

OPERATIONS = ("describe_secret", "get_secret_value", "put_secret_value", "update_secret_version_stage")


@dataclass
class Fault:
    """An error that an operation answers with, `times` times; `when` looks at the request's parameters."""

    operation: str
    code: str
    status: int = 400
    times: int = 1_000_000
    when: Callable[[dict[str, Any]], bool] = lambda _: True

    def error(self) -> JsonRESTError:
        error = JsonRESTError(self.code, f"{self.code} by the test")
        error.code = self.status
        return error


@dataclass
class AccurateSecretsManager:
    """The corrected backend, with what was asked of it and the faults it is to answer with."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def backend(self) -> SecretsManagerBackend:
        return secretsmanager_backends[ACCOUNT][REGION]

    def secret(self, secret_id: str) -> FakeSecret:
        found = self.backend.secrets[secret_id]
        assert isinstance(found, FakeSecret)
        return found

    def versions(self, secret_id: str) -> dict[str, dict[str, Any]]:
        return self.secret(secret_id).versions

    def holder(self, secret_id: str, stage: str) -> str | None:
        """The version that holds `stage`."""
        found = [key for key, version in self.versions(secret_id).items() if stage in version["version_stages"]]
        assert len(found) < 2, f"{stage} is on several versions"
        return found[0] if found else None

    def value(self, secret_id: str, stage: str) -> str:
        """The text of the version that holds `stage`."""
        version = self.holder(secret_id, stage)
        assert version is not None
        return str(self.versions(secret_id)[version]["secret_string"])

    def begin_rotation(self, secret_id: str, *, immediately: bool = True) -> str:
        """What RotateSecret does before it invokes the function; answers the token."""
        secret = self.secret(secret_id)
        pending, current = self.holder(secret_id, "AWSPENDING"), self.holder(secret_id, "AWSCURRENT")
        if pending is not None and pending != current:
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
        secret.rotation_requested = secret.rotation_enabled = True
        token = str(uuid.uuid4())
        self.put_version(secret_id, token, ["AWSPENDING"])
        if not immediately and current is not None:
            secret.versions[token]["secret_string"] = secret.versions[current]["secret_string"]
        return token

    def put_version(self, secret_id: str, version: str, stages: list[str], **value: str) -> None:
        """Write a version as an operator could; `value` is `secret_string` or `secret_binary`, or nothing."""
        secret = self.secret(secret_id)
        secret.remove_version_stages_from_old_versions(stages)
        secret.versions[version] = {
            "createdate": int(time.time()),
            "version_id": version,
            "version_stages": list(stages),
            **value,
        }
        self._delete_unlabelled(secret)

    @contextmanager
    def installed(self) -> Iterator[AccurateSecretsManager]:
        """Correct moto's classes while the context is open."""
        put, move = (
            SecretsManagerBackend.put_secret_value,
            SecretsManagerBackend.update_secret_version_stage,
        )

        def put_secret_value(backend: SecretsManagerBackend, *, secret_id: str, **arguments: Any) -> str:
            version = backend.secrets[secret_id].versions.get(arguments["client_request_token"], {})
            stored = version.get("secret_string", version.get("secret_binary"))
            if stored is not None and stored != arguments["secret_string"]:
                raise ResourceExistsException("You can't use ClientRequestToken: it is in use for another value.")
            return put(backend, secret_id=secret_id, **arguments)

        def update_secret_version_stage(backend: SecretsManagerBackend, **arguments: Any) -> tuple[str, str]:
            secret = self.secret(arguments["secret_id"])
            target = secret.versions.get(arguments["move_to_version_id"] or "", {})
            if arguments["version_stage"] in target.get("version_stages", ()):
                raise InvalidParameterException("The staging label is already attached to that version.")
            answer = move(backend, **arguments)
            if arguments["version_stage"] == "AWSCURRENT":
                secret.last_rotation_date = int(time.time())
                secret.default_version_id = arguments["move_to_version_id"]
            self._delete_unlabelled(secret)
            return answer

        watched: dict[str, Any] = {
            name: self._watched(name, getattr(SecretsManagerResponse, name)) for name in OPERATIONS
        }
        with (
            mock.patch.multiple(
                SecretsManagerBackend,
                put_secret_value=put_secret_value,
                update_secret_version_stage=update_secret_version_stage,
            ),
            mock.patch.multiple(SecretsManagerResponse, **watched),
        ):
            yield self

    def _watched(self, operation: str, original: Callable[[Any], str]) -> Callable[[Any], str]:
        def respond(response: SecretsManagerResponse) -> str:
            parameters: dict[str, Any] = json.loads(response.body)
            self.calls.append((operation, parameters))
            for fault in self.faults:
                if fault.operation == operation and fault.times > 0 and fault.when(parameters):
                    fault.times -= 1
                    raise fault.error()
            if operation == "get_secret_value" and not parameters.get("VersionStage"):
                raise InvalidParameterException("the test's Secrets Manager wants VersionStage on every read")
            return original(response)

        return respond

    @staticmethod
    def _delete_unlabelled(secret: FakeSecret) -> None:
        for version in [key for key, value in secret.versions.items() if not value["version_stages"]]:
            del secret.versions[version]
