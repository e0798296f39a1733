"""Whether a policy allows more than before: each statement taken apart, single permissions compared.

A permission that an old one covers by its wildcards, under no narrower condition, is not new. Statements with
NotAction, NotResource or NotPrincipal are compared as a whole.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from review.values import document_in

_OPAQUE = ("NotAction", "NotResource", "NotPrincipal")


@dataclass(frozen=True, order=True)
class Permission:
    """One action on one resource for one principal, under a condition (canonical JSON, empty for none)."""

    effect: str
    principal: str
    action: str
    resource: str
    condition: str

    def __str__(self) -> str:
        who = f"{self.principal} may " if self.principal else ""
        what = f"{who}{self.action}" + (f" on {self.resource}" if self.resource else "")
        what = f"denied: {what}" if self.effect == "Deny" else what
        return f"{what} if {self.condition}" if self.condition else what

    def covers(self, other: Permission) -> bool:
        """Whether whoever has this one has the other, too."""
        return (
            self.effect == other.effect
            and self.principal in ("*", other.principal)
            and fnmatch.fnmatchcase(other.action.lower(), self.action.lower())
            and fnmatch.fnmatchcase(other.resource, self.resource or "*")
            and self.condition in ("", other.condition)
        )


@dataclass(frozen=True)
class Comparison:
    """What a changed policy allows more, and what less."""

    more: tuple[str, ...]
    less: tuple[str, ...]


def compare(before: object, after: object) -> Comparison:
    """Compare two policy documents; one that is missing, or no document, allows nothing."""
    old, new = set(_permissions(before)), set(_permissions(after))
    gained = [item for item in new if item.effect == "Allow" and not any(known.covers(item) for known in old)]
    lost = [item for item in old if item.effect == "Allow" and not any(kept.covers(item) for kept in new)]
    undenied = [item for item in old if item.effect == "Deny" and not any(kept.covers(item) for kept in new)]
    denied = [item for item in new if item.effect == "Deny" and not any(known.covers(item) for known in old)]
    return Comparison(
        more=(*map(str, sorted(gained)), *(f"no longer {item}" for item in sorted(undenied))),
        less=(*(f"no longer {item}" for item in sorted(lost)), *map(str, sorted(denied))),
    )


def is_policy(value: object) -> bool:
    """Whether a text is a policy document."""
    document = document_in(value)
    return isinstance(document, dict) and "Statement" in document


def _permissions(value: object) -> Iterator[Permission]:
    document = document_in(value)
    if not isinstance(document, dict):
        return
    for statement in _list(document.get("Statement")):
        condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
        effect = statement.get("Effect", "Allow")
        opaque = {key: statement[key] for key in _OPAQUE if key in statement}
        if opaque:
            rest = {key: statement.get(key) for key in ("Principal", "Action", "Resource") if key in statement}
            yield Permission(effect, "", json.dumps({**rest, **opaque}, sort_keys=True), "", condition)
            continue
        principals = list(_principals(statement.get("Principal", "")))
        for principal, action, resource in product(
            principals, _list(statement.get("Action")), _list(statement.get("Resource", ""))
        ):
            yield Permission(effect, principal, action, resource, condition)


def _principals(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for kind, names in value.items():
            for name in _list(names):
                yield "*" if name == "*" else f"{kind} {name}"
    else:
        yield from _list(value)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
