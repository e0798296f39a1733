"""Whatever a rotation will refuse, preflight refuses with the same reason, and before anything is changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg2 import sql

from rotation import errors
from rotation.checks import HANDING_OVER
from rotation_support.cases import as_master
from rotation_support.world import DATABASE, Case, World

_numbers = itertools.count(1)


@pytest.fixture
def hardened(world: World) -> Iterator[str]:
    """A database of its own, with the master as its owner."""
    name = f"hardened{next(_numbers)}"
    world.execute(f"CREATE DATABASE {name} OWNER {world.master.name}")
    yield name
    world.execute(f"DROP DATABASE {name} WITH (FORCE)")


def refused_by_both(case: Case, kind: type[errors.RotationError], message: str) -> None:
    """By preflight and by setSecret, with the same words and nothing changed."""
    case.begin()
    case.step("createSecret")
    with case.unchanged():
        with pytest.raises(errors.RotationError) as foreseen:
            case.world.handle({"preflight": {"SecretId": case.arn}})
        with pytest.raises(errors.RotationError) as met:
            case.step("setSecret")
    assert type(foreseen.value) is type(met.value) is kind, (foreseen.value, met.value)
    assert foreseen.value.fault == met.value.fault
    assert message in met.value.fault
    assert not met.value.retryable


HARDENING = {
    "language": ("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC", "USAGE on language plpgsql"),
    "no language": ("DROP EXTENSION plpgsql", "USAGE on language plpgsql"),
    **{
        name: (f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC", f"EXECUTE on function {signature}")
        for name, signature in {
            "lo_creat": "lo_creat(integer)",
            "lo_open": "lo_open(oid,integer)",
            "lowrite": "lowrite(integer,bytea)",
            "lo_close": "lo_close(integer)",
            "lo_get": "lo_get(oid)",
            "lo_unlink": "lo_unlink(oid)",
        }.items()
    },
}


@pytest.mark.parametrize("hardening", HARDENING)
@pytest.mark.parametrize("with_master", [False, True])
def test_database_without_what_hides_the_verifier(
    world: World, hardened: str, hardening: str, with_master: bool
) -> None:
    statement, lacking = HARDENING[hardening]
    world.server.execute(statement, dbname=hardened)
    case = world.single(dbname=hardened, with_master=with_master)
    refused_by_both(case, errors.PermissionDeniedError, lacking)
    if hardening == "language":
        # What the message says helps.
        who = world.master.name if with_master else case.current()["username"]
        world.server.execute(f"GRANT USAGE ON LANGUAGE plpgsql TO {who}", dbname=hardened)
        case.steps("setSecret", "testSecret", "finishSecret")
        assert world.works(case.current())


def test_no_other_function_for_large_objects_is_needed(world: World, hardened: str) -> None:
    functions = world.server.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
        " AND (proname LIKE 'lo\\_%' OR proname IN ('loread', 'lowrite'))"
        f" AND proname <> ALL ('{{{','.join(HANDING_OVER)}}}')",
        dbname=hardened,
    )
    assert len(functions) > 10
    for (function,) in functions:
        world.server.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC", dbname=hardened)
    assert world.works(world.alternating(dbname=hardened).rotate())


def test_refusal_that_was_not_foreseen_has_its_class(world: World, hardened: str) -> None:
    """Revoked between the check and the use: the error of large objects carries no SQLSTATE."""
    from rotation_support.breaking import Breaker

    case = world.alternating(dbname=hardened)
    case.begin()
    case.step("createSecret")

    def revoke() -> None:
        world.server.execute("REVOKE EXECUTE ON FUNCTION lo_creat(integer) FROM PUBLIC", dbname=hardened)

    with Breaker("large object", revoke).database(), pytest.raises(errors.PermissionDeniedError, match="lo_creat"):
        case.step("setSecret")


@pytest.fixture
def restricted(world: World, hardened: str) -> str:
    """A database with `rds.restrict_password_commands`, whose name is all that the embedded server knows of it."""
    world.execute(f"ALTER DATABASE {hardened} SET rds.restrict_password_commands = 'on'")
    return hardened


def test_single_user_that_may_not_change_its_password(world: World, restricted: str) -> None:
    """Of RDS the refusal: it says what to grant."""
    case = world.single(dbname=restricted)
    refused_by_both(case, errors.PermissionDeniedError, "lacks the membership of rds_password")
    _as_rds_password(world, case.current()["username"])
    case.steps("setSecret", "testSecret", "finishSecret")
    assert world.works(case.current())
    world.execute(f"REVOKE rds_password FROM {case.current()['username']}")


def test_master_that_may_not_change_passwords(world: World, restricted: str) -> None:
    case = world.single(dbname=restricted, with_master=True)
    refused_by_both(case, errors.PermissionDeniedError, f"{world.master.name} lacks the membership of rds_password")


def _as_rds_password(world: World, member: str) -> None:
    if not world.execute("SELECT 1 FROM pg_roles WHERE rolname = 'rds_password'"):
        world.execute("CREATE ROLE rds_password NOLOGIN")
    world.execute(f"GRANT rds_password TO {member}")


def test_single_user_with_a_master_is_changed_by_the_master(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own login, which still works, is not used for it."""
    import psycopg2

    case = world.single(with_master=True)
    case.begin()
    case.step("createSecret")
    users: list[str] = []
    connect = psycopg2.connect

    def watch(**arguments: Any) -> Any:
        users.append(arguments["user"])
        return connect(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg2, "connect", watch)
        case.step("setSecret")
    # The pending login is tried first: it may work already.
    assert users == [case.current()["username"], world.master.name]
    case.steps("testSecret", "finishSecret")
    assert world.works(case.current())


# What is wrong, how a superuser makes it so, and the words of the refusal. `{owner}` is the group, `{login}` the login
# that is next, `{database}` the database.
DAMAGES: dict[str, tuple[Callable[[Any], str], type[errors.RotationError], str]] = {
    "schema of somebody else": (
        lambda names: "CREATE SCHEMA {owner} AUTHORIZATION {other}".format(**names),
        errors.PermissionDeniedError,
        "may not grant {owner} USAGE and CREATE on it",
    ),
    "no CONNECT to give": (
        lambda names: (
            "ALTER DATABASE {database} OWNER TO {other}; REVOKE ALL ON DATABASE {database} FROM PUBLIC"
            "; GRANT CONNECT, CREATE ON DATABASE {database} TO {master}".format(**names)
        ),
        errors.PermissionDeniedError,
        "may not grant CONNECT on database {database}",
    ),
    "no CREATE for a schema": (
        lambda names: "ALTER DATABASE {database} OWNER TO {other}".format(**names),
        errors.PermissionDeniedError,
        "lacks CREATE on database {database}",
    ),
    "group in its own member": (
        lambda names: (
            "CREATE ROLE {owner} NOLOGIN; CREATE ROLE {login} LOGIN; GRANT {login} TO {owner}"
            "; GRANT {owner}, {login} TO {master} WITH ADMIN OPTION".format(**names)
        ),
        errors.RoleStateError,
        "the group {owner} is a member of {login}",
    ),
    "role of this database alone": (
        lambda names: (
            "CREATE ROLE {login} LOGIN; GRANT {login} TO {master} WITH ADMIN OPTION"
            "; ALTER ROLE {login} IN DATABASE {database} SET role = {other}".format(**names)
        ),
        errors.RoleStateError,
        "has the setting role = {other}",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_preflight_foresees(world: World, hardened: str, damage: str) -> None:
    make, kind, message = DAMAGES[damage]
    case = world.alternating(dbname=hardened)
    document = case.current()
    names = {
        "owner": document["role"],
        "login": document["usernames"][0],
        "database": hardened,
        "master": world.master.name,
        "other": f"somebody_{document['role']}",
    }
    world.execute("CREATE ROLE {other} NOLOGIN".format(**names))
    for statement in make(names).split("; "):
        world.server.execute(statement, dbname=hardened)
    refused_by_both(case, kind, message.format(**names))


def test_connection_limit_of_zero_is_foreseen(world: World) -> None:
    case = world.alternating()
    login = case.rotate()["usernames"][1]
    world.alter(login, "CONNECTION LIMIT 0")
    with pytest.raises(errors.RoleConnectionLimitError):
        world.handle({"preflight": {"SecretId": case.arn}})


def test_schema_that_the_master_may_grant_is_granted(world: World, hardened: str) -> None:
    """Made by hand before, and so the master's: the application can create in it."""
    case = world.alternating(dbname=hardened)
    owner = case.current()["role"]
    with world.server.connect(world.master, dbname=hardened) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {owner}")
    assert world.handle({"preflight": {"SecretId": case.arn}})["preflight"] == "passed"
    _creates_a_table(world, case)
    assert world.works(case.rotate())


@pytest.mark.parametrize("own_schema", [False, True])
def test_first_rotation_of_a_single_user_lets_it_create(world: World, hardened: str, own_schema: bool) -> None:
    name = f"alone_in_{hardened}"
    case = Case(
        world, world.secret({**world.facts(dbname=hardened), "username": name, "masterarn": world.master_secret()})
    )
    if own_schema:
        as_master(world, sql.SQL(f"CREATE ROLE {name} LOGIN"))
        world.server.execute(f"CREATE SCHEMA {name} AUTHORIZATION {name}", dbname=hardened)
    _creates_a_table(world, case)


def _creates_a_table(world: World, case: Case) -> None:
    current = case.rotate()
    world.query(current, "CREATE TABLE made (id int)")
    assert world.query(current, "SELECT to_regclass('made')::regclass::text") == [("made",)]


def test_schema_is_not_looked_at_after_the_first_rotation(world: World) -> None:
    """Who took CREATE away later meant it."""
    case = world.alternating()
    group = case.rotate()["role"]
    world.server.execute(f"ALTER SCHEMA {group} OWNER TO {world.server.superuser.name}", dbname=DATABASE)
    assert world.works(case.rotate())
