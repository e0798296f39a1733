"""Runs last: no password, verifier or RotationToken of the whole session stands where it must not."""

from __future__ import annotations

import pytest

from rotation.errors import PendingVersionError
from rotation_support.leaks import Leaks
from rotation_support.world import Case, World


def test_nothing_secret_in_any_log_exception_or_server_view(world: World) -> None:
    case = world.alternating()
    case.rotate()
    with pytest.raises(PendingVersionError):
        Case(world, case.arn, "t" * 36).step("setSecret")
    leaks = world.leaks
    for collect in leaks.collectors:
        collect()
    sources = {source for source, _ in leaks.evidence}
    assert {"log", "exception", "pg_stat_statements 16", "server log 16"} <= sources
    assert case.current()["password"] in leaks.secrets
    assert world.verifiers()[case.current()["username"]] in leaks.secrets
    assert f"rotation-token-{case.token}" in leaks.secrets
    assert leaks.found() == []


def test_search_for_leaks_finds_one() -> None:
    leaks = Leaks()
    leaks.add('pass"word-of-a-test')
    leaks.evidence = [
        ("plain", 'x pass"word-of-a-test'),
        ("json", r"{pass\"word-of-a-test}"),
        ("clean", "pass"),
    ]
    assert [line.partition(":")[0] for line in leaks.found()] == ["json", "plain"]
    leaks.add("shortest")
    leaks.evidence = [(f"from {start}", "." * start + "shortest") for start in range(9)]
    assert len(leaks.found()) == 9
