"""The lines of the allow-list that are evidence for PCI DSS (`pci.toml`), each in the form of a check."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from tools.scan import compare
from tools.scan.allowlist import allow_list
from tools.scan.checks import ALL
from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding

EVIDENCE = Path(__file__).with_name("pci.toml")
_LONGEST = 120


@cache
def _found(platform: Platform) -> tuple[Finding, ...]:
    """Asked once for every line of a page."""
    return tuple(compare.findings(platform))


def _about(platform: Platform, *, type_: str, argument: str, production: bool) -> Iterator[Finding]:
    if production and platform.tier != "production":
        return
    for finding in _found(platform):
        same = finding.part == argument or finding.part.startswith(f"{argument}.") or finding.check == "RESOURCE"
        if finding.address.partition(".")[0] == type_ and (not argument or same):
            yield finding


def _listed(type_: str, argument: str) -> str:
    """What the allow-list demands of the argument, in words; long lines stay in the allow-list."""
    allowed = allow_list()
    shapes = [allowed.every.get(type_, {}), *(own for at, own in allowed.only.items() if at.startswith(f"{type_}."))]
    for shape in shapes:
        line: Any = shape
        for part in argument.split("."):
            line = line.get(part) if isinstance(line, dict) else line
        if line is not None:
            return _words(line)
    return "is not set"


def _words(line: Any) -> str:
    if line == "anything":
        return "is set"
    if line == "policy":
        return "has only the listed statements"
    values = line if isinstance(line, list) else [line]
    shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    if any(isinstance(value, dict | list) for value in values) or len(" ".join(shown)) > _LONGEST:
        return "is as listed in tools/scan/allowed"
    return "is " + " or ".join(f"`{value}`" for value in shown)


def _check(place: str, requirements: tuple[str, ...]) -> Check:
    type_, _, argument = place.removesuffix("!").partition(".")
    production = place.endswith("!")
    rest = f"{argument} {_listed(type_, argument)}" if argument else "all as listed in tools/scan/allowed"
    claim = f"`{type_}`: {rest}{', in production' if production else ''}"
    run = partial(_about, type_=type_, argument=argument, production=production)
    return Check(place.removesuffix("!"), claim, requirements, (type_,), run, production=production)


def _checks() -> Iterator[Check]:
    places: dict[str, list[str]] = {}
    for requirement, text in tomllib.loads(EVIDENCE.read_text(encoding="utf-8")).items():
        for place in text.split():
            places.setdefault(place, []).append(requirement)
    for place, requirements in places.items():
        yield _check(place, tuple(requirements))


CHECKS: tuple[Check, ...] = (*_checks(), *(check for check in ALL if check.pci))
