"""What a reference means: within a stack `type.id.attribute`, and to another stack an output of its state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.synthesized.values import leaves

# CDKTF names the remote state after the stack, which `cdktf.out` has under that name.
REMOTE = re.compile(r"data\.terraform_remote_state\.(cross-stack-reference-input-)?([\w-]+)\.outputs\.([\w-]+)")
_ADDRESS = re.compile(r"\b([a-z][a-z0-9_]*)\.([\w-]+)")

Configurations = Mapping[str, Mapping[str, Any]]
"""The synthesized JSON of stacks, by their names."""


def reads_of(stacks: Configurations) -> dict[str, set[tuple[str, str]]]:
    """For each stack the (stack, output) pairs that it reads."""
    return {
        name: {(other, output) for _, other, output in REMOTE.findall(json.dumps(content)) if other in stacks}
        for name, content in stacks.items()
    }


def addresses(stacks: Configurations, stack: str, text: str) -> Iterator[tuple[str, str]]:
    """(stack, address) of all that looks like a reference in a `text` of `stack`, through the outputs of `stacks`."""
    for _, other, output in REMOTE.findall(text):
        for inner in texts(stacks.get(other, {}).get("output", {}).get(output, {}).get("value")):
            yield from addresses(stacks, other, inner)
    for type_, id_ in _ADDRESS.findall(REMOTE.sub("", text)):
        yield stack, f"{type_}.{id_}"


def texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    return (leaf for _, leaf in leaves(value) if isinstance(leaf, str))
