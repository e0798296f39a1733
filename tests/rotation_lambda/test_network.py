"""TLS, authentication methods, the network to the database and to AWS: fail closed, one class for each
cause.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import psycopg2
import pytest
from psycopg2 import sql

from local.certificates import CertificateAuthority
from local.postgres import TLS_AND_SCRAM_ONLY
from rotation import errors
from rotation.aws import CLIENT_CONFIG
from rotation.postgres import Connector
from rotation.postgres_errors import from_connecting
from rotation_support.breaking import Breaker
from rotation_support.secrets_manager import Fault
from rotation_support.world import STEPS, Case, World


def prepared(world: World) -> Case:
    """An alternating secret in its second rotation, before setSecret."""
    case = world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")
    return case


def refused(case: Case, kind: type[errors.RotationError], **options: Any) -> None:
    """Every step that connects is refused with exactly this class; nothing changed."""
    for step in STEPS[1:]:
        with case.unchanged(), pytest.raises(errors.RotationError) as caught:
            case.step(step, **options)
        assert type(caught.value) is kind, caught.value


def test_unknown_authority(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(CertificateAuthority().pem)
    refused(prepared(world), errors.TlsError, authorities=other)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_missing_or_unreadable_authority_file(world: World, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    refused(prepared(world), errors.TlsError, authorities=file)


def test_authority_file_system_is_not_the_systems_store(world: World) -> None:
    """libpq takes the word `system` as the operating system's authorities: no path may become it."""
    refused(prepared(world), errors.TlsError, authorities=Path("/nonexistent/system"))


def test_host_name_mismatch(world: World) -> None:
    case = world.alternating(host="other.example.test")
    case.begin()
    case.step("createSecret")
    refused_set(case, errors.HostNameMismatchError)


def refused_set(case: Case, kind: type[errors.RotationError]) -> errors.RotationError:
    with case.unchanged(), pytest.raises(errors.RotationError) as caught:
        case.step("setSecret")
    assert type(caught.value) is kind, caught.value
    return caught.value


@contextlib.contextmanager
def access_rules(world: World, *rules: str) -> Iterator[None]:
    world.server.reload(access_rules=rules)
    time.sleep(0.3)
    try:
        yield
    finally:
        world.server.reload(access_rules=TLS_AND_SCRAM_ONLY)
        time.sleep(0.3)


@contextlib.contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on 127.0.0.1 that does `answer` with each connection; its port."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        server.close()


@pytest.mark.parametrize("ssl", [False, "false", "disable", True, None, 0, {"mode": "allow"}])
def test_server_without_tls_and_any_ssl_key(world: World, ssl: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers `N` to libpq's request for TLS. No key of the secret makes the function go on."""
    received: list[bytes] = []

    def no_tls(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"N")
        received.append(connection.recv(1024))

    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGSSLMODE", "disable")
    with listener(no_tls) as port:
        case = world.alternating(port=port, ssl=ssl, sslmode="disable")
        case.begin()
        case.step("createSecret")
        assert case.document("AWSPENDING")["ssl"] == ssl
        refused_set(case, errors.TlsError)
    assert set(received) == {b""}


@pytest.mark.parametrize("method", ["md5", "password"])
def test_server_that_asks_for_md5_or_cleartext(world: World, method: str) -> None:
    case = prepared(world)
    name = case.document("AWSPENDING")["username"]
    with world.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET password_encryption = 'md5'")
        cursor.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(case.document("AWSPENDING")["password"])
            )
        )
    with access_rules(world, f'hostssl all "{name}" all {method}', *TLS_AND_SCRAM_ONLY):
        refused(case, errors.WeakAuthenticationError)


def test_server_that_trusts_everybody(world: World) -> None:
    case = prepared(world)
    with access_rules(world, "hostssl all all all trust"):
        refused(case, errors.WeakAuthenticationError)


def test_server_that_admits_only_tls(any_world: World) -> None:
    """That is how all these servers are set up; without TLS the same login is turned away."""
    document = any_world.alternating().rotate()
    with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba\.conf entry .* no encryption"):
        any_world.connect(document, sslmode="disable")


def test_connection_that_claims_no_tls_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        closed = False

        class info:  # noqa: N801 (psycopg2's name)
            ssl_in_use = False

        def close(self) -> None:
            Plain.closed = True

    case = prepared(world)
    with monkeypatch.context() as patch:
        patch.setattr(psycopg2, "connect", lambda **_: Plain())
        with pytest.raises(errors.TlsError, match="not encrypted"):
            case.world.handle(case.event("testSecret"))
    assert Plain.closed


def test_arguments_of_every_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    connect = psycopg2.connect

    def watch(**arguments: Any) -> Any:
        if "sslcertmode" in arguments:
            seen.append(arguments)
        return connect(**arguments)

    monkeypatch.setattr(psycopg2, "connect", watch)
    world.alternating(ssl=False, sslmode="disable", require_auth="none").rotate()
    assert len(seen) >= 4
    for arguments in seen:
        assert arguments["sslmode"] == "verify-full"
        assert arguments["require_auth"] == "scram-sha-256"
        assert arguments["gssencmode"] == "disable"
        assert arguments["channel_binding"] == "prefer"
        assert arguments["sslrootcert"] == str(world.authorities)


def test_channel_binding_is_used(any_world: World) -> None:
    document = any_world.alternating().rotate()
    any_world.connect(document, channel_binding="require").close()


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
    world.environment = {"CONNECT_TIMEOUT_SECONDS": "2"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        case = world.alternating(port=silent.getsockname()[1])
        case.begin()
        case.step("createSecret")
        started = time.monotonic()
        refused_set(case, errors.DatabaseTimeoutError)
        assert time.monotonic() - started < 5


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
    assert breaker.points == ["connect"]


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


def test_secrets_manager_unreachable_is_an_error_within_10_seconds(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = boto3.client("secretsmanager", endpoint_url=f"http://127.0.0.1:{port}", config=CLIENT_CONFIG)
        case = prepared(world)
        started = time.monotonic()
        with pytest.raises(errors.EndpointUnreachableError, match="is there a route or a VPC endpoint"):
            case.step("createSecret", client=client)
        assert time.monotonic() - started < 10
    with pytest.raises(errors.EndpointUnreachableError, match="EndpointConnectionError"):
        case.step("createSecret", client=client)


def test_function_without_credentials(world: World) -> None:
    _refused_by(world, botocore.exceptions.NoCredentialsError(), errors.AccessDeniedError)


def test_call_that_cannot_be_made(world: World) -> None:
    error = botocore.exceptions.ParamValidationError(report="hunter2hunter2")
    world.leaks.add("hunter2hunter2")
    _refused_by(world, error, errors.ServiceError)


def _refused_by(world: World, error: Exception, kind: type[errors.RotationError]) -> None:
    class Client:
        def describe_secret(self, **_: Any) -> dict[str, Any]:
            raise error

    with pytest.raises(kind):
        world.handle({"report": {"SecretId": "s"}}, client=Client())


def test_preflight_finds_everything_in_order(any_world: World) -> None:
    case = any_world.alternating()
    event = {"preflight": {"SecretId": case.arn}}
    with case.unchanged():
        answer: Any = any_world.handle(event)
    assert answer["preflight"] == "passed"
    names = ["secrets_manager", "secret", "dns", "tcp", "tls", "master_login", "master_privileges"]
    assert [finding["check"] for finding in answer["findings"]] == names
    assert json.loads(json.dumps(answer)) == answer
    case.rotate()
    with case.unchanged():
        again: Any = any_world.handle(event)
    assert [finding["check"] for finding in again["findings"]] == [*names, "current_login"]


def test_preflight_of_a_single_user(world: World) -> None:
    case = world.single()
    answer: Any = world.handle({"preflight": {"SecretId": case.arn}})
    names = [finding["check"] for finding in answer["findings"]]
    assert names == ["secrets_manager", "secret", "dns", "tcp", "tls", "current_login"]
    world.alter(case.current()["username"], "CREATEDB")
    with pytest.raises(errors.RoleRefusedError):
        world.handle({"preflight": {"SecretId": case.arn}})


def _no_createrole(world: World, _: Case) -> None:
    world.execute(f"ALTER ROLE {world.master.name} NOCREATEROLE")


def _no_password(world: World, case: Case) -> None:
    Case(world, case.current()["masterarn"]).edit(password="not-the-masters-password")


def _no_host(_: World, case: Case) -> None:
    case.edit(host="other.example.test")


def _no_database(_: World, case: Case) -> None:
    case.edit(dbname="no_such_database")


def _no_port(_: World, case: Case) -> None:
    case.edit(port="x")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_no_createrole, errors.PermissionDeniedError),
        (_no_password, errors.AuthenticationRefusedError),
        (_no_host, errors.HostNameMismatchError),
        (_no_database, errors.DatabaseMissingError),
        (_no_port, errors.BadSecretError),
    ],
)
def test_preflight_raises_on_the_first_thing_that_would_break_rotation(
    world: World, damage: Callable[[World, Case], None], kind: type[errors.RotationError]
) -> None:
    case = world.alternating()
    damage(world, case)
    try:
        with case.unchanged(), pytest.raises(errors.RotationError) as caught:
            world.handle({"preflight": {"SecretId": case.arn}})
        assert type(caught.value) is kind
    finally:
        world.execute(f"ALTER ROLE {world.master.name} CREATEROLE")


def test_preflight_of_a_secret_that_does_not_exist(world: World) -> None:
    with pytest.raises(errors.SecretStateError):
        world.handle({"preflight": {"SecretId": "nothing"}})


def test_preflight_waits_for_permissions_that_were_just_attached(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault("describe_secret", "AccessDeniedException", times=5))
    assert world.handle({"preflight": {"SecretId": case.arn}})["preflight"] == "passed"


def test_preflight_without_permission_is_denied_in_the_end(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault("describe_secret", "AccessDeniedException"))
    with pytest.raises(errors.AccessDeniedError):
        world.handle({"preflight": {"SecretId": case.arn}})


def test_no_path_leads_around_the_connector() -> None:
    """The only call that opens a connection is the one whose arguments were tested above."""
    sources = (Path(Connector.connect.__code__.co_filename).parent).glob("*.py")
    calls = [file.name for file in sources for _ in range(file.read_text().count("psycopg2.connect("))]
    assert calls == ["postgres.py"]
