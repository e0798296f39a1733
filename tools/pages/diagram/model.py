"""What the picture says, apart from how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class ArrowKind(Enum):
    """What an arrow stands for."""

    ALLOWED = "allowed by the security groups of both ends"
    HALF = "allowed at one end only, so it does not pass"
    OPEN = "open to any address"
    PATH = "no security group rules it: public HTTPS, calls of AWS services, routes"


@dataclass(frozen=True)
class Tier:
    """The subnets of one tier: CIDR block by zone, and where their default routes lead."""

    name: str
    blocks: Mapping[str, str]
    way_out: str


@dataclass(frozen=True)
class Box:
    """Everything behind one security group, or something that has none.

    `cells` names what stands in a given zone. What AWS places by itself stands in `spread` instead.
    """

    key: str
    title: str
    name: str
    facts: tuple[str, ...] = ()
    tier: str | None = None
    cells: Mapping[str, str] | None = None
    spread: str = ""


@dataclass(frozen=True)
class Arrow:
    """From box to box."""

    source: str
    target: str
    label: str
    kind: ArrowKind


@dataclass(frozen=True)
class Picture:
    """One environment."""

    environment: str
    region: str
    vpc: str
    zones: tuple[str, ...]
    tiers: tuple[Tier, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def within(self, tier: str | None) -> list[Box]:
        """The boxes of a tier, or those outside of all."""
        return [box for box in self.boxes if box.tier == tier]
