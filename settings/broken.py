"""Violations of rules between settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unshown:
    """A value that is not printed; `said` is printed instead."""

    said: str


@dataclass(frozen=True)
class Broken:
    """A violated rule, without the file: the loader knows which file has the key."""

    key: str
    value: object
    allowed: str
    remedy: str
