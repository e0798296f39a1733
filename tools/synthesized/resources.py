"""A resource of the synthesized JSON, its policy documents, and what a check says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.synthesized.values import leaves, listed, lookup, parsed


@dataclass(frozen=True)
class Finding:
    """What a check found. `part` narrows it within the resource, e.g. to a statement by its Sid."""

    check: str
    stack: str
    address: str
    message: str
    part: str = ""

    @property
    def key(self) -> str:
        """Under which a reason beside the resource accepts it."""
        return f"{self.check} {self.part}".strip()


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of one stack."""

    stack: str
    type: str
    id: str
    values: dict[str, Any]

    @property
    def address(self) -> str:
        """As Terraform writes it."""
        return f"{self.type}.{self.id}"

    @property
    def arguments(self) -> dict[str, Any]:
        """Without the comment that Terraform ignores."""
        return {key: value for key, value in self.values.items() if key != "//"}

    @property
    def accepted(self) -> dict[str, Any]:
        """Accepted findings: each with its `reason`, and `values` by their path (`modules.common.accept`)."""
        accepted: dict[str, Any] = self.values.get("//", {}).get("skip", {})
        return accepted

    def value(self, path: str) -> Any:
        """The first value at a dotted path; None where there is nothing."""
        return next(iter(lookup(self.values, path)), None)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement of every policy document in it."""
        return tuple(
            Statement(self, attribute, body, index)
            for attribute, document in documents(self)
            for index, body in enumerate(document["Statement"])
        )

    def finding(self, check: str, message: str, part: str = "") -> Finding:
        """A finding at this resource."""
        return Finding(check, self.stack, self.address, message, part)


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement of a policy document, in whichever argument the document is."""

    resource: Resource
    attribute: str
    body: dict[str, Any]
    index: int

    @property
    def label(self) -> str:
        """Its Sid, or its place."""
        return str(self.body.get("Sid") or f"statement-{self.index + 1}")

    @property
    def allows(self) -> bool:
        """Anything but a Deny."""
        return self.body.get("Effect") != "Deny"

    @property
    def actions(self) -> list[str]:
        """All actions; IAM writes one text or a list."""
        return listed(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        """All resources."""
        return listed(self.body.get("Resource", []))

    @property
    def conditions(self) -> list[tuple[str, str, list[str]]]:
        """(operator, key, values) of every condition."""
        return [
            (operator, key, listed(value))
            for operator, keys in self.body.get("Condition", {}).items()
            for key, value in keys.items()
        ]

    @property
    def binding_keys(self) -> list[str]:
        """Keys of conditions that must match: no negation, none that passes when the key is absent."""
        loose = ("IfExists", "Null")
        return [key for operator, key, _ in self.conditions if "Not" not in operator and not operator.endswith(loose)]

    def finding(self, check: str, message: str) -> Finding:
        """A finding at this statement."""
        return self.resource.finding(check, message, self.label)


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """(attribute, policy document) of a resource."""
    for path, value in leaves(resource.arguments):
        document = parsed(value)
        if isinstance(document, dict) and isinstance(document.get("Statement"), list):
            yield ".".join(map(str, path)), document
