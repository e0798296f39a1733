"""What a reviewer must not overlook in the plans of an environment, the most dangerous first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tools.change import access, callers, one_way, renames
from tools.change.plans import Action, Change, StackPlan
from tools.synthesized.resource_types import resource_types

# How Terraform says it.
_PROTECTED = re.compile(r"Resource (\S+) has lifecycle\.prevent_destroy set")


class FindingKind(StrEnum):
    """In the order of the page."""

    STATEFUL = "stateful"
    REFUSED = "refused"
    UNMANAGED = "unmanaged"
    ONE_WAY = "one-way"
    OUTPUT = "output"
    RENAME = "rename"
    CALLERS = "callers"
    PORT = "port"
    IAM = "iam"


TITLES: Mapping[FindingKind, str] = {
    FindingKind.STATEFUL: "Stateful resources replaced or destroyed",
    FindingKind.REFUSED: "Refused by Terraform",
    FindingKind.UNMANAGED: "Added outside of Terraform",
    FindingKind.ONE_WAY: "Refused by AWS, or impossible to take back",
    FindingKind.OUTPUT: "Outputs that another stack reads disappear",
    FindingKind.RENAME: "Renames without moved",
    FindingKind.CALLERS: "Callers of the API",
    FindingKind.PORT: "Ports",
    FindingKind.IAM: "Permissions",
}


# What somebody may allow by name.
ALLOWABLE = (FindingKind.STATEFUL, FindingKind.ONE_WAY)


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
    def is_red(self) -> bool:
        """Whether it is shown in red: lost state, additions by hand, one-way changes, broken readers, an open port."""
        red = (
            FindingKind.STATEFUL,
            FindingKind.REFUSED,
            FindingKind.UNMANAGED,
            FindingKind.ONE_WAY,
            FindingKind.OUTPUT,
            FindingKind.RENAME,
        )
        if self.kind in red:
            return not self.allowed
        return any(access.is_alarming(line) for line in self.more)


# Stack -> the outputs of other stacks that it reads, as (stack, output).
Reads = Mapping[str, Collection[tuple[str, str]]]


def find(
    plans: Sequence[StackPlan], *, reads: Reads, allow: Collection[str] = (), unmanaged: Sequence[ReviewFinding] = ()
) -> list[ReviewFinding]:
    """All findings, sorted, with those of `unmanaged` among them.

    `reads` is that of the new configuration; `allow` holds the addresses that are allowed by name.
    """
    found = [*unmanaged, *(finding for plan in plans for change in plan.changes for finding in _of(change))]
    found += _refusals(plans)
    found += [
        ReviewFinding(FindingKind.ONE_WAY, change.stack, change.address, says)
        for plan in plans
        for change, says in one_way.find(plan.changes)
    ]
    found += _vanished(plans, reads)
    found += _renames(plans)
    order = list(FindingKind)
    marked = [replace(item, allowed=item.kind in ALLOWABLE and _is_allowed(item, allow)) for item in found]
    return sorted(marked, key=lambda item: (order.index(item.kind), item.allowed, not item.is_red))


def _is_allowed(finding: ReviewFinding, allow: Collection[str]) -> bool:
    return finding.address in allow or f"{finding.stack}.{finding.address}" in allow


def _of(change: Change) -> Iterator[ReviewFinding]:
    lost = resource_types().of(change.type).lost
    if lost and change.action in (Action.REPLACED, Action.DESTROYED):
        because = f", {change.cause}" if change.cause else ""
        says = f"{change.action}{because}. Lost: {lost}"
        yield ReviewFinding(FindingKind.STATEFUL, change.stack, change.address, says)
    let_in = callers.find(change)
    if let_in.more or let_in.less:
        says = _verdict(let_in, "more is let in", "less is let in")
        yield ReviewFinding(FindingKind.CALLERS, change.stack, change.address, says, let_in.more, let_in.less)
    ports = access.ports(change)
    if ports.more or ports.less:
        yield ReviewFinding(
            FindingKind.PORT, change.stack, change.address, _verdict(ports, "opened", "closed"), ports.more, ports.less
        )
    permissions = access.permissions(change)
    if permissions.more or permissions.less:
        says = _verdict(permissions, "widened", "narrowed")
        yield ReviewFinding(FindingKind.IAM, change.stack, change.address, says, permissions.more, permissions.less)


def _verdict(difference: access.Difference, wider: str, narrower: str) -> str:
    return f"{wider} and {narrower}" if difference.more and difference.less else wider if difference.more else narrower


def _refusals(plans: Sequence[StackPlan]) -> Iterator[ReviewFinding]:
    """prevent_destroy ends a plan with an error, and so the plan lists nothing."""
    for plan in plans:
        for error in plan.errors:
            if protected := _PROTECTED.search(error):
                says = "would be replaced or destroyed, and is protected by prevent_destroy: the plan ends there"
                yield ReviewFinding(FindingKind.REFUSED, plan.name, protected[1], says)


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
