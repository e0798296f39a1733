"""docs/threat-model.md names only checks and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tools.scan.allowlist import allow_list
from tools.scan.checks import ALL
from tools.scan.compare import CLAIMS
from tools.synthesized.platform import Platform

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_every_check_that_it_names_exists() -> None:
    rows = PAGE[: PAGE.index("## Conditions that AWS must fulfil")]
    checks = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`", rows))
    places = set(re.findall(r"`((?:aws_|stack\.)[a-z0-9_.]+)`", rows))

    assert checks <= {check.id for check in ALL} | set(CLAIMS)
    listed = {address.partition(".")[0] for address in allow_list().resources} | {"stack"}
    for place in places:
        type_, _, argument = place.partition(".")
        assert type_ in listed, place
        assert not argument or argument in allow_list().every[type_], place
    assert len(checks) + len(places) > 20


def test_every_attempt_has_a_test_that_exists() -> None:
    attempts = re.findall(r"^\| (\d+) \|.*`(tests/[\w/]+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)

    assert [int(number) for number, _, _ in attempts] == list(range(1, len(attempts) + 1))
    assert len(attempts) >= 20
    for _, file, name in attempts:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_every_condition_of_every_policy_is_named_with_its_page(platforms: list[Platform]) -> None:
    rows = PAGE[PAGE.index("## Conditions that AWS must fulfil") : PAGE.index("## What an attacker tried")]
    named = set(re.findall(r"`([a-z]+[\w.-]*:[\w:/.-]+)`", rows))
    used = {key for platform in platforms for statement in platform.statements for _, key, _ in statement.conditions}

    assert used
    assert used <= named


def test_every_service_that_a_condition_must_hold_for_is_named(platforms: list[Platform]) -> None:
    rows = PAGE[PAGE.index("## Conditions that AWS must fulfil") : PAGE.index("## What an attacker tried")]
    trusted = {
        service
        for platform in platforms
        for statement in platform.statements
        for service in re.findall(r"[a-z.-]+\.amazonaws\.com", str(statement.body.get("Principal")))
        if any(key.startswith("aws:Source") for _, key, _ in statement.conditions) or not statement.conditions
    }

    assert {"events.amazonaws.com", "lambda.amazonaws.com"} <= trusted
    assert {service for service in trusted if service not in rows} == set()
