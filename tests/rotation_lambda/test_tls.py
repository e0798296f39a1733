"""TLS and authentication methods: fail closed, whatever the secret or the server says."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import trustme
from psycopg2 import sql

from rotation import errors
from rotation.postgres import Connector
from rotation_support.cases import prepared, refused, refused_set
from rotation_support.servers import access_rules, listener
from rotation_support.world import World
from tools.local.postgres import TLS_AND_SCRAM_ONLY


def test_unknown_authority(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(trustme.CA().cert_pem.bytes())
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
        assert arguments["connect_timeout"] == 20
        assert "-c statement_timeout=10s -c lock_timeout=5s " in arguments["options"]


def test_channel_binding_is_used(any_world: World) -> None:
    document = any_world.alternating().rotate()
    any_world.connect(document, channel_binding="require").close()


def test_no_path_leads_around_the_connector() -> None:
    """The only call that opens a connection is the one whose arguments were tested above."""
    sources = (Path(Connector.connect.__code__.co_filename).parent).glob("*.py")
    calls = [file.name for file in sources for _ in range(file.read_text().count("psycopg2.connect("))]
    assert calls == ["postgres.py"]
