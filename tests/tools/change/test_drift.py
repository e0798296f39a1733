"""`make drift`: plans of every stack, and what was added beside them, on one page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from settings import load
from tools.change import __main__ as command
from tools.change import unmanaged
from tools.change.findings import FindingKind, ReviewFinding
from tools.change.page import Page
from tools.deploy import cdktf, keep, plans
from tools.deploy.plans import Planned
from tools.synthesized import stacks

_ADDED = ReviewFinding(FindingKind.UNMANAGED, "iot-dev-data", "aws_security_group.a", "a rule: in no state")
Ask = Callable[..., Page]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`ask_aws` about one deployed stack without a change; takes what is found in no state, and the errors."""

    def asked(found: list[ReviewFinding], errors: dict[str, list[str]], *, drift: bool = True) -> Page:
        planned = [Planned("iot-dev-data", {})]
        monkeypatch.setattr(cdktf, "synthesize", lambda *_: None)
        monkeypatch.setattr(command, "_reads", lambda *_: {})
        monkeypatch.setattr(plans, "drift", lambda *_, **__: planned)
        monkeypatch.setattr(plans, "plan", lambda *_, **__: planned)
        monkeypatch.setattr(stacks, "find", lambda name: [name])
        monkeypatch.setattr(stacks, "find_all", lambda name: [name])
        monkeypatch.setattr(plans, "read_states", lambda stacks, _: {stack: {} for stack in stacks})

        def taken_up(*_: object, change: bool, **__: object) -> AbstractContextManager[list[str]]:
            assert not drift
            assert not change, "a plan changes nothing"
            return nullcontext([])

        monkeypatch.setattr(keep, "taken_up", taken_up)

        def find(
            states: dict[str, Any], clients: Callable[[str], Any]
        ) -> tuple[list[ReviewFinding], dict[str, list[str]]]:
            assert drift, "a plan does not look for additions"
            assert list(states) == ["iot-dev"]
            assert clients("ec2").meta.region_name == "ca-central-1"
            return found, errors

        monkeypatch.setattr(unmanaged, "find", find)
        return command.ask_aws(load("iot-dev"), "iot-dev", drift=drift, allow=())

    return asked


def test_without_a_change_and_without_an_addition_there_is_no_drift(ask: Ask) -> None:
    assert (ask([], {}).exit_code, ask([], {}).verdict) == (0, "No drift")


def test_an_addition_is_drift(ask: Ask) -> None:
    made = ask([_ADDED], {})

    assert made.exit_code == 4
    assert made.of(FindingKind.UNMANAGED) == [_ADDED]


def test_a_question_that_was_not_answered_fails_its_stack(ask: Ask) -> None:
    made = ask([], {"iot-dev-data": ["aws_vpc.a: AccessDenied"]})

    assert made.exit_code == 1
    assert made.failed[0].errors == ("aws_vpc.a: AccessDenied",)


def test_a_plan_does_not_look_for_additions(ask: Ask) -> None:
    assert ask([], {}, drift=False).exit_code == 0
