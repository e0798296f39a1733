"""What the function can be asked to do, validated before anything else happens.

Secrets Manager sends the four steps. The platform sends `preflight` (after a deployment, before the first
rotation) and `report` (daily). Further keys are ignored: Secrets Manager and Terraform may add some.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from rotation.errors import BadEventError

MAX_SECRET_ID = 2048
TOKEN_LENGTHS = (32, 64)
ROTATION_TOKEN_LENGTHS = (36, 256)
"""Lengths from the Secrets Manager API reference (SecretId, ClientRequestToken, PutSecretValue's
RotationToken).
"""


class Step(Enum):
    """The steps of the Secrets Manager contract, in their order."""

    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


@dataclass(frozen=True)
class StepEvent:
    """One step of one rotation; the token is also the id of the version to be made."""

    secret_id: str
    token: str
    step: Step
    rotation_token: str | None = field(default=None, repr=False)


class PreflightEvent(NamedTuple):
    """Check, without changing anything, that a rotation of this secret would work."""

    secret_id: str


class ReportEvent(NamedTuple):
    """Publish the age of the last rotation as a metric."""

    secret_id: str


Event = StepEvent | PreflightEvent | ReportEvent


def parse_event(event: object) -> Event:
    """The typed event, or one `BadEventError` that names every fault."""
    if not isinstance(event, Mapping):
        raise BadEventError(f"the event is not a JSON object but {type(event).__name__}")
    requests = [name for name in ("preflight", "report") if name in event]
    if not requests:
        return _parse_step(event)
    faults: list[str] = []
    if len(requests) > 1 or "Step" in event:
        faults.append("the event asks for more than one thing")
    body = event[requests[0]]
    if not isinstance(body, Mapping):
        faults.append(f"{requests[0]} is not a JSON object")
    secret_id = _text(body if isinstance(body, Mapping) else {}, "SecretId", (1, MAX_SECRET_ID), faults)
    _raise_for(faults)
    return PreflightEvent(secret_id) if requests[0] == "preflight" else ReportEvent(secret_id)


def _parse_step(event: Mapping[object, object]) -> StepEvent:
    faults: list[str] = []
    secret_id = _text(event, "SecretId", (1, MAX_SECRET_ID), faults)
    token = _text(event, "ClientRequestToken", TOKEN_LENGTHS, faults)
    name = _text(event, "Step", (1, 64), faults)
    steps = [step for step in Step if step.value == name]
    if name and not steps:
        faults.append(f"Step is none of {', '.join(step.value for step in Step)}")
    rotation_token = None
    if event.get("RotationToken") is not None:
        rotation_token = _text(event, "RotationToken", ROTATION_TOKEN_LENGTHS, faults)
    _raise_for(faults)
    return StepEvent(secret_id, token, steps[0], rotation_token)


def _text(source: Mapping[object, object], key: str, lengths: tuple[int, int], faults: list[str]) -> str:
    """The value of `key`; a fault and an empty string when it is not a text of that length. Values are never
    quoted.
    """
    value = source.get(key)
    if not isinstance(value, str):
        faults.append(f"{key} is missing" if value is None else f"{key} is not a string")
    elif not value.strip():
        faults.append(f"{key} is blank")
    elif not lengths[0] <= len(value) <= lengths[1]:
        faults.append(f"{key} has {len(value)} characters, allowed are {lengths[0]} to {lengths[1]}")
    else:
        return value
    return ""


def _raise_for(faults: list[str]) -> None:
    if faults:
        raise BadEventError("; ".join(faults))
