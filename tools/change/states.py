"""The resources in the Terraform states of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StateResource:
    """One instance of a managed resource, with its attributes as the state has them."""

    stack: str
    address: str
    type: str
    attributes: Mapping[str, Any]

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]


class States:
    """All managed resources of all stacks."""

    def __init__(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """`states` maps the name of each stack to its state, in Terraform's format 4."""
        self.resources = tuple(resource for stack, state in states.items() for resource in _read(stack, state))

    def has(self, *types: str, **attributes: Any) -> bool:
        """Whether a resource of one of these types has all these attributes."""
        return any(
            resource.type in types and all(resource.attributes.get(name) == value for name, value in attributes.items())
            for resource in self.resources
        )


def _read(stack: str, state: Mapping[str, Any]) -> Iterator[StateResource]:
    for resource in state.get("resources", ()):
        if resource["mode"] == "managed":
            address = f"{resource['type']}.{resource['name']}"
            for instance in resource["instances"]:
                yield StateResource(stack, address, resource["type"], instance["attributes"])
