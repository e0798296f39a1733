"""KMS: the rotation period of a key, and keys that are disabled or pending deletion."""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from tools.local.emulator.registry import extend

_DEFAULT_PERIOD_DAYS = 365


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.keys[backend.get_key_id(response._get_param("KeyId"))]


@extend(KmsResponse, unless="RotationPeriodInDays")
def enable_key_rotation(stock: Any, self: Any) -> str:
    """moto drops RotationPeriodInDays. A call without it keeps the key's period, as AWS does."""
    answer: str = stock(self)
    if period := self._get_int_param("RotationPeriodInDays"):
        _key(self).rotation_period_in_days = period
    return answer


@extend(KmsResponse, unless="RotationPeriodInDays")
def get_key_rotation_status(stock: Any, self: Any) -> str:
    """AWS returns the period of a key that rotates; the provider compares it with
    `rotation_period_in_days`.
    """
    status = json.loads(stock(self))
    key = _key(self)
    status["KeyId"] = key.id
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(key, "rotation_period_in_days", _DEFAULT_PERIOD_DAYS)
    return json.dumps(status)


def usable(key: Any) -> bool:
    """Whether the key encrypts and decrypts."""
    return bool(key.key_state == "Enabled")


def find(account: str, key: str | None) -> Any:
    """The key of an ARN, None where there is none: settings may name one of another account."""
    if not key or not key.startswith("arn:"):
        return None
    backend: Any = kms_backends[account][key.split(":")[3]]
    return backend.keys.get(key.rpartition("/")[2])


def _require(backend: Any, key_id: str) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
    key = backend.keys[backend.any_id_to_key_id(key_id)]
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if not usable(key):
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


@extend(KmsBackend, unless="KMSInvalidState")
def encrypt(stock: Any, self: Any, key_id: str, **more: Any) -> Any:
    """moto encrypts under keys that AWS refuses."""
    _require(self, key_id)
    return stock(self, key_id, **more)


@extend(KmsBackend, unless="KMSInvalidState")
def generate_data_key(stock: Any, self: Any, key_id: str, **more: Any) -> Any:
    """As `encrypt`."""
    _require(self, key_id)
    return stock(self, key_id, **more)


@extend(KmsBackend, unless="KMSInvalidState")
def decrypt(stock: Any, self: Any, **arguments: Any) -> Any:
    """As `encrypt`. Which key it is says what was encrypted."""
    plaintext, arn = stock(self, **arguments)
    _require(self, arn)
    return plaintext, arn
