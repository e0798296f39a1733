"""Which outputs of other stacks a stack reads, from its synthesized JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)")


def reads_of(configurations: Mapping[str, Mapping[str, Any]]) -> dict[str, set[tuple[str, str]]]:
    """For each stack the (stack, output) pairs it reads; a state belongs to the stack with the same bucket and key."""
    owners = {
        _place(configuration["terraform"]["backend"]["s3"]): name for name, configuration in configurations.items()
    }
    found: dict[str, set[tuple[str, str]]] = {}
    for name, configuration in configurations.items():
        states = configuration.get("data", {}).get("terraform_remote_state", {})
        read = _REFERENCE.findall(json.dumps(configuration))
        found[name] = {
            (owners[_place(states[state]["config"])], output)
            for state, output in read
            if state in states and _place(states[state]["config"]) in owners
        }
    return found


def _place(backend: Mapping[str, Any]) -> tuple[str, str]:
    return backend["bucket"], backend["key"]
