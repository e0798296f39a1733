"""What has been synthesized, as the checks see it: environments, their stacks, resources, references, documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tools.scan.values import leaves, listed, parsed
from tools.synthesized import synthesis
from tools.synthesized.synthesis import texts

Place = tuple[str, str]
"""Stack and address."""


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
class Resource(synthesis.Resource):
    """One resource of one stack, with its reasons and its policy documents."""

    @property
    def reasons(self) -> dict[str, str]:
        """Accepted findings, each with its reason (`modules.common.accept.accept`)."""
        reasons: dict[str, str] = self.values.get("//", {}).get("skip", {})
        return reasons

    @property
    def arguments(self) -> dict[str, Any]:
        """Without the comment that Terraform ignores."""
        return {key: value for key, value in self.values.items() if key != "//"}

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
    """One statement of a policy document, wherever the document stands."""

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


@dataclass(frozen=True, eq=False)
class Platform:
    """All stacks of one environment.

    `subjects` are the resources that checks of single resources look at: all of them, unless only one has changed.
    """

    name: str
    tier: str
    account_id: str
    stacks: Mapping[str, Mapping[str, Any]]
    resources: tuple[Resource, ...] = field(repr=False)
    subjects: tuple[Resource, ...] = field(repr=False)
    # What a text refers to does not change with the resources, so copies share it.
    _places: dict[tuple[str, str], list[Place]] = field(default_factory=dict, repr=False)

    @cached_property
    def by_type(self) -> dict[str, list[Resource]]:
        """Resources of each type."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            found[resource.type].append(resource)
        return found

    @cached_property
    def _by_place(self) -> dict[Place, Resource]:
        return {(resource.stack, resource.address): resource for resource in self.resources}

    @cached_property
    def _subjects_by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.subjects:
            found[resource.type].append(resource)
        return found

    def subjects_of(self, *types: str) -> Iterator[Resource]:
        """Subjects of these types."""
        for type_ in types:
            yield from self._subjects_by_type.get(type_, ())

    def all(self, *types: str) -> Iterator[Resource]:
        """Resources of these types."""
        for type_ in types:
            yield from self.by_type.get(type_, ())

    def referred(self, stack: str, value: object) -> list[Resource]:
        """The resources that the references inside `value` mean, through the states of other stacks, too."""
        found: list[Resource] = []
        for text in texts(value):
            if "${" in text:
                if (stack, text) not in self._places:
                    self._places[stack, text] = list(synthesis.addresses(self.stacks, stack, text))
                found += [self._by_place[place] for place in self._places[stack, text] if place in self._by_place]
        return found

    def referring(self, target: Resource, *types: str, through: str) -> list[Resource]:
        """Resources of `types` whose argument `through` means `target`."""
        return [
            resource
            for resource in self.all(*types)
            if target in self.referred(resource.stack, resource.values.get(through))
        ]

    @cached_property
    def statements(self) -> list[Statement]:
        """Every statement of every policy document of the subjects."""
        return [statement for resource in self.subjects for statement in resource.statements]

    def replacing(self, old: Resource, *new: Resource) -> Platform:
        """The same platform with one resource replaced, or without it. What changes are its subjects."""
        changed = [r for resource in self.resources for r in (new if resource is old else (resource,))]
        subjects = new or tuple(r for r in changed if old in self.referred(r.stack, r.arguments))
        return Platform(
            self.name, self.tier, self.account_id, self.stacks, tuple(changed), tuple(subjects), self._places
        )


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """(attribute, policy document) of a resource."""
    for path, value in leaves(resource.arguments):
        document = parsed(value)
        if isinstance(document, dict) and isinstance(document.get("Statement"), list):
            yield ".".join(map(str, path)), document
