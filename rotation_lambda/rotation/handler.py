"""The entry point of the Lambda function: `rotation.handler.handler`.

One client per service stays in a warm container; everything else is created for each event, so that
data of one secret cannot reach another.
"""

from __future__ import annotations

import datetime
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from rotation.aws import CLIENT_CONFIG, Caller
from rotation.deadline import Deadline
from rotation.errors import InternalError, RotationError
from rotation.events import Event, parse_event
from rotation.postgres import AUTHORITIES, Connector
from rotation.preflight import preflight
from rotation.report import report_age
from rotation.steps import Rotation
from rotation.store import SecretStore


@cache
def client_of(service: str) -> Any:
    """The one boto3 client of a service in a warm container."""
    return boto3.client(service, config=CLIENT_CONFIG)


@dataclass
class Application:
    """Handles one event at a time.

    `client` (returns the client of a service), `authorities` (the accepted certificate authorities) and `pause`
    (sleeping between attempts) are for tests and for the emulator; production uses the defaults.
    """

    client: Callable[[str], Any] = client_of
    authorities: Path = AUTHORITIES
    pause: Callable[[float], None] = time.sleep

    def handle(self, event: object, context: Any) -> dict[str, object]:
        """Handle one event and write its log record; every failure leaves as a `RotationError`."""
        started = time.monotonic()
        parsed: Event | None = None
        changes: list[str] = []
        answer: dict[str, object] = {}
        failure: RotationError | None = None
        try:
            parsed = parse_event(event)
            answer = self._dispatch(parsed, Deadline(context.get_remaining_time_in_millis, self.pause), changes)
        except Exception as error:
            unexpected = f"unexpected {type(error).__name__} in {_origin(error)}"
            failure = error if isinstance(error, RotationError) else InternalError(unexpected)
        record: dict[str, object] = {
            "step": parsed.name if parsed else None,
            "secret": parsed.secret_id if parsed else None,
            "token": (parsed.token or None) if parsed else None,
            "outcome": "failed" if failure else answer.get("outcome", "done"),
            "class": type(failure).__name__ if failure else None,
            "retryable": failure.retryable if failure else None,
            "elapsed_ms": round((time.monotonic() - started) * 1000),
            **({"changes": changes} if changes else {}),
            **({"message": str(failure)} if failure else {}),
        }
        # One JSON object a line, which Lambda sends to CloudWatch Logs: escaped, nothing in an event can forge one.
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()
        # Raised outside the handlers: a chained cause would carry text and arguments that were not scrubbed.
        if failure is not None:
            raise failure
        return answer

    def _dispatch(self, event: Event, deadline: Deadline, changes: list[str]) -> dict[str, object]:
        caller = Caller(deadline, retry_denials=event.name == "preflight")
        store = SecretStore(self.client("secretsmanager"), caller)
        if event.name == "report":
            now = datetime.datetime.now(datetime.UTC)
            return report_age(event.secret_id, store, self.client("cloudwatch"), caller, now)
        connector = Connector(deadline, self.authorities)
        if event.name == "preflight":
            return preflight(event.secret_id, store, connector)
        return {"outcome": Rotation(store, connector, deadline, changes).run(event)}


def handler(event: object, context: Any) -> dict[str, object]:
    """The function that Lambda calls."""
    return Application().handle(event, context)


def _origin(error: BaseException) -> str:
    """File and line of the innermost frame: enough to find a defect without its text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
