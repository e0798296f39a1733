"""Stacks one after the other, siblings at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tools.deploy.graph import in_order
from tools.synthesized.stacks import Stack


def _stack(name: str, *needs: str) -> Stack:
    return Stack(name, Path(name), {}, needs)


def test_a_stack_begins_when_those_it_needs_are_done() -> None:
    done: list[str] = []
    found = [
        _stack("secrets", "data", "egress"),
        _stack("data", "network"),
        _stack("egress", "network"),
        _stack("network"),
    ]

    in_order(found, lambda stack: done.append(stack.name))

    assert done[0] == "network"
    assert done[-1] == "secrets"


def test_siblings_are_under_way_at_once() -> None:
    both = threading.Barrier(2, timeout=10)

    results = in_order([_stack("data"), _stack("egress")], lambda stack: both.wait() in (0, 1))

    assert results == {"data": True, "egress": True}


def test_a_stack_of_another_environment_is_not_waited_for() -> None:
    assert in_order([_stack("data", "elsewhere")], lambda stack: 1) == {"data": 1}


def test_after_a_failure_nothing_else_begins() -> None:
    begun: list[str] = []

    def work(stack: Stack) -> None:
        begun.append(stack.name)
        raise RuntimeError(stack.name)

    with pytest.raises(RuntimeError, match="network"):
        in_order([_stack("network"), _stack("data", "network")], work)
    assert begun == ["network"]
