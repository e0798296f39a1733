"""What the function can be asked to do, validated before anything else happens.

Secrets Manager sends the four steps. The platform sends `preflight` (check, without changing anything, that a
rotation would work; after a deployment, before the first rotation) and `report` (publish the age of the last rotation;
daily). Further keys are ignored: Secrets Manager and Terraform may add some.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rotation.errors import BadEventError

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

# Lengths from the Secrets Manager API reference: SecretId, ClientRequestToken, PutSecretValue's RotationToken.
_SECRET_ID = (1, 2048)
_TOKEN = (32, 64)
_ROTATION_TOKEN = (36, 256)


@dataclass(frozen=True)
class Event:
    """What is asked for (a step, `preflight` or `report`), and of which secret. The token of a step is also the id of
    the version to be made.
    """

    name: str
    secret_id: str
    token: str = ""
    rotation_token: str | None = field(default=None, repr=False)


def parse_event(event: object) -> Event:
    """The typed event, or one `BadEventError` that names every fault."""
    if not isinstance(event, Mapping):
        raise BadEventError(f"the event is not a JSON object but {type(event).__name__}")
    faults: list[str] = []
    requests = [name for name in ("preflight", "report") if name in event]
    if requests:
        if len(requests) > 1 or "Step" in event:
            faults.append("the event asks for more than one thing")
        body = event[requests[0]]
        if not isinstance(body, Mapping):
            faults.append(f"{requests[0]} is not a JSON object")
            body = {}
        parsed = Event(requests[0], _text(body, "SecretId", _SECRET_ID, faults))
    else:
        secret_id = _text(event, "SecretId", _SECRET_ID, faults)
        token = _text(event, "ClientRequestToken", _TOKEN, faults)
        name = _text(event, "Step", (1, 64), faults)
        if name and name not in STEPS:
            faults.append(f"Step must be one of {', '.join(STEPS)}")
        asked = event.get("RotationToken") is not None
        rotation_token = _text(event, "RotationToken", _ROTATION_TOKEN, faults) if asked else None
        parsed = Event(name, secret_id, token, rotation_token)
    if faults:
        raise BadEventError("; ".join(faults))
    return parsed


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
        faults.append(f"{key} has {len(value)} characters; allowed: {lengths[0]} to {lengths[1]}")
    else:
        return value
    return ""
