"""The way to the database and its answers to a login: one class for each cause."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import psycopg2
import pytest

from rotation import errors
from rotation.postgres import MAX_CONNECT_ATTEMPTS
from rotation.postgres_errors import from_connecting
from rotation_support.breaking import Breaker
from rotation_support.cases import prepared, refused, refused_set
from rotation_support.servers import access_rules, listener
from rotation_support.world import Case, Context, World


def test_refused_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    case = world.alternating(port=port)
    case.begin()
    case.step("createSecret")
    refused_set(case, errors.ConnectionRefusedByHostError)


def test_name_that_does_not_resolve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOSTADDR")
    case = world.alternating(host="db.invalid")
    case.begin()
    case.step("createSecret")
    refused_set(case, errors.DnsError)


def test_database_that_never_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        case = world.alternating(port=silent.getsockname()[1])
        case.begin()
        case.step("createSecret")
        started = time.monotonic()
        refused_set(case, errors.DatabaseTimeoutError, context=Context(8_000, runs=True))
        assert time.monotonic() - started < 8


def test_server_that_closes_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with listener(lambda connection: connection.close()) as port:
        case = world.alternating(port=port)
        case.begin()
        case.step("createSecret")
        refused_set(case, errors.DatabaseUnavailableError)


def test_network_failure_tries_no_other_credential(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.single(with_master=True)
    case.begin()
    case.step("createSecret")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    breaker = Breaker()
    with breaker.database(), case.unchanged(), pytest.raises(errors.ConnectionRefusedByHostError):
        case.step("setSecret")
    assert breaker.points == ["connect"] * MAX_CONNECT_ATTEMPTS


def test_database_that_does_not_exist(world: World) -> None:
    case = world.alternating(dbname="no_such_database")
    case.begin()
    case.step("createSecret")
    refused_set(case, errors.DatabaseMissingError)


def test_no_rule_in_pg_hba(world: World) -> None:
    case = prepared(world)
    with access_rules(world):
        refused(case, errors.AccessRuleError)


def test_connection_limit_of_the_role(world: World) -> None:
    case = prepared(world)
    case.step("setSecret")
    name = case.document("AWSPENDING")["username"]
    world.alter(name, "CONNECTION LIMIT 0")
    refused(case, errors.RoleConnectionLimitError)


def test_slots_used_up(world: World) -> None:
    case = prepared(world)
    case.step("setSecret")
    document = case.current()
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(psycopg2.OperationalError):
            for _ in range(100):
                stack.callback(world.connect(document).close)
        with pytest.raises(errors.TooManyConnectionsError) as caught:
            case.step("testSecret")
    assert caught.value.retryable
    case.steps("testSecret", "finishSecret")


def test_connect_was_revoked_from_a_single_user(world: World) -> None:
    world.execute(f"CREATE DATABASE revoked OWNER {world.master.name}")
    world.execute("REVOKE CONNECT ON DATABASE revoked FROM PUBLIC")
    case = world.single(dbname="revoked")
    case.begin()
    case.step("createSecret")
    refused_set(case, errors.PermissionDeniedError)


def test_master_login_refused(world: World) -> None:
    case = prepared(world)
    Case(world, case.current()["masterarn"]).edit(password="not-the-masters-password")
    error = refused_set(case, errors.AuthenticationRefusedError)
    assert world.master.name in str(error)
    assert error.retryable


def test_reader_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in recovery answers so; there is no second server here, so its answer is put in its place."""
    from rotation.postgres import Session

    run = Session.run

    def recovering(session: Session, purpose: str, statement: str, **parts: Any) -> Any:
        return [(True,)] if "pg_is_in_recovery" in statement else run(session, purpose, statement, **parts)

    case = prepared(world)
    monkeypatch.setattr(Session, "run", recovering)
    refused_set(case, errors.ReadOnlyServerError)


REAL_TEXTS: dict[str, type[errors.RotationError]] = {
    "the database system is starting up": errors.DatabaseUnavailableError,
    "the database system is shutting down": errors.DatabaseUnavailableError,
    "terminating connection due to administrator command": errors.DatabaseUnavailableError,
    "remaining connection slots are reserved for roles with privileges": errors.TooManyConnectionsError,
    "remaining connection slots are reserved for non-replication use": errors.TooManyConnectionsError,
    'too many connections for database "app"': errors.TooManyConnectionsError,
    'PAM authentication failed for user "x"': errors.AuthenticationRefusedError,
    'role "x" is not permitted to log in': errors.AuthenticationRefusedError,
    'pg_hba.conf rejects connection for host "10.0.0.1"': errors.AccessRuleError,
    "something new": errors.DatabaseError,
}


@pytest.mark.parametrize(("text", "kind"), REAL_TEXTS.items())
def test_texts_of_servers_that_cannot_be_provoked_here(text: str, kind: type[errors.RotationError]) -> None:
    line = f'connection to server at "h" (10.0.0.1), port 5432 failed: FATAL:  {text}\n'
    assert type(from_connecting(psycopg2.OperationalError(line), "connecting")) is kind


def test_names_cannot_choose_the_class() -> None:
    line = 'connection to server at "h" (10.0.0.1), port 1 failed: FATAL:  role "Connection refused" does'
    line += " not exist"
    error = from_connecting(psycopg2.OperationalError(line), "connecting")
    assert type(error) is errors.AuthenticationRefusedError
    line = 'connection to server at "h" (::1), port 1 failed: Connection refused\n\tIs the server running?\n' + line
    assert type(from_connecting(psycopg2.OperationalError(line), "x")) is errors.AuthenticationRefusedError


def test_an_error_without_words_names_its_class() -> None:
    error = from_connecting(psycopg2.OperationalError(), "connecting")
    assert error.fault == "connecting: OperationalError"
