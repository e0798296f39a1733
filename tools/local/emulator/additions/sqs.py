"""SQS: which queues may use one as their dead-letter queue."""

import json
from typing import Any

from moto.sqs.models import Queue, SQSBackend

from tools.local.emulator.registry import extend

_ATTRIBUTE = "RedriveAllowPolicy"


@extend(Queue, "attributes", unless=_ATTRIBUTE)
def attributes(stock: Any, self: Any) -> dict[str, Any]:
    """moto keeps the policy and does not show it: the provider waits for it until its time is over.

    It also writes the other policy with blanks, which the provider takes for a change; AWS answers what it was given.
    """
    found: dict[str, Any] = stock(self)
    if self.redrive_policy:
        found["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
    policy = getattr(self, "redrive_allow_policy", None)
    return {**found, _ATTRIBUTE: policy} if policy else found


@extend(SQSBackend, unless=_ATTRIBUTE)
def get_queue_attributes(stock: Any, self: Any, queue_name: str, attribute_names: list[str]) -> dict[str, Any]:
    """moto calls the attribute invalid."""
    found: dict[str, Any] = stock(self, queue_name, [name for name in attribute_names if name != _ATTRIBUTE])
    wanted = self.get_queue(queue_name).attributes if _ATTRIBUTE in attribute_names else {}
    return {**found, **{name: value for name, value in wanted.items() if name == _ATTRIBUTE}}
