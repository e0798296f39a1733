"""KMS: the rotation period of a key."""

import json
from typing import Any

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
