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
    """The line of the allow-list."""
    allowed = allow_list()
    shapes = [allowed.every.get(type_, {}), *(own for at, own in allowed.only.items() if at.startswith(f"{type_}."))]
    for shape in shapes:
        line: Any = shape
        for part in argument.split("."):
            line = line.get(part) if isinstance(line, dict) else line
        if line is not None:
            return str(line).lower() if isinstance(line, bool) else str(line)
    return "not there"


def _check(place: str, requirements: tuple[str, ...]) -> Check:
    type_, _, argument = place.removesuffix("!").partition(".")
    production = place.endswith("!")
    rest = f"{argument} is `{_listed(type_, argument)}`" if argument else "as listed in tools/scan/allowed"
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
