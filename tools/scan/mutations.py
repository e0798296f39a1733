"""Makes the good JSON worse: whatever is in a resource removed, turned, raised, pointed elsewhere, and more added.

Deterministic: no choice is left to chance, so the same JSON gives the same mutants in the same order. A path leads
into texts that are JSON, too; there a mutant differs from the good one at its place and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource
from tools.synthesized.values import parsed

Path = tuple[str | int, ...]
GONE = object()
"""Instead of a value: there is none."""
# When Terraform makes it, and for how long it tries; a text for people; JSON that is only looked at.
_SKIPPED = {"//", "depends_on", "timeouts", "tags", "dashboard_body"}
_FOREIGN_ACCOUNT, _FOREIGN_REGION, _WORLD = "999999999999", "us-east-1", "0.0.0.0/0"
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_REGION = re.compile(r"\b[a-z]{2}-[a-z]+-\d(?=[^0-9]|$)")
_CIDR = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")
_REFERENCE = re.compile(r"\$\{([a-z]\w+)\.([\w-]+)\.([\w.\[\]]+)\}")
_STATEMENT = {"Sid": "Added", "Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, eq=False)
class Mutant:
    """`resource` made worse at `path` by `operation`; `changed` is what it became, None where it is gone."""

    resource: Resource
    path: Path
    place: str
    operation: str
    old: Any
    new: Any
    changed: Resource | None

    @property
    def label(self) -> str:
        """The kind of mutant, as the patterns of `survivors.toml` write it."""
        return f"{self.resource.type} {self.place or '-'} {self.operation}"


def mutants(platform: Platform, resource: Resource) -> Iterator[Mutant]:
    """Every mutant of one resource."""
    yield Mutant(resource, (), "", "removed", resource.values, GONE, None)
    copy = Resource(resource.stack, resource.type, f"added_{resource.id}", resource.values)
    yield Mutant(resource, (), "", "added", GONE, copy.values, copy)
    for path, place, old in _places(resource.values, (), ""):
        for operation, new in _worse(platform, resource, path, old):
            changed = Resource(resource.stack, resource.type, resource.id, replaced(resource.values, path, new))
            yield Mutant(resource, path, place, operation, old, new, changed)


def _places(value: Any, path: Path, place: str) -> Iterator[tuple[Path, str, Any]]:
    """Everything below a value, texts that are JSON opened: path, its name, and what is there.

    In a name an item of a list is its Sid or name; others have none, because what holds for one of them holds for all.
    """
    inner = parsed(value) if isinstance(value, str) else value
    items = inner.items() if isinstance(inner, Mapping) else enumerate(inner) if isinstance(inner, list) else ()
    for key, item in items:
        if key in _SKIPPED or item is None:
            continue
        named = item.get("Sid", item.get("name", "")) if isinstance(item, Mapping) and isinstance(key, int) else ""
        shown = key if isinstance(key, str) else named if isinstance(named, str) else ""
        shown = "" if shown.startswith("cross-stack-reference-") else shown
        name = ".".join(filter(None, (place, shown)))
        yield (*path, key), name, item
        yield from _places(item, (*path, key), name)


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy with `new` at `path`, or without it."""
    if not path:
        return new
    if isinstance(value, str):
        return json.dumps(replaced(parsed(value), path, new))
    key = path[0]
    if isinstance(value, list):
        changed = list(value)
        if key == len(value):
            return [*value, new]
        changed[key] = replaced(value[key], path[1:], new)  # type: ignore[index]
        return [item for item in changed if item is not GONE]
    inner = replaced(value.get(key), path[1:], new)
    return {**value, key: inner} if inner is not GONE else {k: item for k, item in value.items() if k != key}


def _worse(platform: Platform, resource: Resource, path: Path, old: Any) -> Iterator[tuple[str, Any]]:
    """(operation, value) of everything that may take the place of `old`."""
    yield "removed", GONE
    if isinstance(old, Mapping):
        yield "extended", {**old, "added": True}
    elif isinstance(old, list):
        if path[-1] == "Statement":
            yield "statement", [*old, _STATEMENT]
        elif old:
            others = (new for _, new in _worse(platform, resource, (*path, 0), old[0]))
            more = next((new for new in others if new is not GONE and new not in old), "added")
            yield "more", [*old, more]
    elif isinstance(old, bool) or old in ("true", "false"):
        yield "flipped", (not old if isinstance(old, bool) else "false" if old == "true" else "true")
    elif isinstance(old, int | float):
        yield "lowered", 0 if old else -1
        yield "raised", max(old, 1) * 1000
    elif isinstance(old, str) and parsed(old) is None:
        yield from _other_texts(platform, resource, path, old)


def _other_texts(platform: Platform, resource: Resource, path: Path, old: str) -> Iterator[tuple[str, str]]:
    if _CIDR.fullmatch(old):
        yield "widened", _WORLD if old != _WORLD else "::/0"
    elif path[-1] == "Effect":
        yield "flipped", "Deny" if old == "Allow" else "Allow"
    elif _ACCOUNT.search(old):
        yield "foreign account", _ACCOUNT.sub(_FOREIGN_ACCOUNT, old)
    elif reference := _REFERENCE.search(old):
        others = (r for r in platform.all(reference[1]) if r.stack == resource.stack and r.id != reference[2])
        if other := next(others, None):
            yield "swapped", old.replace(f".{reference[2]}.", f".{other.id}.")
        yield "foreign", f"{reference[1].replace('_', '-')}-of-somebody-else"
    elif "${" in old:
        yield "foreign", "arn:aws:iam::999999999999:root"
    else:
        yield "other", f"{old}-other" if not old.isdecimal() else f"{old}0"
    if _REGION.search(old):
        yield "foreign region", _REGION.sub(_FOREIGN_REGION, old)
    if any(part in ("Action", "Resource", "Principal", "Condition") for part in path) and "*" not in old:
        yield "any", "*"
