"""What a rule between settings says when it does not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unshown:
    """Stands for a value that is not printed; `said` is printed instead."""

    said: str


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold, without the file: the loader knows which one has the key."""

    key: str
    value: object
    allowed: str
    remedy: str
