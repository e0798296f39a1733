"""What one argument of a resource must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource

Values = list[object]


@dataclass(frozen=True)
class ValueDemand:
    """`holds` gets all values found under the path; `text` completes "must ...". `setting` is the key in an
    environment's file that decides, where one does.
    """

    text: str
    holds: Callable[[Platform, Resource, Values], bool]
    setting: str | None = None

    def set_by(self, key: str) -> ValueDemand:
        """The same, decided by this setting."""
        return replace(self, setting=key)

    @property
    def message(self) -> str:
        """What a finding says: what must be, and the setting that makes it so."""
        return f"must {self.text}" + (f"; the setting is {self.setting}" if self.setting else "")


def _normal(value: object) -> object:
    """Terraform takes "true" for true and "365" for 365."""
    if isinstance(value, str):
        if value in ("true", "false"):
            return value == "true"
        if re.fullmatch(r"-?\d+", value):
            return int(value)
    return value


def _each(text: str, holds: Callable[[object], bool]) -> ValueDemand:
    return ValueDemand(text, lambda _p, _r, values: bool(values) and all(holds(_normal(value)) for value in values))


def be(wanted: object) -> ValueDemand:
    """Exactly this, and present."""
    return _each(f"be {wanted!r}".lower(), lambda value: value == wanted and type(value) is type(wanted))


def be_one_of(*wanted: object) -> ValueDemand:
    """One of these."""
    return _each(f"be one of {', '.join(map(str, wanted))}", lambda value: value in wanted)


def not_be(*unwanted: object) -> ValueDemand:
    """None of these; may be absent, because the default of the provider is safe."""
    return ValueDemand(
        f"not be {' or '.join(map(str, unwanted))}".lower(),
        lambda _p, _r, values: all(_normal(value) not in unwanted for value in values),
    )


def be_between(least: int, most: int) -> ValueDemand:
    """A number within both bounds."""
    return _each(
        f"be {least} to {most}" if most < 10**9 else f"be {least} or more",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
    )


def be_unset_or(demand: ValueDemand) -> ValueDemand:
    """Absent, because the default is safe, or as `demand` says."""
    return ValueDemand(
        f"be unset, or {demand.text}", lambda platform, r, values: not values or demand.holds(platform, r, values)
    )


def be_at_least(least: int) -> ValueDemand:
    """A number not below."""
    return be_between(least, 10**9)


def be_absent(why: str) -> ValueDemand:
    """Not there at all."""
    return ValueDemand(f"be absent: {why}", lambda _p, _r, values: not values)


def be_present() -> ValueDemand:
    """There, and not empty."""
    return ValueDemand(
        "be set", lambda _p, _r, values: bool(values) and all(value not in ("", [], {}) for value in values)
    )


def match(pattern: str, text: str) -> ValueDemand:
    """A text of this form."""
    return ValueDemand(
        text, lambda _p, _r, values: bool(values) and all(re.fullmatch(pattern, str(value)) for value in values)
    )


def mention(*wanted: str) -> ValueDemand:
    """A text in which all of these stand."""
    return ValueDemand(
        f"mention {', '.join(wanted)}",
        lambda _p, _r, values: bool(values) and all(text in str(value) for value in values for text in wanted),
    )


def contain(*wanted: str) -> ValueDemand:
    """A list that holds all of these."""
    return ValueDemand(
        f"contain {', '.join(wanted)}",
        lambda _p, _r, values: set(wanted) <= {item for value in values for item in _items(value)},
    )


def refer_to(*types: str) -> ValueDemand:
    """References to resources of the environment of one of these types, and nothing else."""

    def holds(platform: Platform, resource: Resource, values: Values) -> bool:
        items = [item for value in values for item in _items(value)]
        return bool(items) and all(
            any(target.type in types for target in platform.referred(resource.stack, item)) for item in items
        )

    return ValueDemand(f"refer to {' or '.join(types)} of this environment", holds)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
