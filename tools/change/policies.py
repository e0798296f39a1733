"""Whether a policy allows more than before: each statement taken apart, single permissions compared.

A permission that an old one covers by its wildcards, under no narrower condition, is not new. Statements with
NotAction, NotResource or NotPrincipal are compared as a whole. What is found is put together again for people: one
line for all actions of the same principal on the same resources.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from tools.change.values import document_in

_OPAQUE = ("NotAction", "NotResource", "NotPrincipal")
# Operators that any one of several values fulfils; others are compared as they are.
_ALTERNATIVES = re.compile(r"(ForAnyValue:)?(String|Arn)(Equals|Like|EqualsIgnoreCase)(IfExists)?")


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
            and _is_no_narrower(self.condition, other.condition)
        )


@dataclass(frozen=True)
class PolicyComparison:
    """What a changed policy allows more, and what less."""

    more: tuple[str, ...]
    less: tuple[str, ...]


def compare(before: object, after: object) -> PolicyComparison:
    """Compare two policy documents; one that is missing, or no document, allows nothing."""
    old, new = set(_permissions(before)), set(_permissions(after))
    gained = [item for item in new if item.effect == "Allow" and not any(known.covers(item) for known in old)]
    lost = [item for item in old if item.effect == "Allow" and not any(kept.covers(item) for kept in new)]
    undenied = [item for item in old if item.effect == "Deny" and not any(kept.covers(item) for kept in new)]
    denied = [item for item in new if item.effect == "Deny" and not any(known.covers(item) for known in old)]
    return PolicyComparison(
        more=(*map(str, _together(gained)), *(f"no longer {item}" for item in _together(undenied))),
        less=(*(f"no longer {item}" for item in _together(lost)), *map(str, _together(denied))),
    )


def _is_no_narrower(condition: str, other: str) -> bool:
    """Whether whatever fulfils `other` fulfils `condition`, too: the values of one key are alternatives.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
    """
    if condition in ("", other):
        return True
    wide, narrow = json.loads(condition), json.loads(other or "{}")
    if not all(isinstance(keys, Mapping) for side in (wide, narrow) for keys in side.values()):
        return False
    return all(
        key in narrow.get(operator, {}) and _are_among(narrow[operator][key], values, operator)
        for operator, keys in wide.items()
        for key, values in keys.items()
    )


def _are_among(narrow: Any, wide: Any, operator: str) -> bool:
    if _ALTERNATIVES.fullmatch(operator):
        return all(value in _list(wide) for value in _list(narrow))
    return _list(narrow) == _list(wide)


def _together(permissions: Iterable[Permission]) -> list[Permission]:
    """Those that differ in one part alone as one, which names all of these."""
    found = list(permissions)
    for part in ("action", "resource", "principal"):
        groups: dict[Permission, set[str]] = {}
        for item in found:
            groups.setdefault(replace(item, **{part: ""}), set()).add(getattr(item, part))
        found = [replace(item, **{part: ", ".join(sorted(values))}) for item, values in groups.items()]
    return sorted(found)


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
