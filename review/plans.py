"""Reads `terraform show -json` of a saved plan into typed changes, with every sensitive value hidden at the door.

What is not read here no page can show: values marked sensitive by Terraform never get into a `Change` in clear text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
# Shorter sensitive texts are not looked for elsewhere: "1" stands everywhere, and is no secret.
_LEAST_SECRET = 6


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
_REASONS = {
    "replace_because_tainted": "its last creation failed (tainted)",
    "replace_by_request": "asked for with -replace",
    "replace_by_triggers": "by replace_triggered_by",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_count_index": "its index is gone",
    "delete_because_each_key": "its key is gone",
}


@dataclass(frozen=True)
class Attribute:
    """One attribute before and after, as text; None where there is none."""

    path: str
    before: str | None
    after: str | None
    forces_replacement: bool = False


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
    """What one stack's plan says; `note` tells why there is no plan, `drifted` what changed outside of Terraform."""

    name: str
    changes: tuple[Change, ...] = ()
    outputs: tuple[Output, ...] = ()
    errors: tuple[str, ...] = ()
    note: str = ""
    drifted: frozenset[str] = field(default=frozenset())

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
    document = document or {}
    secrets = frozenset(_secrets_of(document))
    changes = [_change(stack, item, secrets) for item in document.get("resource_changes", ())]
    outputs = [_output(name, item, secrets) for name, item in sorted(document.get("output_changes", {}).items())]
    return StackPlan(
        name=stack,
        changes=tuple(change for change in changes if change is not None),
        outputs=tuple(output for output in outputs if output is not None),
        errors=tuple(_hidden(error, None, None, secrets) for error in errors),
        note=note,
        drifted=frozenset(item["address"] for item in document.get("resource_drift", ()) if drift),
    )


def _secrets_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Texts that are sensitive somewhere: Terraform forgets the mark where a provider repeats the value."""
    for item in document.get("resource_changes", ()):
        yield from _secrets(item["change"])
    for change in document.get("output_changes", {}).values():
        yield from _secrets(change)


def _secrets(change: Mapping[str, Any]) -> Iterator[str]:
    for side in ("before", "after"):
        for value in _masked(change.get(side), change.get(f"{side}_sensitive")):
            if isinstance(value, str) and len(value) >= _LEAST_SECRET:
                yield value


def _masked(value: Any, mask: Any) -> Iterator[Any]:
    """The leaves of the value below a True in the mask."""
    if isinstance(value, dict | list) and mask:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _masked(part, _at(mask, key))
    elif mask is True:
        yield value


def _change(stack: str, item: Mapping[str, Any], secrets: frozenset[str]) -> Change | None:
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
    before, after = change.get("before") or {}, change.get("after") or {}
    masks = _Masks(change.get("before_sensitive"), change.get("after_sensitive"), change.get("after_unknown"), secrets)
    forcing = [_path(parts) for parts in change.get("replace_paths", ())]
    return Change(
        stack=stack,
        address=item["address"],
        type=item["type"],
        action=action,
        before=_hidden(before, masks.before, None, secrets),
        after=_hidden(after, masks.after, masks.unknown, secrets),
        attributes=tuple(_without_repeated_tags(_attributes(before, after, masks, "", forcing))),
        reason=_REASONS.get(item.get("action_reason", ""), ""),
        previous_address=previous,
    )


def _output(name: str, change: Mapping[str, Any], secrets: frozenset[str]) -> Output | None:
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None:
        return None
    before = _hidden(change.get("before"), change.get("before_sensitive"), None, secrets)
    after = _hidden(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"), secrets)
    return Output(name, action, text(before), text(after))


@dataclass(frozen=True)
class _Masks:
    """For one value: whether it, or a part of it, is sensitive or not known yet (nested like the value, or True)."""

    before: Any
    after: Any
    unknown: Any
    secrets: frozenset[str]
    """Hidden wherever they stand."""

    def at(self, key: str | int) -> _Masks:
        return _Masks(_at(self.before, key), _at(self.after, key), _at(self.unknown, key), self.secrets)


def _at(mask: Any, key: str | int) -> Any:
    if mask is True:
        return True
    if isinstance(mask, dict):
        return mask.get(str(key))
    if isinstance(mask, list) and isinstance(key, int) and key < len(mask):
        return mask[key]
    return None


def _hidden(value: Any, sensitive: Any, unknown: Any, secrets: frozenset[str]) -> Any:
    """The value with its sensitive and unknown parts, and every secret in its texts, replaced by a word."""
    if sensitive is True:
        return SENSITIVE
    if unknown is True:
        return UNKNOWN
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
        keys = [*(value or {}), *(key for key in (unknown or {}) if key not in (value or {}))]
        found = {key: _hidden((value or {}).get(key), _at(sensitive, key), _at(unknown, key), secrets) for key in keys}
        return {key: part for key, part in found.items() if part is not None or key in (value or {})}
    if isinstance(value, list):
        return [_hidden(part, _at(sensitive, index), _at(unknown, index), secrets) for index, part in enumerate(value)]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, SENSITIVE)
    return value


def _attributes(before: Any, after: Any, masks: _Masks, path: str, forcing: Sequence[str]) -> Iterator[Attribute]:
    """Every difference, as deep as both sides have the same form."""
    hidden = masks.before is True or masks.after is True
    if not hidden and masks.unknown is not True:
        if isinstance(before, dict | None) and isinstance(after, dict | None) and (before or after or not path):
            old, new = before or {}, after or {}
            late = masks.unknown if isinstance(masks.unknown, dict) else {}
            for key in dict.fromkeys([*old, *new, *late]):
                inner = f"{path}.{key}" if path else str(key)
                yield from _attributes(old.get(key), new.get(key), masks.at(key), inner, forcing)
            return
        if isinstance(before, list) and isinstance(after, list) and _same_form(before, after):
            for index, (old_part, new_part) in enumerate(zip(before, after, strict=True)):
                yield from _attributes(old_part, new_part, masks.at(index), f"{path}[{index}]", forcing)
            return
    old_value = _hidden(before, masks.before, None, masks.secrets)
    new_value = _hidden(after, masks.after, masks.unknown, masks.secrets)
    if before == after and not _any(masks.unknown):
        return
    old_text, new_text = text(old_value), text(new_value)
    if old_text is None and new_text is None:
        return
    forces = any(path == cause or path.startswith((f"{cause}.", f"{cause}[")) for cause in forcing)
    yield Attribute(path, old_text, new_text, forces)


def _any(mask: Any) -> bool:
    parts = mask.values() if isinstance(mask, dict) else mask if isinstance(mask, list) else ()
    return mask is True or any(map(_any, parts))


def _same_form(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(isinstance(part, dict) for part in [*before, *after])


def _without_repeated_tags(attributes: Iterator[Attribute]) -> Iterator[Attribute]:
    """`tags_all` holds every tag once more."""
    found = list(attributes)
    tags = {attribute.path for attribute in found}
    for attribute in found:
        own = attribute.path.replace("tags_all", "tags", 1)
        if own == attribute.path or own not in tags:
            yield attribute


def text(value: Any) -> str | None:
    """A value as people read it; JSON documents in full, empty values as None."""
    if value is None or value == [] or value == {} or value == "":
        return None
    if isinstance(value, str):
        document = document_in(value)
        return value if document is None else json.dumps(document, indent=2, sort_keys=True)
    if isinstance(value, list | dict):
        flat = json.dumps(value, sort_keys=True)
        return flat if len(flat) <= 100 else json.dumps(value, indent=2, sort_keys=True)
    return json.dumps(value)


def document_in(value: object) -> dict[str, Any] | list[Any] | None:
    """The JSON document that a text holds, None when it holds none."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        document = json.loads(value)
    except ValueError:
        return None
    return document if isinstance(document, dict | list) else None


def _path(parts: Sequence[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    line = " ".join(value.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
