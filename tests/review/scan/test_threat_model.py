"""docs/threat-model.md names only checks and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from review.scan.checks import ALL

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_every_check_that_it_names_exists() -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`", PAGE))

    # ECS_IMAGE is found by the check of containers.
    assert named - {check.id for check in ALL} <= {"ECS_IMAGE"}
    assert len(named) > 20


def test_every_attempt_has_a_test_that_exists() -> None:
    attempts = re.findall(r"^\| (\d+) \|.*`(tests/[\w/]+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)

    assert [int(number) for number, _, _ in attempts] == list(range(1, len(attempts) + 1))
    assert len(attempts) >= 20
    for _, file, name in attempts:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name
