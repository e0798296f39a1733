"""Small documents as `terraform show -json` prints them, for tests of what is read from a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.change.plans import StackPlan, read

Values = Mapping[str, Any]


def change(
    address: str,
    *actions: str,
    before: Values | None = None,
    after: Values | None = None,
    unknown: Values | None = None,
    sensitive: Values | None = None,
    replace_paths: Sequence[Sequence[str | int]] = (),
    **more: Any,
) -> dict[str, Any]:
    """One entry of `resource_changes`; `sensitive` holds for both sides."""
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[0],
        "name": address.split(".")[1],
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
            "before_sensitive": sensitive or {},
            "after_sensitive": sensitive or {},
            **({"replace_paths": replace_paths} if replace_paths else {}),
        },
        **more,
    }


def output(*actions: str, before: object = None, after: object = None, sensitive: bool = False) -> dict[str, Any]:
    """One entry of `output_changes`."""
    return {
        "actions": list(actions),
        "before": before,
        "after": after,
        "after_unknown": False,
        "before_sensitive": sensitive,
        "after_sensitive": sensitive,
    }


def plan(*changes: Values, stack: str = "iot-dev-data", **outputs: Values) -> StackPlan:
    """The plan of one stack, read."""
    return read(stack, {"resource_changes": list(changes), "output_changes": outputs})
