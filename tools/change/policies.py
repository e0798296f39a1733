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

from tools.synthesized.values import blocks, listed, parsed

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
class Difference:
    """What is open or allowed now and was not before, and the other way round."""

    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def compare(before: object, after: object) -> Difference:
    """Compare two policy documents; one that is missing, or no document, allows nothing."""
    old, new = set(_permissions(before)), set(_permissions(after))
    return Difference(
        more=(*_beyond(new, old, "Allow"), *(f"no longer {item}" for item in _beyond(old, new, "Deny"))),
        less=(*(f"no longer {item}" for item in _beyond(old, new, "Allow")), *_beyond(new, old, "Deny")),
    )


def _beyond(permissions: Iterable[Permission], others: Iterable[Permission], effect: str) -> list[str]:
    """Those with this effect that none of the others covers."""
    found = [item for item in permissions if item.effect == effect and not any(other.covers(item) for other in others)]
    return [str(item) for item in _together(found)]


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
        return set(listed(narrow)) <= set(listed(wide))
    return listed(narrow) == listed(wide)


def _together(permissions: Iterable[Permission]) -> list[Permission]:
    """Those that differ in one part alone as one, which names all of these."""
    found = list(permissions)
    for part in ("action", "resource", "principal"):
        groups: dict[Permission, set[str]] = {}
        for item in found:
            groups.setdefault(replace(item, **{part: ""}), set()).add(getattr(item, part))
        found = [replace(item, **{part: ", ".join(sorted(values))}) for item, values in groups.items()]
    return sorted(found)


def _permissions(value: object) -> Iterator[Permission]:
    document = parsed(value)
    for statement in blocks(document.get("Statement")) if isinstance(document, dict) else ():
        condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
        effect = str(statement.get("Effect", "Allow"))
        if any(key in statement for key in _OPAQUE):
            named = {key: statement[key] for key in ("Principal", "Action", "Resource", *_OPAQUE) if key in statement}
            yield Permission(effect, "", json.dumps(named, sort_keys=True), "", condition)
            continue
        parts = (statement.get("Action"), statement.get("Resource", ""))
        for principal, action, resource in product(_principals(statement.get("Principal", "")), *map(listed, parts)):
            yield Permission(effect, principal, action, resource, condition)


def _principals(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for kind, names in value.items():
            yield from ("*" if name == "*" else f"{kind} {name}" for name in listed(names))
    else:
        yield from listed(value)
