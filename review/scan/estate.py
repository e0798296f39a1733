"""What has been synthesized, as the checks see it: environments, their stacks, resources, references, documents.

Whatever cannot be read, or is missing, raises InputError: a scan of nothing must never pass.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from environments import environment_names, load

# ${aws_kms_key.key_F64E54E4.arn}, also inside a function call; remote states are resolved before.
_REFERENCE = re.compile(r"\b(aws_[a-z0-9_]+)\.([\w-]+)")
_REMOTE = re.compile(r"data\.terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)")


Place = tuple[str, str, str]
"""Stack, type and logical id."""


class InputError(Exception):
    """The synthesized JSON is empty, missing or broken; the message is one line and says what to do."""


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
    name: str
    values: dict[str, Any]

    @property
    def address(self) -> str:
        """As Terraform writes it."""
        return f"{self.type}.{self.name}"

    @property
    def reasons(self) -> dict[str, str]:
        """Accepted findings, each with its reason (`modules.reasons.accept`)."""
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
        return {(resource.stack, resource.type, resource.name): resource for resource in self.resources}

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
                    self._places[stack, text] = list(self._named(stack, text))
                found += [self._by_place[place] for place in self._places[stack, text] if place in self._by_place]
        return found

    def _named(self, stack: str, text: str) -> Iterator[Place]:
        for other, output in _REMOTE.findall(text):
            written = self.stacks.get(other, {}).get("output", {}).get(output, {}).get("value", "")
            for inner in texts(written):
                yield from self._named(other, inner)
        for type_, name in _REFERENCE.findall(_REMOTE.sub("", text)):
            yield stack, type_, name

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


def listed(value: object) -> list[str]:
    """IAM and Terraform write one text or a list of them."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every value that is no table or list, with the way to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def lookup(values: Any, path: str) -> list[Any]:
    """What stands under a dotted path; lists on the way are walked through. A missing value is left out."""
    found = [values]
    for part in path.split("."):
        inner = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [item[part] for item in inner if isinstance(item, dict) and item.get(part) is not None]
    return found


def parsed(text: object) -> Any:
    """JSON inside a text, or None. Shared between callers: not to be changed."""
    return _parsed(text) if isinstance(text, str) and text.lstrip().startswith(("{", "[")) else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def documents(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """(attribute, policy document) of a resource."""
    for path, value in leaves(resource.arguments):
        document = parsed(value)
        if isinstance(document, dict) and isinstance(document.get("Statement"), list):
            yield ".".join(map(str, path)), document


def read(outdir: Path, names: Iterable[str] | None = None) -> list[Platform]:
    """Every environment that `main.py` has synthesized into `outdir`. `names` defaults to all that have a file.

    Raises InputError.
    """
    manifest = _json(outdir / "manifest.json").get("stacks")
    if not isinstance(manifest, dict) or not manifest:
        raise InputError(f"{outdir / 'manifest.json'} names no stack; run: make synth")
    wanted = list(environment_names() if names is None else names)
    owners = {stack: next((name for name in wanted if _belongs(stack, name)), None) for stack in manifest}
    if strangers := sorted(stack for stack, name in owners.items() if name is None):
        raise InputError(f"{outdir} holds stacks of no environment: {', '.join(strangers)}; run: make synth")
    if present := sorted(path.name for path in (outdir / "stacks").glob("*") if path.name not in manifest):
        raise InputError(f"{outdir} holds stacks that its manifest does not name: {', '.join(present)}; delete them")
    platforms = []
    for name in wanted:
        stacks = {
            stack: _json(outdir / "stacks" / stack / "cdk.tf.json") for stack in manifest if owners[stack] == name
        }
        if not stacks:
            raise InputError(f"{outdir} holds no stack of {name}; run: make synth")
        settings = load(name)
        resources = tuple(resource for stack in sorted(stacks) for resource in _resources(stack, stacks[stack]))
        platforms.append(Platform(name, settings.tier, settings.account_id, stacks, resources, resources))
    return platforms


def _belongs(stack: str, environment: str) -> bool:
    return stack == f"bootstrap-{environment}" or stack.startswith(f"{environment}-")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run: make synth") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}); run: make synth") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no JSON object; run: make synth")
    return content


def _resources(stack: str, content: Mapping[str, Any]) -> list[Resource]:
    declared = content.get("resource")
    if not isinstance(declared, dict) or not declared:
        raise InputError(f"{stack} has no resource; run: make synth")
    found = [
        Resource(stack, type_, name, values)
        for type_, instances in sorted(declared.items())
        for name, values in sorted(instances.items())
    ]
    # checkov names most of its findings without the type.
    if len({resource.name for resource in found}) != len(found):
        raise InputError(f"{stack} uses one logical id for two resources")
    return found
