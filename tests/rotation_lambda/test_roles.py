"""Alternating users, names, privileges, repairs and locks in the database."""

from __future__ import annotations

import contextlib
import string
import threading
import time
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from local.postgres import Role
from rotation import errors
from rotation_support.breaking import Breaker
from rotation_support.world import DATABASE, STEPS, Case, Context, World

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
    world.environment = {"LOCK_TIMEOUT_SECONDS": "1"}
    # The row of the role is locked by then, so that renaming has to wait: take the lock away first.
    with pytest.MonkeyPatch.context() as patch:
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


def _wait_for(world: World, setting: str, value: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with world.server.connect(world.master) as connection, connection.cursor() as cursor:
            cursor.execute(f"SHOW {setting}")
            if cursor.fetchone() == (value,):
                return
        time.sleep(0.05)
    pytest.fail(f"{setting} did not become {value}")


def test_first_rotation_makes_group_logins_and_schema(any_world: World) -> None:
    case = any_world.alternating()
    first = case.rotate()
    group = first["role"]
    assert any_world.execute(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{group}'") == [(False,)]
    owner = f"SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '{group}'"
    assert any_world.query(first, owner) == [(group,)]
    assert any_world.query(first, "SHOW search_path") == [('"$user", public',)]
    any_world.query(first, "CREATE TABLE made_in_own_schema (id int)")
    assert any_world.query(first, "SELECT to_regclass('made_in_own_schema')::regclass::text")
    logins = any_world.execute(
        "SELECT rolname, rolcanlogin, rolpassword IS NULL FROM pg_authid"
        f" WHERE rolname LIKE '{group[:-6]}_%' ORDER BY 1"
    )
    assert logins == [
        (first["usernames"][0], True, False),
        (first["usernames"][1], True, True),
        (group, False, True),
    ]


def test_table_of_one_login_is_usable_under_the_other(any_world: World) -> None:
    case = any_world.alternating()
    first = case.rotate()
    any_world.query(first, "CREATE TABLE notes (id int, owner name DEFAULT current_user)")
    any_world.query(first, "INSERT INTO notes VALUES (1)")
    any_world.query(first, "ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
    any_world.query(first, "ALTER TABLE notes FORCE ROW LEVEL SECURITY")
    any_world.query(first, "CREATE POLICY own ON notes USING (owner = current_user)")
    second = case.rotate()
    assert any_world.query(second, "SELECT id FROM notes") == [(1,)]
    any_world.query(second, "INSERT INTO notes VALUES (2)")
    any_world.query(second, "ALTER TABLE notes ADD COLUMN more int")
    assert any_world.query(first, "SELECT count(*) FROM notes") == [(2,)]


def test_default_privileges_set_under_one_login_hold_under_the_other(world: World) -> None:
    case = world.alternating()
    first = case.rotate()
    world.query(first, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    second = case.rotate()
    world.query(second, "CREATE TABLE open (id int)")
    name = f"{second['role']}.open"
    assert world.query(first, f"SELECT has_table_privilege('{world.master.name}', '{name}', 'SELECT')") == [(True,)]


def test_grants_to_the_group_hold_for_both_logins(world: World) -> None:
    case = world.alternating()
    first = case.rotate()
    group = first["role"]
    world.server.execute(f"CREATE TABLE public.shared_{group} AS SELECT 42 AS answer", dbname=DATABASE)
    world.server.execute(f"GRANT SELECT ON public.shared_{group} TO {group}", dbname=DATABASE)
    second = case.rotate()
    for document in (first, second):
        assert world.query(document, f"SELECT answer FROM public.shared_{group}") == [(42,)]


def test_settings_and_limits_of_the_logins_survive(world: World) -> None:
    case = world.alternating()
    names = case.rotate()["usernames"]
    for name in names:
        world.alter(name, "SET search_path = pg_catalog, public")
        world.alter(name, "SET default_transaction_read_only = on")
        world.alter(name, "CONNECTION LIMIT 7")
    for _ in range(3):
        current = case.rotate()
        assert world.query(current, "SHOW search_path") == [("pg_catalog, public",)]
        assert world.query(current, "SHOW default_transaction_read_only") == [("on",)]
    limits = world.execute("SELECT rolname FROM pg_roles WHERE rolconnlimit = 7 ORDER BY 1")
    assert limits == [(name,) for name in names]


def test_single_user_with_settings_that_would_hinder(world: World) -> None:
    case = world.single()
    name = case.current()["username"]
    world.execute(f"CREATE ROLE {name}_other NOLOGIN")
    world.execute(f"GRANT {name}_other TO {name}")
    world.alter(name, f"SET role = {name}_other")
    world.alter(name, "SET default_transaction_read_only = on")
    assert world.works(case.rotate())


def test_previous_login_works_until_the_next_flip(any_world: World) -> None:
    case = any_world.alternating()
    first, second = case.rotate(), case.rotate()
    assert any_world.works(first)
    third = case.rotate()
    assert not any_world.works(first)
    assert any_world.works(second)
    assert any_world.works(third)


DAMAGE = {
    "without membership": "REVOKE {group} FROM {login}",
    "NOLOGIN": "ALTER ROLE {login} NOLOGIN",
    "NOINHERIT": "ALTER ROLE {login} NOINHERIT",
    "expired": "ALTER ROLE {login} VALID UNTIL '2001-01-01'",
    "without its role setting": "ALTER ROLE {login} RESET role",
    "with another role setting": "ALTER ROLE {login} SET role = none",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_login_is_repaired(any_world: World, damage: str) -> None:
    case = any_world.alternating()
    current = case.rotate()
    _damage(case, damage)
    after = case.rotate()
    login = current["usernames"][1]
    assert any_world.query(after, "SELECT session_user, current_user") == [(login, current["role"])]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_login_damaged_after_set_is_repaired_by_the_replay(world: World, damage: str) -> None:
    case = world.alternating()
    current = case.rotate()
    case.begin()
    case.steps("createSecret", "setSecret")
    _damage(case, damage)
    case.steps(*STEPS)
    login = current["usernames"][1]
    assert world.query(case.current(), "SELECT session_user, current_user") == [(login, current["role"])]


def _damage(case: Case, damage: str) -> None:
    document = case.current()
    group, login = sql.Identifier(document["role"]), sql.Identifier(document["usernames"][1])
    _as_master(case.world, sql.SQL(damage).format(group=group, login=login))


def _as_master(world: World, statement: sql.Composable) -> None:
    with world.server.connect(world.master) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def test_first_rotation_with_a_login_that_exists(any_world: World) -> None:
    """A single user that becomes one of two: it is repaired, not replaced."""
    case = any_world.alternating()
    login = case.current()["usernames"][0]
    any_world.create_login(login, "password-of-before", "NOINHERIT VALID UNTIL '2001-01-01' CONNECTION LIMIT 9")
    first = case.rotate()
    assert any_world.query(first, "SELECT current_user") == [(first["role"],)]
    assert any_world.execute(f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{login}'") == [(9,)]


def test_setting_of_one_database_that_names_another_role_is_reported(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    login = current["usernames"][1]
    world.execute(f"ALTER ROLE {login} IN DATABASE {DATABASE} SET role = 'none'")
    case.begin()
    case.steps("createSecret", "setSecret")
    for step in STEPS[2:]:
        with pytest.raises(errors.RoleStateError, match=f"works as {login} and not as the group"):
            case.step(step)
    assert case.current() == current


def test_membership_lost_before_finish_is_not_promoted(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    case.begin()
    case.steps(*STEPS[:3])
    world.execute(f"ALTER ROLE {current['usernames'][1]} RESET role")
    _as_master(world, sql.SQL(f"REVOKE {current['role']} FROM {current['usernames'][1]}"))
    with pytest.raises(errors.RoleStateError, match="not a member"):
        case.step("finishSecret")
    assert case.current() == current


def test_login_that_answers_for_another_user_is_refused(world: World) -> None:
    """A user-name map or a proxy could log one in as someone else."""
    from rotation.roles import check_identity
    from rotation.secret import parse_secret

    class Elsewhere:
        def run(self, *_: object, **__: object) -> list[tuple[str, str]]:
            return [("somebody", "somebody")]

    case = world.single()
    text = world.secrets_manager.value(case.arn, "AWSCURRENT")
    with pytest.raises(errors.RoleStateError, match="logged in as somebody instead of"):
        check_identity(Elsewhere(), parse_secret(text, "AWSCURRENT"))  # type: ignore[arg-type]


def test_master_without_createrole(any_world: World) -> None:
    master = _master(any_world, "NOCREATEROLE")
    case = any_world.alternating(master=master)
    _refused(case, errors.PermissionDeniedError, f"{master.name} lacks CREATEROLE")


def test_master_without_admin_option_on_the_roles(world: World) -> None:
    case = world.alternating()
    case.rotate()
    other = _master(world, "CREATEROLE")
    case.edit(masterarn=world.master_secret(other))
    _refused(case, errors.PermissionDeniedError, "lacks ADMIN OPTION on")
    for name in (case.current()["role"], *case.current()["usernames"]):
        _as_master(world, sql.SQL(f"GRANT {name} TO {other.name} WITH ADMIN OPTION"))
    case.edit("AWSPENDING", masterarn=case.current()["masterarn"])
    case.steps(*STEPS[1:])
    assert world.works(case.current())


def test_master_without_create_on_the_database(any_world: World) -> None:
    case = any_world.alternating(master=_master(any_world, "CREATEROLE"))
    _refused(case, errors.PermissionDeniedError, "lacks CREATE on database")


def test_superuser_master_works(world: World) -> None:
    master = _master(world, "SUPERUSER")
    assert world.works(world.alternating(master=master).rotate())


def _master(world: World, options: str) -> Role:
    role = Role(f"master_{options.lower()}_{time.monotonic_ns()}", f"password-{time.monotonic_ns()}")
    world.leaks.add(role.password)
    world.execute(f"CREATE ROLE {role.name} LOGIN {options} PASSWORD '{role.password}'")
    return role


def _refused(case: Case, kind: type[errors.RotationError], message: str) -> None:
    """setSecret is refused, with nothing changed in the database."""
    case.begin()
    case.step("createSecret")
    with case.unchanged(), pytest.raises(kind) as caught:
        case.step("setSecret")
    assert message in str(caught.value)


@pytest.mark.parametrize("attribute", ["SUPERUSER", "REPLICATION", "CREATEROLE", "CREATEDB", "BYPASSRLS"])
@pytest.mark.parametrize("with_master", [False, True])
def test_privileged_role_is_not_rotated(world: World, attribute: str, with_master: bool) -> None:
    case = world.single(with_master=with_master)
    world.alter(case.current()["username"], attribute)
    _refused(case, errors.RoleRefusedError, f"has {attribute}")


@pytest.mark.parametrize("role", ["rds_superuser", "pg_read_server_files", "pg_execute_server_program"])
def test_member_of_a_powerful_role_is_not_rotated(world: World, role: str) -> None:
    with contextlib.suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.ReservedName):
        world.execute(f"CREATE ROLE {role} NOLOGIN")
    case = world.single()
    name = case.current()["username"]
    world.execute(f"CREATE ROLE {name}_between NOLOGIN")
    world.execute(f"GRANT {role} TO {name}_between")
    world.execute(f"GRANT {name}_between TO {name}")
    _refused(case, errors.RoleRefusedError, f"is a member of {role}")


def test_member_of_a_harmless_predefined_role_is_rotated(world: World) -> None:
    case = world.single()
    world.execute(f"GRANT pg_monitor TO {case.current()['username']}")
    assert world.works(case.rotate())


def test_master_with_the_membership_that_rds_gives_works(world: World) -> None:
    with contextlib.suppress(psycopg2.errors.DuplicateObject):
        world.execute("CREATE ROLE rds_superuser NOLOGIN")
    world.execute(f"GRANT rds_superuser TO {world.master.name}")
    case = world.alternating()
    case.rotate()
    assert world.works(case.rotate())


def test_the_master_itself_is_not_rotated(world: World) -> None:
    case = world.alternating(usernames=[world.master.name, "another_login"])
    _refused(case, errors.RoleRefusedError, "is the master itself")


def test_group_that_is_a_login_is_refused(world: World) -> None:
    case = world.alternating()
    world.create_login(case.current()["role"], "somebodys-password")
    _refused(case, errors.RoleRefusedError, "is no group role")


def test_roles_dropped_after_the_first_rotation_are_not_made_again(world: World) -> None:
    case = world.alternating()
    current = case.rotate()
    world.execute(f"DROP ROLE {current['usernames'][1]}")
    _refused(case, errors.RoleStateError, "does not exist any more")


def test_database_that_is_closed_to_public(any_world: World) -> None:
    """REVOKE ALL FROM PUBLIC is a usual hardening: no CONNECT, no TEMPORARY."""
    name = f"closed_{any_world.server.major}"
    with any_world.server.connect(any_world.master) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    case = any_world.alternating(dbname=name)
    case.rotate()
    assert any_world.works(case.rotate())
    document = {"username": f"first_{name}", "masterarn": any_world.master_secret()}
    single = Case(any_world, any_world.secret(any_world.facts(dbname=name, **document)))
    single.rotate()
    assert any_world.works(single.rotate())
    _as_master(any_world, sql.SQL(f"REVOKE CONNECT ON DATABASE {name} FROM {case.current()['role']}"))
    assert any_world.works(case.rotate())


def test_master_that_may_not_grant_connect(world: World) -> None:
    world.execute("CREATE DATABASE foreign_owner")
    world.execute("REVOKE CONNECT ON DATABASE foreign_owner FROM PUBLIC")
    world.execute(f"GRANT CREATE, CONNECT ON DATABASE foreign_owner TO {world.master.name}")
    case = world.alternating(dbname="foreign_owner")
    _refused(case, errors.PermissionDeniedError, "may not grant CONNECT")


def test_another_session_holds_the_lock_on_the_role(any_world: World) -> None:
    case = any_world.alternating()
    login = case.rotate()["usernames"][1]
    any_world.environment = {"LOCK_TIMEOUT_SECONDS": "1"}
    case.begin()
    case.step("createSecret")
    with _open_transaction(any_world, sql.SQL(f"ALTER ROLE {login} CONNECTION LIMIT 5")):
        started = time.monotonic()
        with pytest.raises(errors.LockTimeoutError) as caught:
            case.step("setSecret")
        assert time.monotonic() - started < 5
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

    def pass_point(name: str) -> None:
        if threading.current_thread() is other:
            if name == "commit":
                time.sleep(1)
            return
        points.append(name)
        if "pg_try_advisory_xact_lock" in name:
            other.start()
            time.sleep(0.5)

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
        timer = threading.Timer(0.5, connection.commit)
        timer.start()
        with pytest.raises(errors.LockTimeoutError, match="tuple concurrently updated"):
            case.step("setSecret")
        timer.join()
    case.steps(*STEPS[1:])


@contextlib.contextmanager
def _open_transaction(world: World, statement: sql.Composable) -> Any:
    with world.server.connect(world.master) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield
        connection.rollback()


def test_statement_that_takes_too_long(world: World) -> None:
    case = world.alternating()
    case.rotate()
    world.environment = {"STATEMENT_TIMEOUT_SECONDS": "1", "LOCK_TIMEOUT_SECONDS": "20"}
    case.begin()
    case.step("createSecret")
    login = case.document("AWSPENDING")["username"]
    locked = _open_transaction(world, sql.SQL(f"ALTER ROLE {login} CONNECTION LIMIT 5"))
    with locked, pytest.raises(errors.DatabaseTimeoutError):
        case.step("setSecret")


def test_connection_that_breaks_in_the_middle(world: World) -> None:
    case = world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")

    def terminate() -> None:
        world.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'secret-rotation'"
        )

    for point in ("SET ROLE NONE", "large object", "DO ", "commit"):
        with pytest.raises(errors.DatabaseUnavailableError):
            case.broken(point, ("setSecret",), terminate)
    case.steps(*STEPS[1:])
    assert world.works(case.current())
