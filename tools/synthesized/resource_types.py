"""What the tools know of resource types: the one table, `types.toml`. A type that is not in it has the defaults."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("types.toml")
Pace = Literal["expected", "shortest", "longest"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Duration(_Row):
    """How long AWS takes to create a resource, in seconds: as expected, and the published range."""

    expected: int
    range: list[int] = Field(min_length=2, max_length=2)
    source: str
    when: dict[str, str | bool | int] = {}

    def at(self, pace: Pace) -> int:
        """One of the three."""
        return {"expected": self.expected, "shortest": self.range[0], "longest": self.range[1]}[pace]


class ResourceType(_Row):
    """One type; the keys are explained in `types.toml`."""

    title: str | None = None
    rank: int = 1000
    lost: str | None = None
    kept: bool = False
    arn: str = "arn:*:*:*:*:*"
    durations: list[Duration] = []


class ResourceTypes(_Row):
    """The whole file."""

    default: Duration
    stack: Duration
    sources: dict[str, str]
    types: dict[str, ResourceType]

    def of(self, type_: str) -> ResourceType:
        """A type, known or not."""
        return self.types.get(type_) or ResourceType()


@lru_cache
def resource_types() -> ResourceTypes:
    """The file as it is committed."""
    return ResourceTypes.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))
