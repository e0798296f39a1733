"""Reads `terraform show -json` of a saved plan into typed changes, with every sensitive value hidden at the door.

What is not read here no page can show: values marked sensitive by Terraform never get into a `Change` in clear text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tools.change import sensitivity
from tools.change.values import UNKNOWN, Attribute, Sides, differences, hidden, secrets_of, text


class Action(StrEnum):
    """What happens to a resource, in the words of the page."""

    CREATED = "created"
    CHANGED = "changed"
    REPLACED = "replaced"
    DESTROYED = "destroyed"
    MOVED = "moved"
    IMPORTED = "imported"
    FORGOTTEN = "forgotten"


_ACTIONS = {
    ("create",): Action.CREATED,
    ("update",): Action.CHANGED,
    ("delete", "create"): Action.REPLACED,
    ("create", "delete"): Action.REPLACED,
    ("delete",): Action.DESTROYED,
    ("forget",): Action.FORGOTTEN,
    ("create", "forget"): Action.REPLACED,
}


@dataclass(frozen=True)
class Change:
    """One resource; `before` and `after` are its attributes with sensitive and unknown values replaced by a word."""

    stack: str
    address: str
    type: str
    action: Action
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    attributes: tuple[Attribute, ...]
    reason: str = ""
    previous_address: str | None = None
    drifted: bool = False
    """Whether it changed outside of Terraform; only where drift is looked for."""

    @property
    def cause(self) -> str:
        """Why it is replaced or destroyed; empty for everything else."""
        forcing = [attribute for attribute in self.attributes if attribute.forces_replacement]
        if self.action is Action.REPLACED and forcing:
            return "; ".join(f"{item.path}: {_short(item.before)} → {_short(item.after)}" for item in forcing)
        return self.reason if self.action in (Action.REPLACED, Action.DESTROYED) else ""

    @property
    def late(self) -> list[str]:
        """Attributes that AWS gives to what is made anew, such as its id: named, and not worth a line each."""
        if self.action not in (Action.CREATED, Action.REPLACED):
            return []
        return [item.path for item in self.attributes if item.after == UNKNOWN and not item.forces_replacement]

    @property
    def telling(self) -> list[Attribute]:
        """All other attributes."""
        late = set(self.late)
        return [item for item in self.attributes if item.path not in late]


@dataclass(frozen=True)
class Output:
    """One output of a stack that appears, changes or disappears."""

    name: str
    action: Action
    before: str | None
    after: str | None


@dataclass(frozen=True)
class StackPlan:
    """What one stack's plan says; `note` tells why there is no plan."""

    name: str
    changes: tuple[Change, ...] = ()
    outputs: tuple[Output, ...] = ()
    errors: tuple[str, ...] = ()
    note: str = ""

    def count(self, action: Action) -> int:
        """How many resources this happens to."""
        return sum(change.action is action for change in self.changes)


def read(
    stack: str,
    document: Mapping[str, Any] | None,
    *,
    errors: Sequence[str] = (),
    note: str = "",
    drift: bool = False,
) -> StackPlan:
    """The plan of `stack`; `document` is what `terraform show -json` printed, None where there is no plan.

    `drift` keeps what changed outside of Terraform. Right after a deployment that is noise: what AWS computes late.
    """
    document = sensitivity.without_needless(document or {})
    secrets = secrets_of(document)
    drifted = {item["address"] for item in document.get("resource_drift", ()) if drift}
    changes = [_change(stack, item, secrets, drifted) for item in document.get("resource_changes", ())]
    outputs = [_output(name, item, secrets) for name, item in sorted(document.get("output_changes", {}).items())]
    return StackPlan(
        name=stack,
        changes=tuple(change for change in changes if change is not None),
        outputs=tuple(output for output in outputs if output is not None),
        errors=tuple(hidden(error, None, None, secrets) for error in errors),
        note=note,
    )


def _change(stack: str, item: Mapping[str, Any], secrets: Sequence[str], drifted: Collection[str]) -> Change | None:
    """None for what is only read, or stays as it is."""
    change = item["change"]
    action = _ACTIONS.get(tuple(change["actions"]))
    if item.get("mode") == "data" or (action is None and change["actions"] != ["no-op"]):
        return None
    previous = item.get("previous_address")
    if change.get("importing"):
        action = Action.IMPORTED if action in (None, Action.CHANGED) else action
    elif action is None and previous:
        action = Action.MOVED
    if action is None:
        return None
    before, after = _shown(change, secrets)
    forcing = [_path(parts) for parts in change.get("replace_paths", ())]
    return Change(
        stack=stack,
        address=item["address"],
        type=item["type"],
        action=action,
        before=before or {},
        after=after or {},
        attributes=differences((change.get("before"), change.get("after")), (before, after), forcing),
        # Such as `replace_because_tainted`: https://developer.hashicorp.com/terraform/internals/json-format
        reason=item.get("action_reason", "").replace("_", " "),
        previous_address=previous,
        drifted=item["address"] in drifted,
    )


def _output(name: str, change: Mapping[str, Any], secrets: Sequence[str]) -> Output | None:
    action = _ACTIONS.get(tuple(change["actions"]))
    return Output(name, action, *map(text, _shown(change, secrets))) if action else None


def _shown(change: Mapping[str, Any], secrets: Sequence[str]) -> Sides:
    """Both sides of a change as they may be shown."""
    return (
        hidden(change.get("before"), change.get("before_sensitive"), None, secrets),
        hidden(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"), secrets),
    )


def _path(parts: Sequence[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _short(value: str | None) -> str:
    line = "nothing" if value is None else " ".join(value.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
