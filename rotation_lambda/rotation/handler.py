"""The entry point of the Lambda function: `rotation.handler.handler`.

One client per service stays in a warm container; everything else is made anew for each event, so that
nothing of one secret can reach another.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from rotation.aws import CLIENT_CONFIG, Caller
from rotation.deadline import Deadline
from rotation.errors import InternalError, RotationError
from rotation.events import Event, PreflightEvent, ReportEvent, StepEvent, parse_event
from rotation.logs import write_record
from rotation.postgres import AUTHORITIES, Connector
from rotation.preflight import Preflight
from rotation.report import report_age
from rotation.steps import Rotation
from rotation.store import SecretStore


class Application:
    """Handles one event at a time with the clients it was given.

    `authorities` (the accepted certificate authorities) and `pause` (sleeping between attempts) are for
    tests and for the embedded platform; production takes the defaults.
    """

    def __init__(
        self,
        *,
        secrets_manager: Callable[[], Any],
        cloudwatch: Callable[[], Any],
        authorities: Path = AUTHORITIES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets_manager = secrets_manager
        self._cloudwatch = cloudwatch
        self._authorities = authorities
        self._pause = pause

    def handle(self, event: object, context: Any) -> dict[str, object]:
        """Handle one event and write its log record; every failure leaves as a `RotationError`."""
        started = time.monotonic()
        parsed: Event | None = None
        changes: list[str] = []
        answer: dict[str, object] = {}
        failure: RotationError | None = None
        try:
            parsed = parse_event(event)
            answer = self._dispatch(parsed, Deadline(context.get_remaining_time_in_millis, self._pause), changes)
        except RotationError as error:
            failure = error
        except Exception as error:
            failure = InternalError(f"unexpected {type(error).__name__} in {_origin(error)}")
        write_record(
            step=_step(parsed),
            secret=parsed.secret_id if parsed else None,
            token=parsed.token if isinstance(parsed, StepEvent) else None,
            elapsed_ms=round((time.monotonic() - started) * 1000),
            outcome="failed" if failure else str(answer.get("outcome", "done")),
            error=failure,
            changes=changes,
        )
        # Raised outside the handlers: a chained cause would carry text and arguments that were not scrubbed.
        if failure is not None:
            raise failure
        return answer

    def _dispatch(self, event: Event, deadline: Deadline, changes: list[str]) -> dict[str, object]:
        caller = Caller(deadline, retry_denials=isinstance(event, PreflightEvent))
        store = SecretStore(self._secrets_manager(), caller)
        if isinstance(event, ReportEvent):
            return report_age(event, store, self._cloudwatch(), caller, datetime.datetime.now(datetime.UTC))
        connector = Connector(deadline, self._authorities)
        if isinstance(event, PreflightEvent):
            return Preflight(store, connector).run(event)
        rotation = Rotation(store, connector, deadline, changes)
        return {"outcome": rotation.run(event)}


def handler(event: object, context: Any) -> dict[str, object]:
    """The function that Lambda calls."""
    return Application(secrets_manager=_secrets_manager, cloudwatch=_cloudwatch).handle(event, context)


@cache
def _secrets_manager() -> Any:
    return boto3.client("secretsmanager", config=CLIENT_CONFIG)


@cache
def _cloudwatch() -> Any:
    return boto3.client("cloudwatch", config=CLIENT_CONFIG)


def _step(event: Event | None) -> str | None:
    if isinstance(event, StepEvent):
        return event.step.value
    if isinstance(event, PreflightEvent):
        return "preflight"
    return None if event is None else "report"


def _origin(error: BaseException) -> str:
    """File and line of the innermost frame: enough to find a defect without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "unknown" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
