"""Moves resources from one state of an environment into another, where another stack has them now.

`moved` works within one state. A resource that goes to another stack keeps its address; without this its old stack
would forget or destroy it, and the new one would fail to create it or create a second one.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.deploy import states, terraform
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack


@dataclass(frozen=True)
class Move:
    """One resource. `there` when the target has it already: a run before this one ended between its two writes."""

    address: str
    source: Stack
    target: Stack
    there: bool


def find(environment: str, s3: Any) -> list[Move]:
    """What a state has and its stack no longer, while exactly one other stack has that address. Raises DeployError."""
    found = stacks.find(environment)
    has = {stack.name: set(_synthesized(stack)) for stack in found}
    written = {stack.name: dict(_managed(state)) for stack, state in states.states(found, s3)}
    moves = []
    for source in found:
        for address, id_ in written.get(source.name, {}).items():
            targets = [stack for stack in found if address in has[stack.name]]
            if address in has[source.name] or len(targets) != 1:
                continue
            there = written.get(targets[0].name, {}).get(address)
            if there in (None, id_):
                moves.append(Move(address, source, targets[0], there is not None))
    return moves


def check(environment: str, s3: Any) -> None:
    """Refuse to deploy while something waits to be moved. Raises DeployError."""
    if waiting := find(environment, s3):
        names = ", ".join(sorted({move.target.name for move in waiting}))
        raise DeployError(
            f"{len(waiting)} resources now belong to {names}, but are in another stack's state; "
            f"first run: make move ENV={environment}"
        )


def move(
    environment: str,
    *,
    environ: Mapping[str, str],
    s3: Any,
    confirmed: bool,
    say: Callable[[str], None] = print,
) -> int:
    """Show what is to be moved, and when `confirmed` move it; returns how many. Nothing on AWS changes.

    The target's state is written first: what is in both after a failure is taken out of the source by the next run.
    Raises DeployError.
    """
    waiting = find(environment, s3)
    for one in waiting:
        say(f"{one.address}: from {one.source.name} to {one.target.name}")
    if not waiting:
        say(f"No resource of {environment} needs to be moved")
    elif not confirmed:
        say(f"To move them: make move ENV={environment} CONFIRM={environment}")
    else:
        for _, group in itertools.groupby(waiting, key=lambda one: (one.source.name, one.target.name)):
            _between(list(group), environ)
        say(f"Moved {len(waiting)} resources. Deploy now.")
    return len(waiting)


def _between(moves: list[Move], environ: Mapping[str, str]) -> None:
    """Move what goes from one state to one other."""
    source, target = moves[0].source, moves[0].target
    # States may hold secrets: the folder is readable by its owner alone, and goes with its files.
    with tempfile.TemporaryDirectory(prefix="move-") as name:
        folder = Path(name)
        files = {}
        for stack in (source, target):
            terraform.run(["init", "-reconfigure", "-input=false"], cwd=stack.folder, environ=environ)
            files[stack.name] = folder / f"{stack.name}.tfstate"
            text = terraform.run(["state", "pull"], cwd=stack.folder, environ=environ).stdout
            if text.strip():
                files[stack.name].write_text(text, encoding="utf-8")
        from_, to = f"-state={files[source.name]}", f"-state-out={files[target.name]}"
        for one in moves:
            command = ["rm", from_, one.address] if one.there else ["mv", from_, to, one.address, one.address]
            terraform.run(["state", *command], cwd=folder, environ=environ)
        for stack in (target, source):
            if files[stack.name].exists():
                terraform.run(["state", "push", str(files[stack.name])], cwd=stack.folder, environ=environ)


def _synthesized(stack: Stack) -> Iterator[str]:
    for type_, found in stack.configuration.get("resource", {}).items():
        yield from (f"{type_}.{id_}" for id_ in found)


def _managed(state: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Address and id of each resource."""
    for resource in state["resources"]:
        if resource.get("mode") == "managed" and resource.get("instances"):
            attributes = resource["instances"][0].get("attributes") or {}
            yield f"{resource['type']}.{resource['name']}", attributes.get("id", "")
