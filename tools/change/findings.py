"""What a reviewer must not overlook in the plans of an environment, the most dangerous first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Self

from tools.change import access, backups, callers, one_way, renames
from tools.change.plans import Action, Change, StackPlan
from tools.synthesized.resource_types import resource_types

# How Terraform says it.
_REFUSED = {
    r"Resource (\S+) has lifecycle\.prevent_destroy set": "is protected by prevent_destroy",
    r"To work with (\S+) \(orphan\) its original provider": "the provider of its region is no longer there",
}


class FindingKind(StrEnum):
    """In the order of the page, each with its heading."""

    STATEFUL = "stateful", "Stateful resources replaced or destroyed"
    BACKUPS = "backups", "Backups given up"
    REFUSED = "refused", "Refused by Terraform"
    UNMANAGED = "unmanaged", "Added outside of Terraform"
    ONE_WAY = "one-way", "Refused by AWS, or impossible to take back"
    OUTPUT = "output", "Outputs that another stack reads disappear"
    RENAME = "rename", "Renames without moved"
    CALLERS = "callers", "Callers of the API"
    PORT = "port", "Ports"
    IAM = "iam", "Permissions"

    heading: str

    def __new__(cls, value: str, heading: str) -> Self:
        """The value is that of the JSON."""
        kind = str.__new__(cls, value)
        kind._value_, kind.heading = value, heading
        return kind


# What somebody may allow by name.
ALLOWABLE = (FindingKind.STATEFUL, FindingKind.BACKUPS, FindingKind.ONE_WAY)


@dataclass(frozen=True)
class ReviewFinding:
    """One thing to look at. `more` is what it opens, grants or loses; `less` what it takes back."""

    kind: FindingKind
    stack: str
    address: str
    says: str
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    allowed: bool = False

    @property
    def names(self) -> set[str]:
        """By which it is allowed."""
        return {self.address, f"{self.stack}.{self.address}"}

    @property
    def is_red(self) -> bool:
        """Whether it is shown in red: lost state or backups, additions by hand, one-way changes, broken readers, and
        whatever opens to the world.
        """
        if self.kind in (FindingKind.PORT, FindingKind.IAM):
            return any(access.is_alarming(line) for line in self.more)
        return not self.allowed


# Stack -> the outputs of other stacks that it reads, as (stack, output).
Reads = Mapping[str, Collection[tuple[str, str]]]


def find(
    plans: Sequence[StackPlan], *, reads: Reads, allow: Collection[str] = (), unmanaged: Sequence[ReviewFinding] = ()
) -> list[ReviewFinding]:
    """All findings, sorted, with those of `unmanaged` among them.

    `reads` is that of the new configuration; `allow` holds the addresses that are allowed by name.
    """
    found = [*unmanaged, *(finding for plan in plans for change in plan.changes for finding in _of(change))]
    found += [*_refusals(plans), *_one_way(plans), *_vanished(plans, reads), *_renames(plans)]
    order = list(FindingKind)
    marked = [replace(item, allowed=item.kind in ALLOWABLE and bool(item.names & set(allow))) for item in found]
    return sorted(marked, key=lambda item: (order.index(item.kind), item.allowed, not item.is_red))


def _of(change: Change) -> Iterator[ReviewFinding]:
    lost = resource_types().of(change.type).lost
    if lost and change.action in (Action.REPLACED, Action.DESTROYED):
        because = f", {change.cause}" if change.cause else ""
        says = f"{change.action}{because}. Lost: {lost}"
        yield ReviewFinding(FindingKind.STATEFUL, change.stack, change.address, says)
    for says in backups.find(change):
        yield ReviewFinding(FindingKind.BACKUPS, change.stack, change.address, says)
    for kind, found, wider, narrower in (
        (FindingKind.CALLERS, callers.find(change), "more is let in", "less is let in"),
        (FindingKind.PORT, access.ports(change), "opened", "closed"),
        (FindingKind.IAM, access.permissions(change), "widened", "narrowed"),
    ):
        says = " and ".join(word for word, lines in ((wider, found.more), (narrower, found.less)) if lines)
        if says:
            yield ReviewFinding(kind, change.stack, change.address, says, found.more, found.less)


def _one_way(plans: Sequence[StackPlan]) -> Iterator[ReviewFinding]:
    for plan in plans:
        for change, says in one_way.find(plan.changes):
            yield ReviewFinding(FindingKind.ONE_WAY, change.stack, change.address, says)


def _refusals(plans: Sequence[StackPlan]) -> Iterator[ReviewFinding]:
    """Such a plan ends with an error, and so it lists nothing."""
    for plan, (pattern, why) in product(plans, _REFUSED.items()):
        for error in plan.errors:
            if refused := re.search(pattern, error):
                says = f"would be replaced or destroyed, and {why}: the plan ends there"
                yield ReviewFinding(FindingKind.REFUSED, plan.name, refused[1], says)


def _vanished(plans: Sequence[StackPlan], reads: Reads) -> Iterator[ReviewFinding]:
    gone = {(plan.name, output.name) for plan in plans for output in plan.outputs if output.action is Action.DESTROYED}
    for stack, output in sorted(gone):
        readers = sorted(reader for reader, read in reads.items() if (stack, output) in read)
        if readers:
            yield ReviewFinding(FindingKind.OUTPUT, stack, output, f"disappears while {', '.join(readers)} reads it")


def _renames(plans: Sequence[StackPlan]) -> Iterator[ReviewFinding]:
    changes = [change for plan in plans for change in plan.changes]
    for old, new in renames.find(changes):
        if old.stack == new.stack:
            says = (
                f"{old.address} is destroyed and {new.address}, which looks the same, is created. If this is a rename, "
                f"add moved from {old.address} to {new.address} (in CDKTF: move_from_id on the new one)"
            )
        else:
            says = (
                f"{old.address} leaves {old.stack}, and {new.address} in {new.stack} looks the same. If it moves, add "
                "removed (without destroying) there, and import here"
            )
        yield ReviewFinding(FindingKind.RENAME, new.stack, new.address, says)
