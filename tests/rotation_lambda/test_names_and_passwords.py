"""Names and passwords of every kind work, and no password is seen."""

from __future__ import annotations

import string
from dataclasses import replace
from math import log2
from urllib.parse import quote

import pytest
import trustme

from rotation import errors
from rotation.events import parse_event
from rotation.passwords import CLASSES, LENGTH, generate_password
from rotation.secret import parse_secret
from rotation_support.breaking import Breaker
from rotation_support.leaks import Leaks
from rotation_support.package import PROJECT
from rotation_support.world import DATABASE, HOST, STEPS, World
from tools.local.postgres import PostgresServer

ODD_NAMES = [
    'quo"te',
    "quo'te",
    "back\\slash",
    "with space",
    "x; DROP ROLE platform_master; --",
    "MixedCase",
    "per%cent %s %(x)s",
    "dollar$1$rotation$",
    "{braces}",
    "größe",
    "例え",
    "b" * 57,
    "select",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_role_names(world: World, name: str) -> None:
    usernames = [name, f"{name}2"]
    case = world.alternating(usernames=usernames, role=f"{name}_grp")
    first = case.rotate()
    second = case.rotate()
    assert [first["username"], second["username"]] == usernames
    assert world.query(second, "SELECT session_user, current_user") == [(usernames[1], f"{name}_grp")]


def test_names_of_63_bytes(world: World) -> None:
    names = ["ä" * 31 + "a", "ä" * 31 + "b"]
    case = world.alternating(usernames=names, role="ä" * 31 + "c")
    case.rotate()
    assert world.works(case.rotate())


@pytest.mark.parametrize("name", ['it"s me', "with space", "per%cent"])
def test_odd_single_user_name(world: World, name: str) -> None:
    assert world.works(world.single(username=name).rotate())


def test_every_printable_character_in_a_password(world: World) -> None:
    case = world.single()
    password = string.ascii_letters + string.digits + string.punctuation + " "
    world.create_login(case.current()["username"], password)
    case.edit(password=password)
    case.begin()
    case.step("createSecret")
    case.edit("AWSPENDING", password=password[::-1])
    case.steps(*STEPS[1:])
    assert world.works(case.current())
    assert case.current()["password"] == password[::-1]


def test_non_ascii_password(world: World) -> None:
    case = world.single()
    case.begin()
    case.step("createSecret")
    case.edit("AWSPENDING", password="pässwörd-例え-ﬁﬂ")
    case.steps(*STEPS[1:])
    assert world.works(case.current())


def test_a_thousand_passwords_honour_length_and_classes() -> None:
    passwords = {generate_password() for _ in range(1000)}
    assert len(passwords) == 1000
    assert LENGTH * log2(len("".join(CLASSES))) > 128
    for password in passwords:
        assert len(password) == LENGTH
        assert all(set(password) & set(characters) for characters in CLASSES)
        assert not set(password) - set("".join(CLASSES))
        assert quote(password, safe="") == password


def test_representations_hide_what_is_secret() -> None:
    text = (
        '{"engine": "postgres", "host": "h", "port": 1, "dbname": "d", "username": "u",'
        ' "password": "hunter2hunter2", "note": "hunter2hunter2"}'
    )
    secret = parse_secret(text, "AWSCURRENT")
    event = parse_event(
        {"SecretId": "s", "ClientRequestToken": "t" * 36, "Step": "setSecret", "RotationToken": "r" * 36}
    )
    assert "hunter2" not in repr(secret) + repr(secret.login)
    assert "rrr" not in repr(event)


def test_server_log_and_views_hold_no_secret(any_world: World) -> None:
    """Looked at while the transaction is open, and in the log after a statement that failed."""
    case = any_world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")
    seen: list[str] = []
    breaker = Breaker()
    points = breaker.pass_point

    def look(name: str) -> None:
        points(name)
        rows = any_world.execute("SELECT query FROM pg_stat_activity")
        seen.extend(str(row[0]) for row in rows)

    breaker.pass_point = look  # type: ignore[method-assign]
    with breaker.database():
        case.step("setSecret")
    any_world.verifiers()
    any_world.leaks.evidence.append(("pg_stat_activity", "\n".join(seen)))
    log = any_world.server.log_file.read_text()
    password = case.document("AWSPENDING")["password"]
    assert any("DO '" in query for query in seen)
    assert "lo_unlink" in log
    assert password not in log
    assert "SCRAM-SHA-256$" not in log
    assert "SCRAM-SHA-256$" not in "".join(seen)
    assert any_world.server.execute("SELECT count(*) FROM pg_largeobject_metadata", dbname=DATABASE) == [(0,)]


def test_failing_password_statement_shows_nothing(world: World) -> None:
    """The role disappears after it was checked, so the statement with the verifier is the one that fails."""
    case = world.single()
    name = case.current()["username"]
    case.begin()
    case.step("createSecret")
    breaker = Breaker("large object", lambda: world.execute(f"ALTER ROLE {name} RENAME TO {name}_gone"))
    # The row of the role is locked by then, so that renaming has to wait: take the lock away first.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rotation.postgres.LOCK_SECONDS", 1)
        patch.setattr("rotation.roles.prepare_oneself", lambda *_: [])
        with breaker.database(), pytest.raises(errors.DatabaseError, match="could not be changed"):
            case.step("setSecret")
    log = world.server.log_file.read_text()
    assert "the password could not be changed" in log
    assert "SCRAM-SHA-256$" not in log
    world.alter(f"{name}_gone", f"RENAME TO {name}")


def test_pg_stat_statements_that_tracks_everything(any_world: World) -> None:
    """It would keep the verifier, so rotation is refused until the master may turn it down."""
    case = any_world.alternating()
    case.rotate()
    master = any_world.master.name
    any_world.execute("ALTER SYSTEM SET pg_stat_statements.track = 'all'")
    any_world.server.reload()
    try:
        _wait_for(any_world, "pg_stat_statements.track", "all")
        case.begin()
        case.step("createSecret")
        with case.unchanged(), pytest.raises(errors.StatementTrackingError):
            case.step("setSecret")
        any_world.execute(f"GRANT SET ON PARAMETER pg_stat_statements.track TO {master}")
        case.steps(*STEPS[1:])
        any_world.execute(f"REVOKE SET ON PARAMETER pg_stat_statements.track FROM {master}")
    finally:
        any_world.execute("ALTER SYSTEM RESET pg_stat_statements.track")
        any_world.server.reload()
    _wait_for(any_world, "pg_stat_statements.track", "top")
    queries = any_world.execute("SELECT query FROM pg_stat_statements")
    assert not any("SCRAM-SHA-256$" in query for (query,) in queries)


def test_server_that_logs_what_it_parses(world: World, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a function, too, where the verifier is part of a statement. It is a server of its own, since its log is
    meant to show it in the end: the documented limit.
    """
    settings = dict.fromkeys(("debug_print_parse", "debug_print_rewritten", "debug_print_plan"), "on")
    with (
        PostgresServer(certificate=authority.issue_cert(HOST), settings=settings) as server,
        server.connect() as observer,
    ):
        master = server.create_master("platform_master", databases=[DATABASE])
        talkative = replace(world, server=server, observer=observer, master=master, leaks=Leaks())
        monkeypatch.setenv("PGHOSTADDR", server.address)
        case = talkative.alternating()
        case.rotate()
        assert ":utilityStmt" in server.log_file.read_text()
        assert "SCRAM-SHA-256$4096:" not in server.log_file.read_text()
        assert "SCRAM-SHA-256$4096\n" not in server.log_file.read_text()
        talkative.execute("ALTER SYSTEM SET log_parser_stats = on")
        server.reload()
        _wait_for(talkative, "log_parser_stats", "on")
        case.rotate()
        assert "SCRAM-SHA-256$4096:" in server.log_file.read_text()
    assert "`log_parser_stats`" in (PROJECT / "docs" / "rotation.md").read_text()


def _wait_for(world: World, setting: str, value: str) -> None:
    def arrived() -> bool:
        with world.server.connect(world.master) as connection, connection.cursor() as cursor:
            cursor.execute(f"SHOW {setting}")
            return bool(cursor.fetchone() == (value,))

    world.wait_until(arrived)
