"""A database that is not there yet, goes away or falls silent: the step waits, and ends in time with a reason."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
import trustme

from rotation import errors
from rotation.deadline import WAITING, within
from rotation.postgres import MAX_CONNECT_ATTEMPTS
from rotation_support.breaking import Breaker
from rotation_support.cases import refused_set
from rotation_support.proxy import Proxy, refusing_server
from rotation_support.servers import listener
from rotation_support.world import HOST, STEPS, Case, Context, World

STEP_SECONDS = 7


@pytest.fixture
def proxied(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Proxy, Case]]:
    """A second rotation before setSecret, all of whose connections pass a proxy; the limits are short."""
    for name, seconds in (("CONNECT", 2), ("LEAST_CONNECT", 2), ("KEPT", 2), ("STATEMENT", 1), ("GRACE", 0.5)):
        monkeypatch.setattr(f"rotation.postgres.{name}_SECONDS", seconds)
    proxy = Proxy((world.server.address, world.server.port))
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with proxy.open() as port:
        case = world.alternating(port=port)
        case.rotate()
        case.begin()
        case.step("createSecret")
        yield proxy, case


def ended_in_time(case: Case, step: str = "setSecret", **options: Any) -> str:
    """The class that the step's only log record names; the step ended before Lambda would have killed it."""
    context = Context(STEP_SECONDS * 1000, runs=True)
    record = case.world.log_record(case.event(step), context=context, **options)
    assert context.get_remaining_time_in_millis() > 500
    assert record["step"] == step
    assert "a paused Aurora database" in record["message"]
    return str(record["class"])


@pytest.mark.parametrize("chunks", range(5))
def test_connection_cut_during_the_login_is_an_outage(proxied: tuple[Proxy, Case], chunks: int) -> None:
    """Before the server's first byte, in the TLS handshake, and after it in the login."""
    proxy, case = proxied
    proxy.cut_after = chunks
    before = proxy.connections
    error = refused_set(case, errors.DatabaseUnavailableError)
    assert error.retryable
    assert proxy.connections - before == MAX_CONNECT_ATTEMPTS
    proxy.thaw()
    case.steps(*STEPS[1:])


@pytest.mark.parametrize("text", ["SSL SYSCALL error: EOF detected", "SSL error: unexpected eof while reading"])
def test_texts_of_a_cut_handshake(text: str) -> None:
    from rotation.postgres_errors import from_connecting

    line = f'connection to server at "h" (10.0.0.1), port 5432 failed: {text}'
    assert type(from_connecting(psycopg2.OperationalError(line), "x")) is errors.DatabaseUnavailableError
    refused = line.replace(text, "SSL error: certificate verify failed")
    assert type(from_connecting(psycopg2.OperationalError(refused), "x")) is errors.TlsError


@pytest.mark.parametrize("chunks", [0, 1, 3])
def test_server_that_freezes_during_the_login(proxied: tuple[Proxy, Case], chunks: int) -> None:
    proxy, case = proxied
    proxy.freeze_after = chunks
    assert ended_in_time(case) == "DatabaseTimeoutError"
    proxy.thaw()
    case.steps(*STEPS[1:])


@pytest.mark.parametrize(
    "point", ["SET ROLE NONE", "pg_try_advisory", "SELECT rolname", "ALTER ROLE", "large object", "DO ", "commit"]
)
def test_server_that_freezes_in_a_conversation(proxied: tuple[Proxy, Case], point: str) -> None:
    """In the middle of the transaction and at its COMMIT: a record in time, and the replay completes."""
    proxy, case = proxied
    breaker = Breaker(point, proxy.freeze)
    with breaker.database():
        assert ended_in_time(case) == "DatabaseTimeoutError"
    proxy.thaw()
    case.steps(*STEPS[1:])
    assert case.world.works(case.current())


def test_server_that_freezes_while_a_login_is_tested(proxied: tuple[Proxy, Case]) -> None:
    proxy, case = proxied
    case.step("setSecret")
    for step in STEPS[2:]:
        breaker = Breaker("SELECT session_user", proxy.freeze)
        with breaker.database():
            assert ended_in_time(case, step) == "DatabaseTimeoutError"
        proxy.thaw()
    case.steps(*STEPS[2:])


def test_nothing_is_sent_after_a_frozen_statement_was_given_up(proxied: tuple[Proxy, Case]) -> None:
    proxy, case = proxied
    with Breaker("DO ", proxy.freeze).database():
        assert ended_in_time(case) == "DatabaseTimeoutError"
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'secret-rotation'"
    with case.unchanged():
        # The server's own limit for an idle transaction ends what is left there.
        case.world.wait_until(lambda: case.world.execute(sessions) == [(0,)])
    # The proxy still holds the connection: it was cut on this side, and nobody waits for it.
    waiting = [thread for thread in threading.enumerate() if thread.name == WAITING]
    for thread in waiting:
        thread.join(5)
    assert not [thread for thread in waiting if thread.is_alive()]


def test_name_whose_look_up_never_ends(proxied: tuple[Proxy, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq's own limit does not hold for the resolver."""
    _, case = proxied
    never = threading.Event()
    monkeypatch.setattr(psycopg2, "connect", lambda **_: never.wait(60))
    assert ended_in_time(case) == "DatabaseTimeoutError"
    never.set()


@pytest.mark.parametrize("step", ["setSecret", "preflight"])
def test_paused_database_that_resumes_within_the_step(proxied: tuple[Proxy, Case], step: str) -> None:
    """It accepts the connection and answers nothing until it is awake, as a paused Aurora does."""
    proxy, case = proxied
    proxy.freeze()
    before = proxy.connections
    awake = threading.Timer(2.1, proxy.thaw)
    awake.start()
    event = case.event(step) if step == "setSecret" else {"preflight": {"SecretId": case.arn}}
    case.world.handle(event, context=Context(20_000, runs=True))
    awake.join()
    assert proxy.connections - before >= 2


def test_database_that_starts_within_the_step(world: World, authority: trustme.CA) -> None:
    """Refused at first, then starting up, then there: each pause is one that the time allows."""
    case = world.alternating()
    case.begin()
    case.step("createSecret")
    certificate = authority.issue_cert(HOST)
    pauses: list[float] = []
    with contextlib.ExitStack() as stack:
        with socket.create_server(("127.0.0.1", 0)) as free:
            closed = free.getsockname()[1]
        starting = stack.enter_context(refusing_server(certificate, b"the database system is starting up"))
        targets = [("127.0.0.1", closed)] * 2 + [("127.0.0.1", starting)] * 2
        connect = psycopg2.connect

        def elsewhere(**arguments: Any) -> Any:
            if targets:
                address, port = targets.pop(0)
                arguments |= {"hostaddr": address, "port": port}
            return connect(**arguments)

        stack.enter_context(pytest.MonkeyPatch.context()).setattr(psycopg2, "connect", elsewhere)
        application = world.application()
        application.pause = pauses.append
        assert application.handle(case.event("setSecret"), Context()) == {"outcome": "done"}
    assert len(pauses) == 4
    assert all(0 < pause <= 5 for pause in pauses)
    assert len(set(pauses)) == 4


def test_no_wait_begins_that_the_time_does_not_allow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.alternating()
    case.begin()
    case.step("createSecret")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    breaker = Breaker()
    with listener(lambda connection: connection.close()) as port:
        case = world.alternating(port=port)
        case.begin()
        case.step("createSecret")
        with breaker.database(), pytest.raises(errors.DatabaseUnavailableError):
            case.step("setSecret", context=Context(10_000))
    assert breaker.points == ["connect"]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (b"Datenbank f\xe4hrt hoch", errors.DatabaseError),
        (b"the database system is starting up \xff\xfe", errors.DatabaseUnavailableError),
        (b"the database system is \x1b[31mred\x07\r\nforged", errors.DatabaseUnavailableError),
        (b"sorry, too many clients \x80", errors.TooManyConnectionsError),
        (b"\xff", errors.DatabaseError),
        (b"\x85\x0b\x1c", errors.DatabaseError),
        (b"", errors.DatabaseError),
    ],
)
def test_message_in_another_encoding_or_with_control_characters(
    world: World,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    message: bytes,
    kind: type[errors.RotationError],
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with refusing_server(authority.issue_cert(HOST), message) as port:
        case = world.alternating(port=port)
        case.begin()
        case.step("createSecret")
        error = refused_set(case, kind)
    assert error.fault.isprintable()


def test_answer_that_is_no_utf8(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from rotation import checks

    def undecodable(*_: object) -> bool:
        return bool(b"\xff".decode())

    case = world.alternating()
    case.begin()
    case.step("createSecret")
    monkeypatch.setattr(checks, "read_role", lambda session, _: session._bounded("reading", undecodable))
    error = refused_set(case, errors.DatabaseError)
    assert "reading: \N{REPLACEMENT CHARACTER}" in error.fault


def test_late_answer_is_dropped() -> None:
    began, done = threading.Event(), threading.Event()

    def act() -> str:
        began.set()
        done.wait(10)
        return "late"

    with pytest.raises(TimeoutError):
        within(0.05, act)
    assert began.is_set()
    done.set()
    assert within(5, lambda: "in time") == "in time"
