"""One JSON record a line on standard output, which Lambda sends to CloudWatch Logs.

Values are escaped by the JSON encoder, so nothing in an event can forge a record.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rotation.errors import RotationError

_MAX_VALUE = 2048


def write_record(
    *,
    step: str | None,
    secret: str | None,
    token: str | None,
    elapsed_ms: int,
    outcome: str,
    error: RotationError | None = None,
    changes: Sequence[str] = (),
) -> None:
    """Write the record of one invocation; `token` is the ClientRequestToken, `changes` what was done in the
    database.
    """
    record: dict[str, object] = {
        "step": step,
        "secret": secret and secret[:_MAX_VALUE],
        "token": token,
        "outcome": outcome,
        "class": type(error).__name__ if error else None,
        "retryable": error.retryable if error else None,
        "elapsed_ms": elapsed_ms,
    }
    if changes:
        record["changes"] = list(changes)
    if error:
        record["message"] = str(error)
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
