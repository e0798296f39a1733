"""The age of the last rotation as a metric.

CloudWatch alarms look back at most 7 days, so an alarm alone cannot detect that no rotation happened for
a month.
"""

from __future__ import annotations

import datetime
from typing import Any

from rotation.aws import Caller
from rotation.errors import SecretStateError
from rotation.store import SecretStore

NAMESPACE = "SecretRotation"
METRIC = "DaysSinceRotation"
DIMENSION = "SecretArn"


def report_age(
    secret_id: str, store: SecretStore, client: Any, caller: Caller, now: datetime.datetime
) -> dict[str, object]:
    """Publish and answer `{"secret", "days_since_rotation", "rotated"}`.

    A secret that was never rotated is as old as its creation: an initial rotation that never succeeds
    must raise the alarm too.
    """
    state = store.describe(secret_id)
    since = state.last_rotated or state.created
    if since is None:
        raise SecretStateError(f"secret {secret_id} has neither a rotation date nor a creation date")
    days = round(max(0.0, (now - since) / datetime.timedelta(days=1)), 3)
    caller.call(
        client.put_metric_data,
        of=NAMESPACE,
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": METRIC,
                "Dimensions": [{"Name": DIMENSION, "Value": state.arn}],
                "Timestamp": now,
                "Value": days,
                "Unit": "None",
            }
        ],
    )
    return {"secret": state.arn, "days_since_rotation": days, "rotated": state.last_rotated is not None}
