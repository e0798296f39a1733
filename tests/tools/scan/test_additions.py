"""What is not listed is found, whatever it is: realistic additions and replacements, each in the whole JSON."""

from __future__ import annotations

import copy

import pytest
from additions import ADDITIONS
from all_environments import FULL

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform, of_stacks

# What passes, and why it may.
MISSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def platform(platforms: list[Platform]) -> Platform:
    # The only one with the roles of the workflows.
    return next(platform for platform in platforms if platform.name == FULL)


def changed(platform: Platform, name: str) -> Platform:
    stacks = copy.deepcopy(dict(platform.stacks))
    ADDITIONS[name](stacks)
    assert stacks != platform.stacks
    return of_stacks(
        platform.name,
        stacks,
        platform.needs,
        tier=platform.tier,
        account_id=platform.account_id,
        settings=platform.settings,
    )


@pytest.mark.parametrize("name", ADDITIONS)
def test_it_is_found(platform: Platform, name: str) -> None:
    assert bool(own_findings(changed(platform, name))) == (name not in MISSED)


def test_there_are_enough_and_few_are_missed(platform: Platform) -> None:
    assert own_findings(platform) == []
    assert len(ADDITIONS) >= 100
    assert len(MISSED) <= len(ADDITIONS) * 0.05
