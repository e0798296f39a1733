"""The one page about a change of an environment: its content, its verdict, and the same as JSON for machines.

How it looks is the business of `tools.change.render`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tools.change import findings
from tools.change.findings import FindingKind, Reads, ReviewFinding
from tools.change.plans import Action, Change, StackPlan

# 2 is for a call or a settings file at fault, as argparse has it: see docs/review.md.
FINE, FAILURE, LOSS, DRIFT = 0, 1, 3, 4
# The columns of the summary; the rest is rare, and stands in the stack's details.
COLUMNS = (Action.CREATED, Action.CHANGED, Action.REPLACED, Action.DESTROYED)

# How many the verdict names.
_NAMED = 3


@dataclass(frozen=True)
class Page:
    """`title` says what was looked at, `subject` which revisions or account."""

    title: str
    environment: str
    subject: str
    plans: tuple[StackPlan, ...]
    findings: tuple[ReviewFinding, ...]
    unused: tuple[str, ...] = ()
    """Addresses that were allowed by name and need it not."""
    drift: bool = False
    """Whether any change at all is what was looked for."""

    @property
    def lost(self) -> list[ReviewFinding]:
        """What forbids to go on until somebody allows it by name."""
        kinds = (FindingKind.STATEFUL, FindingKind.BACKUPS, FindingKind.REFUSED)
        return [item for kind in kinds for item in self.of(kind) if item.is_red]

    @property
    def one_way(self) -> list[ReviewFinding]:
        """What AWS refuses or nobody can take back, and is not allowed by name."""
        return [item for item in self.of(FindingKind.ONE_WAY) if item.is_red]

    @property
    def failed(self) -> list[StackPlan]:
        """Stacks whose plan or deployment failed."""
        return [plan for plan in self.plans if plan.errors]

    @property
    def exit_code(self) -> int:
        """0 fine, 3 when state or backups would be lost, 1 when a stack fails, AWS refuses, or an output is missing.

        For drift 4 when there is some, 1 when it could not be looked for everywhere.
        """
        if self.drift:
            return DRIFT if self.changed or self.of(FindingKind.UNMANAGED) else FAILURE if self.failed else FINE
        if self.lost:
            return LOSS
        return FAILURE if self.failed or self.one_way or self.of(FindingKind.OUTPUT) else FINE

    @property
    def verdict(self) -> str:
        """One sentence."""
        count = sum(len(plan.changes) for plan in self.plans)
        failing = ", ".join(plan.name for plan in self.failed)
        places = "one stack" if len(self.changed) == 1 else f"{len(self.changed)} stacks"
        resources = f"{count} resource{'s' if count != 1 else ''} in {places}"
        if self.drift and self.exit_code == DRIFT:
            added = len(self.of(FindingKind.UNMANAGED))
            said = [resources] if self.changed else []
            return f"Drift: {', '.join([*said, *([f'{added} added outside of Terraform'] if added else [])])}"
        if self.lost:
            also = f"; fails in {failing}" if failing else ""
            return f"Something stateful would be lost: {_names(self.lost)}{also}"
        if failing:
            return f"Fails in {failing}"
        if self.one_way:
            return f"AWS refuses it, or nobody can take it back: {_names(self.one_way)}"
        if self.exit_code:
            return "An output disappears that another stack reads"
        if not self.changed:
            return "No drift" if self.drift else "Nothing changes"
        return f"Nothing stateful is lost; {resources}"

    @property
    def changed(self) -> list[StackPlan]:
        """Stacks in which something happens."""
        return [plan for plan in self.plans if plan.changes or plan.outputs]

    def of(self, kind: FindingKind) -> list[ReviewFinding]:
        """The findings of one kind."""
        return [item for item in self.findings if item.kind is kind]


def make(
    title: str,
    *,
    environment: str,
    subject: str,
    plans: Sequence[StackPlan],
    reads: Reads,
    allow: Collection[str] = (),
    drift: bool = False,
    unmanaged: Sequence[ReviewFinding] = (),
) -> Page:
    """The page of these plans; `allow` names what may be lost or is one-way, plain or after its stack's name.

    `unmanaged` is what a look for drift has found in no state.
    """
    found = findings.find(plans, reads=reads, allow=allow, unmanaged=unmanaged)
    used = {name for item in found if item.allowed for name in item.names}
    unused = tuple(name for name in allow if name not in used)
    return Page(title, environment, subject, tuple(plans), tuple(found), unused, drift)


def remark(plan: StackPlan) -> str:
    """What the four numbers of a stack do not say."""
    said = ["fails"] if plan.errors else []
    said += [f"{plan.count(action)} {action}" for action in Action if action not in COLUMNS and plan.count(action)]
    said += [f"{len(plan.outputs)} output{'s' if len(plan.outputs) > 1 else ''}"] if plan.outputs else []
    said += [plan.note] if plan.note else []
    return ", ".join(said) or ("" if plan.changes else "no change")


def to_json(page: Page) -> str:
    """For machines: the verdict, every finding, every change; sensitive values are not in it."""
    document = asdict(page) | {
        "exit_code": page.exit_code,
        "verdict": page.verdict,
        "findings": [{**asdict(item), "red": item.is_red} for item in page.findings],
        "stacks": [
            asdict(plan)
            | {
                "counts": {action: plan.count(action) for action in Action if plan.count(action)},
                "changes": [_without_values(change) for change in plan.changes],
            }
            for plan in page.plans
        ],
    }
    del document["plans"]
    return json.dumps(document, indent=2) + "\n"


def _without_values(change: Change) -> dict[str, Any]:
    """Its attributes are what differs in them."""
    kept = {key: value for key, value in asdict(change).items() if key not in ("before", "after")}
    return {**kept, "cause": change.cause}


def _names(found: Sequence[ReviewFinding]) -> str:
    names = list(dict.fromkeys(item.address for item in found))
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{rest}"
