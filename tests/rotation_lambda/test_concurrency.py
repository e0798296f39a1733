"""Several invocations at once, and other sessions that hold locks."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from rotation import errors
from rotation_support.breaking import Breaker
from rotation_support.cases import alternating, alternating_again, single
from rotation_support.world import STEPS, WAIT_SECONDS, Case, Context, World


def test_60_of_60_concurrent_calls_with_one_token_end_consistent(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long the last of 20 waits depends on the machine; the bounds are tested elsewhere.
    for limit in ("CONNECT_SECONDS", "LOCK_SECONDS", "STATEMENT_SECONDS"):
        monkeypatch.setattr(f"rotation.postgres.{limit}", 60)
    succeeded = 0
    for make in (alternating, alternating_again, single):
        case = make(world)
        case.begin()
        case.step("createSecret")
        together = threading.Barrier(20)

        def call(_: int, case: Case = case, together: threading.Barrier = together) -> bool:
            together.wait()
            world.application().handle(case.event("setSecret"), Context(120_000))
            return True

        with ThreadPoolExecutor(20) as pool:
            succeeded += sum(pool.map(call, range(20)))
        assert world.works(case.document("AWSPENDING"))
        case.steps("testSecret", "finishSecret")
        assert world.works(case.current())
    world.leaks.evidence.append(("log", capsys.readouterr().out))
    assert succeeded == 60


def test_concurrent_create_with_one_token_writes_one_value(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = alternating_again(world)
    case.begin()
    together = threading.Barrier(8)

    def call(_: int) -> object:
        together.wait()
        return world.application().handle(case.event("createSecret"), Context())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [{"outcome": "done"}] * 8
    world.leaks.evidence.append(("log", capsys.readouterr().out))
    case.steps(*STEPS[1:])
    assert world.works(case.current())


def test_resource_exists_means_read_again(world: World) -> None:
    """Another invocation writes its value between this one's look and its write."""
    case = alternating_again(world)
    case.begin()
    other: list[str] = []

    def write_first() -> None:
        case.step("createSecret")
        other.append(case.document("AWSPENDING")["password"])

    case.broken("put_secret_value", ("createSecret",), write_first)
    assert case.document("AWSPENDING")["password"] == other[0]


def test_stage_moved_by_another_invocation_counts(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:3])
    case.broken("update_secret_version_stage", ("finishSecret",), lambda: case.steps("finishSecret"))
    assert case.holder("AWSCURRENT") == case.token


def test_stage_moved_just_before_finish_counts(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:3])
    # The last describe_secret of finishSecret finds the work of the other invocation.
    seen = case.broken("SELECT session_user", ("finishSecret",), lambda: case.steps("finishSecret"))
    assert "update_secret_version_stage" not in seen.points
    assert case.holder("AWSCURRENT") == case.token


def test_another_session_holds_the_lock_on_the_role(any_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = any_world.alternating()
    login = case.rotate()["usernames"][1]
    monkeypatch.setattr("rotation.postgres.LOCK_SECONDS", 1)
    case.begin()
    case.step("createSecret")
    with _open_transaction(any_world, sql.SQL(f"ALTER ROLE {login} CONNECTION LIMIT 5")):
        started = time.monotonic()
        with pytest.raises(errors.LockTimeoutError) as caught:
            case.step("setSecret")
        assert time.monotonic() - started < WAIT_SECONDS
        assert caught.value.retryable
    case.steps(*STEPS[1:])


def test_another_rotation_holds_the_advisory_lock(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """This one waits, and finds the other's work done."""
    case = world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")
    other = threading.Thread(target=world.application().handle, args=(case.event("setSecret"), Context()))
    breaker = Breaker()
    points: list[str] = []
    holds_the_lock = threading.Event()

    def pass_point(name: str) -> None:
        # Each statement has a thread of its own; the other invocation's begin after the lock was asked for here.
        if other.is_alive() and "SELECT pg_advisory_xact_lock" not in name and not holds_the_lock.is_set():
            if name == "commit":
                holds_the_lock.set()
                world.wait_until_blocked()
            return
        points.append(name)
        if "pg_try_advisory_xact_lock" in name and other.ident is None:
            other.start()
            assert holds_the_lock.wait(WAIT_SECONDS)

    breaker.pass_point = pass_point  # type: ignore[method-assign]
    with breaker.database():
        world.application().handle(case.event("setSecret"), Context())
    other.join()
    world.leaks.evidence.append(("log", capsys.readouterr().out))
    assert any("SELECT pg_advisory_xact_lock" in point for point in points)
    assert "commit" not in points
    case.steps("testSecret", "finishSecret")


def test_two_changes_of_a_role_at_once_are_a_lock_error(world: World) -> None:
    case = world.single(with_master=True)
    name = case.current()["username"]
    world.create_login(name, "changed-by-someone")
    case.begin()
    case.step("createSecret")
    connection = psycopg2.connect(
        host=world.server.address, user=world.server.superuser.name, password=world.server.superuser.password,
        dbname="postgres", sslmode="require",
    )  # fmt: skip
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 6").format(sql.Identifier(name)))

        def commit() -> None:
            world.wait_until_blocked()
            connection.commit()

        other = threading.Thread(target=commit)
        other.start()
        with pytest.raises(errors.LockTimeoutError, match="tuple concurrently updated"):
            case.step("setSecret")
        other.join()
    case.steps(*STEPS[1:])


@contextlib.contextmanager
def _open_transaction(world: World, statement: sql.Composable) -> Any:
    with world.server.connect(world.master) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield
        connection.rollback()


def test_statement_that_takes_too_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.alternating()
    case.rotate()
    monkeypatch.setattr("rotation.postgres.STATEMENT_SECONDS", 1)
    monkeypatch.setattr("rotation.postgres.LOCK_SECONDS", 20)
    case.begin()
    case.step("createSecret")
    login = case.document("AWSPENDING")["username"]
    locked = _open_transaction(world, sql.SQL(f"ALTER ROLE {login} CONNECTION LIMIT 5"))
    with locked, pytest.raises(errors.DatabaseTimeoutError):
        case.step("setSecret")
