"""What another stack has now is named, and nothing is deployed before it is moved.

The move itself, with the real Terraform: tests/stacks/test_api_removed_route.py.
"""

from __future__ import annotations

import json

import pytest
from fake_tools import Tools

from tools.deploy import moves
from tools.deploy.__main__ import main

NAME = "iot-dev"


def state(tools: Tools, component: str, *ids: tuple[str, str]) -> None:
    """A state with subnets by (name, id)."""
    resources = [
        {"mode": "managed", "type": "aws_subnet", "name": name, "instances": [{"attributes": {"id": id_}}]}
        for name, id_ in ids
    ]
    content = {"version": 4, "serial": 1, "lineage": component, "outputs": {}, "resources": resources}
    tools.put(tools.stack(component).backend["key"], json.dumps(content))


@pytest.fixture
def moved(tools: Tools) -> Tools:
    """A subnet that network had, and data has now."""
    tools.edit("data", resource={"aws_subnet": {"a": {}}})
    state(tools, "network", ("a", "subnet-1"))
    return tools


def test_nothing_is_deployed_before_it_is_moved(moved: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    line = f"1 resources now belong to {NAME}-data, but are in another stack's state; first run: make move ENV={NAME}"
    for call in (["deploy", "--approve"], ["deploy", "--approve", "--stack", "data"], ["apply"]):
        assert main([*call, "--env", NAME]) == 1

        assert capsys.readouterr().err.strip() == line
        assert moved.changes() == []


def test_without_a_confirmation_it_is_only_shown(moved: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["move", "--env", NAME]) == 0

    shown = capsys.readouterr().out.splitlines()[-2:]
    assert shown == [
        f"aws_subnet.a: from {NAME}-network to {NAME}-data",
        f"To move them: make move ENV={NAME} CONFIRM={NAME}",
    ]
    assert not moved.ran("state")


@pytest.mark.parametrize(
    ("there", "found"), [((), [False]), ((("a", "subnet-1"),), [True]), ((("a", "subnet-2"),), [])]
)
def test_what_both_states_have_is_moved_already_or_another(
    moved: Tools, there: tuple[tuple[str, str], ...], found: list[bool]
) -> None:
    state(moved, "data", *there)

    assert [move.there for move in moves.find(NAME, moved.s3)] == found


def test_what_no_stack_or_more_than_one_has_is_not_moved(moved: Tools) -> None:
    moved.edit("service", resource={"aws_subnet": {"a": {}}})
    assert moves.find(NAME, moved.s3) == []

    moved.edit("service", resource={})
    moved.edit("data", resource={})
    assert moves.find(NAME, moved.s3) == []
    moves.check(NAME, moved.s3)
