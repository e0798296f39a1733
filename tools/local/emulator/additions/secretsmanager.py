"""Secrets Manager: staging labels as on AWS, whole rotation rules, RotateSecret through
`tools.local.emulator.rotation`.
"""

import json
import time
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from tools.local.emulator import rotation
from tools.local.emulator.registry import extend

_DAY = 24 * 3600


def _secret(backend: Any, secret_id: str) -> Any:
    if secret_id not in backend.secrets:
        raise SecretNotFoundException()
    secret = backend.secrets[secret_id]
    if secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return secret


@extend(FakeSecret, because='["version_stages"] = [')
def reset_default_version(_: Any, self: Any, secret_version: dict[str, Any], version_id: str) -> None:
    """moto takes every label but AWSPREVIOUS from the version that was current. On AWS a label of one's
    own stays with it, which is what keeps Terraform's bootstrap version alive; a version without any
    label is deleted.
    """
    self.versions[version_id] = {**secret_version, "version_stages": []}
    rotation.move_labels(self, version_id, *secret_version["version_stages"])


@extend(FakeSecret, because='["version_stages"].remove(version_stage)')
def remove_version_stages_from_old_versions(_: Any, self: Any, version_stages: list[str]) -> None:
    """moto keeps versions that have lost their last label; AWS deletes them."""
    rotation.move_labels(self, None, *version_stages)


@extend(FakeSecret, "to_dict", unless="ScheduleExpression")
def describe(stock: Any, self: Any) -> dict[str, Any]:
    """moto keeps one number of the rotation rules, and returns an empty ARN where AWS returns none."""
    description: dict[str, Any] = stock(self)
    if self.rotation_requested:
        description["RotationRules"] = self.rotation_rules
        if not self.rotation_lambda_arn:
            del description["RotationLambdaARN"]
    return description


@extend(SecretsManagerBackend, unless="ResourceExistsException")
def put_secret_value(stock: Any, self: Any, secret_id: str, client_request_token: str, **new: Any) -> Any:
    """moto overwrites the value of a pending version; on AWS a version's value never changes.

    The same value again is a success without effect, another one ResourceExistsException: a replayed
    createSecret sees this.
    """
    secret = _secret(self, secret_id)
    version = secret.versions.get(client_request_token, {})
    values = {name: version.get(name) for name in ("secret_string", "secret_binary")}
    if values.items() <= new.items():
        return secret.to_short_dict(include_version_stages=True, version_id=client_request_token)
    if any(values.values()):
        raise ResourceExistsException(
            "You can't modify an existing version, you can only create a new version. "
            f"The version {client_request_token} already has a value."
        )
    return stock(self, secret_id, client_request_token=client_request_token, **new)


@extend(SecretsManagerBackend, because='elif version_stage == "AWSCURRENT"')
def update_secret_version_stage(
    _: Any, self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
) -> tuple[str, str]:
    """moto attaches a label to several versions, and GetSecretValue without a stage goes on returning the
    old version.
    """
    secret = _secret(self, secret_id)
    for version_id in filter(None, (remove_from_version_id, move_to_version_id)):
        if version_id not in secret.versions:
            raise InvalidParameterException(f"Not a valid version: {version_id}")
    holder = rotation.holder(secret, version_stage)
    if remove_from_version_id and holder != remove_from_version_id:
        raise InvalidParameterException(
            f"The staging label {version_stage} is currently not attached to version {remove_from_version_id}"
        )
    if move_to_version_id and holder not in (None, move_to_version_id, remove_from_version_id):
        raise InvalidParameterException(
            "The parameter RemoveFromVersionId can't be empty. Staging label "
            f"{version_stage} is currently attached to version {holder}, "
            "so you must explicitly reference that version in RemoveFromVersionId."
        )
    if version_stage == "AWSCURRENT" and not move_to_version_id:
        raise InvalidParameterException(
            "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed."
        )
    rotation.move_labels(secret, move_to_version_id, version_stage)
    return secret.arn, secret.name


@extend(SecretsManagerBackend, because="if not secret.rotation_lambda_arn:")
def cancel_rotate_secret(_: Any, self: Any, secret_id: str) -> Any:
    """moto refuses secrets without a function, so that the rotation of an RDS-managed secret could never
    be destroyed.
    """
    secret = _secret(self, secret_id)
    if not secret.rotation_lambda_arn and not secret.owning_service:
        raise InvalidRequestException("You tried to cancel the rotation of a secret that has no rotation configured.")
    secret.rotation_enabled = False
    secret.next_rotation_date = None
    return secret.to_short_dict()


def _configure(secret: Any, lambda_arn: str | None, rules: dict[str, Any] | None) -> None:
    days = (rules or {}).get("AutomaticallyAfterDays")
    if days is not None and not 1 <= days <= 1000:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    arn = lambda_arn or secret.rotation_lambda_arn
    if arn:
        rotation.check_function(secret, arn)
    elif not secret.owning_service:
        raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    secret.rotation_lambda_arn = arn
    secret.rotation_rules = rules or getattr(secret, "rotation_rules", {})
    secret.auto_rotate_after_days = days or 0
    secret.rotation_requested = secret.rotation_enabled = True
    secret.next_rotation_date = int(time.time()) + days * _DAY if days else None


@extend(SecretsManagerBackend, because='"SecretId": secret.name')
def rotate_secret(
    _: Any,
    self: Any,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """moto calls the function's four steps before it answers, ignores their failure, sends the secret's name
    instead of its ARN, forgets the function when the call names none, and refuses the second rotation: it
    takes the normal end of a rotation (AWSPENDING beside AWSCURRENT) for one in progress, and one in
    progress for the normal end.

    A secret that a service manages (RDS's master) has no function. Its value stays as it is, since no one
    would tell the database; moto leaves such a secret without a current value. Not to rotate immediately is to change
    the rules alone: AWS also tests the function.
    """
    secret = _secret(self, secret_id)
    token = self._from_client_request_token(client_request_token)
    pending = rotation.unfinished(secret)
    if pending and pending != token:
        rotation.start(secret, pending)
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    _configure(secret, rotation_lambda_arn, rotation_rules)
    if not secret.rotation_lambda_arn:
        secret.last_rotation_date = int(time.time()) if rotate_immediately else secret.last_rotation_date
        token = rotation.holder(secret, "AWSCURRENT") or token
    elif rotate_immediately:
        rotation.begin(secret, token)
        rotation.start(secret, token)
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": token})
