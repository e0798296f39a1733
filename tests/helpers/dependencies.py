"""Follows references and `depends_on` through synthesized stacks, across remote states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from synthesized import Synthesized, read_stack

_RESOURCE = re.compile(r"(?<![\w.-])(?:data\.)?(aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)")
_REMOTE = re.compile(r"data\.terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)")


def needed_by(outdir: Path, stack: str, type_: str) -> set[str]:
    """`<stack>/<address>` of all that resources of the type need before they can be made, themselves included."""
    synthesized = read_stack(outdir, stack)
    stacks = {stack: synthesized}
    found: set[str] = set()
    waiting = [(stack, address) for address in synthesized.addresses if address.startswith(f"{type_}.")]
    while waiting:
        where, address = waiting.pop()
        if f"{where}/{address}" in found:
            continue
        found.add(f"{where}/{address}")
        kind, id_ = address.split(".", 1)
        definition = stacks[where].json["resource"].get(kind, {}).get(id_)
        waiting += _references(json.dumps(definition), where, outdir, stacks)
    return found


def _references(text: str, stack: str, outdir: Path, stacks: dict[str, Synthesized]) -> Iterator[tuple[str, str]]:
    for address in _RESOURCE.findall(text):
        yield stack, address
    for other, output in _REMOTE.findall(text):
        stacks.setdefault(other, read_stack(outdir, other))
        yield from _references(json.dumps(stacks[other].outputs[output]), other, outdir, stacks)
