"""Pairs of a destroyed and a created resource that are one resource under a new address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.change.plans import Action, Change
from tools.change.values import SENSITIVE, UNKNOWN

# How many of the attributes that both know must be the same; tags differ by the name of the stack alone.
_LIKENESS = 0.8
# Attributes that name a resource: the same value means the same thing.
_NAMES = re.compile(
    r"name|(\w+_)?identifier|(replication_group|user)_id|bucket|(function|alarm)_name|family|creation_token"
)
_LEAST_IN_COMMON = 3


def find(changes: Sequence[Change]) -> Iterator[tuple[Change, Change]]:
    """The pairs, old and new; each resource in one pair at most, the likest first."""
    gone = [change for change in changes if change.action is Action.DESTROYED]
    made = [change for change in changes if change.action is Action.CREATED]
    pairs = [(_likeness(old.before, new.after), old, new) for old in gone for new in made if old.type == new.type]
    taken: list[Change] = []
    for likeness, old, new in sorted(pairs, key=lambda pair: (-pair[0], pair[1].address, pair[2].address)):
        if likeness >= _LIKENESS and not any(change is old or change is new for change in taken):
            taken += [old, new]
            yield old, new


def _likeness(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """From 0 to 1; two different names are two different things."""
    known = {
        key: value
        for key, value in new.items()
        if value not in (None, UNKNOWN, SENSITIVE, [], {}) and not key.startswith("tags") and UNKNOWN not in str(value)
    }
    named = [key for key in known if _NAMES.fullmatch(key) and old.get(key)]
    if named:
        return 1.0 if all(known[key] == old[key] for key in named) else 0.0
    shared = [key for key in known if key in old]
    if len(shared) < _LEAST_IN_COMMON:
        return 0.0
    return sum(1 for key in shared if known[key] == old[key]) / len(shared)
