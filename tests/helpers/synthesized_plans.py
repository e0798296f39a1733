"""Plans of the difference between two syntheses, as far as it can be told without Terraform.

Every attribute is one that the platform writes. What the provider computes, and which change it can only make by a
replacement, is not here: the rehearsals on the embedded AWS have that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from tools.change import page
from tools.change.page import Page
from tools.change.plans import StackPlan, read
from tools.synthesized import references, stacks
from tools.synthesized.references import Configurations

# What Terraform itself reads of a resource.
_META = frozenset({"//", "depends_on", "lifecycle", "provider"})

Resources = dict[str, Mapping[str, Any]]


def configurations(outdir: Path, environment: str) -> dict[str, Mapping[str, Any]]:
    """The JSON of every stack of the environment."""
    return {stack.name: stack.configuration for stack in stacks.find(environment, outdir=outdir)}


def review(before: Configurations, after: Configurations, *, allow: tuple[str, ...] = ()) -> Page:
    """The page about the change from one synthesis to the other."""
    made = [*_plans(before, after)]
    return page.make("Rehearsal", environment="", subject="", plans=made, reads=references.reads_of(after), allow=allow)


def _plans(before: Configurations, after: Configurations) -> Iterator[StackPlan]:
    created = {
        (stack, address)
        for stack, content in after.items()
        for address in _resources(content).keys() - _resources(before.get(stack, {})).keys()
    }
    for stack in dict.fromkeys([*before, *after]):
        old, new = before.get(stack, {}), after.get(stack, {})

        def known(value: Any, stack: str = stack) -> tuple[Any, Any]:
            return _known(value, stack, after, created)

        resources = [_change(*sides, known) for sides in _sides(_resources(old), _resources(new))]
        outputs = {
            name: _both(one, two, known) for name, one, two in _sides(old.get("output", {}), new.get("output", {}))
        }
        yield read(stack, {"resource_changes": resources, "output_changes": outputs})


def _resources(configuration: Mapping[str, Any]) -> Resources:
    return {
        f"{type_}.{id_}": {key: value for key, value in attributes.items() if key not in _META}
        for type_, found in configuration.get("resource", {}).items()
        for id_, attributes in found.items()
    }


def _sides(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, before and after of everything that differs."""
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _change(address: str, before: Any, after: Any, known: Any) -> dict[str, Any]:
    type_, _, name = address.partition(".")
    return {"address": address, "mode": "managed", "type": type_, "name": name, "change": _both(before, after, known)}


def _both(before: Any, after: Any, known: Any) -> dict[str, Any]:
    value, unknown = known(after)
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {"actions": actions, "before": before, "after": value, "after_unknown": unknown}


def _known(value: Any, stack: str, after: Configurations, created: Set[tuple[str, str]]) -> tuple[Any, Any]:
    """A value, and where in it stands what is known after the apply: whatever names something that is being made.

    A reference to what is there already stands for its value.
    """
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        found = {key: _known(part, stack, after, created) for key, part in parts}
        if isinstance(value, list):
            return [part for part, _ in found.values()], [unknown for _, unknown in found.values()]
        return {key: part for key, (part, _) in found.items()}, {key: one for key, (_, one) in found.items() if one}
    is_new = isinstance(value, str) and any(one in created for one in references.addresses(after, stack, value))
    return (None, True) if is_new else (value, False)
