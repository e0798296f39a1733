"""What is not listed is found, whatever it is: realistic additions and replacements, each in the whole JSON."""

from __future__ import annotations

import json

import pytest
from additions import ADDITIONS
from all_environments import FULL
from json_changes import add, changed
from task_additions import IN_PRODUCTION, OF_TASKS

from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform

EVERYWHERE = {**ADDITIONS, **OF_TASKS}
# What passes, and why it may.
MISSED: dict[str, str] = {}

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def platform(platforms: list[Platform]) -> Platform:
    # The only one with the roles of the workflows.
    return next(platform for platform in platforms if platform.name == FULL)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_it_is_found(platform: Platform, name: str) -> None:
    assert bool(own_findings(changed(platform, EVERYWHERE[name]))) == (name not in MISSED)


@pytest.mark.parametrize("name", IN_PRODUCTION)
def test_it_is_found_in_production(production: Platform, name: str) -> None:
    assert own_findings(changed(production, IN_PRODUCTION[name]))


@pytest.mark.parametrize("type_", ["aws_s3_bucket_policy", "aws_sns_topic_policy", "aws_sqs_queue"])
def test_a_new_one_must_deny_whoever_comes_without_tls(platform: Platform, type_: str) -> None:
    open_to_all = json.dumps({"Version": "2012-10-17", "Statement": []})

    found = own_findings(changed(platform, add("service", type_, policy=open_to_all)))

    assert "DenyWithoutTls" in {finding.part for finding in found}


def test_there_are_enough_and_few_are_missed(platform: Platform, production: Platform) -> None:
    assert own_findings(platform) == own_findings(production) == []
    assert len(ADDITIONS) >= 100
    assert len(OF_TASKS) + len(IN_PRODUCTION) >= 20
    assert len(MISSED) <= len(EVERYWHERE) * 0.05
