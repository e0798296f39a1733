"""What is not listed is found, whatever it is: realistic additions and replacements, each in the whole JSON."""

from __future__ import annotations

import copy

import pytest
from additions import ADDITIONS
from all_environments import FULL
from json_changes import Change
from task_additions import IN_PRODUCTION, OF_TASKS

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform, of_stacks

EVERYWHERE = {**ADDITIONS, **OF_TASKS}
# What passes, and why it may.
MISSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def platform(platforms: list[Platform]) -> Platform:
    # The only one with the roles of the workflows.
    return next(platform for platform in platforms if platform.name == FULL)


def changed(platform: Platform, change: Change) -> Platform:
    stacks = copy.deepcopy(dict(platform.stacks))
    change(stacks)
    assert stacks != platform.stacks
    return of_stacks(
        platform.name,
        stacks,
        platform.needs,
        tier=platform.tier,
        account_id=platform.account_id,
        settings=platform.settings,
    )


@pytest.mark.parametrize("name", EVERYWHERE)
def test_it_is_found(platform: Platform, name: str) -> None:
    assert bool(own_findings(changed(platform, EVERYWHERE[name]))) == (name not in MISSED)


@pytest.mark.parametrize("name", IN_PRODUCTION)
def test_it_is_found_in_production(production: Platform, name: str) -> None:
    assert own_findings(changed(production, IN_PRODUCTION[name]))


def test_there_are_enough_and_few_are_missed(platform: Platform, production: Platform) -> None:
    assert own_findings(platform) == own_findings(production) == []
    assert len(ADDITIONS) >= 100
    assert len(OF_TASKS) + len(IN_PRODUCTION) >= 20
    assert len(MISSED) <= len(EVERYWHERE) * 0.05
