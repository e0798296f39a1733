"""What the master must be allowed to do, and the roles that are not rotated."""

from __future__ import annotations

import contextlib
import time

import psycopg2
import pytest
from psycopg2 import sql

from rotation import errors
from rotation_support.cases import as_master, refused_rotation
from rotation_support.world import STEPS, Case, World
from tools.local.postgres import Role


def test_master_without_createrole(any_world: World) -> None:
    master = _master(any_world, "NOCREATEROLE")
    case = any_world.alternating(master=master)
    refused_rotation(case, errors.PermissionDeniedError, f"{master.name} lacks CREATEROLE")


def test_master_without_admin_option_on_the_roles(world: World) -> None:
    case = world.alternating()
    case.rotate()
    other = _master(world, "CREATEROLE")
    case.edit(masterarn=world.master_secret(other))
    refused_rotation(case, errors.PermissionDeniedError, "lacks ADMIN OPTION on")
    for name in (case.current()["role"], *case.current()["usernames"]):
        as_master(world, sql.SQL(f"GRANT {name} TO {other.name} WITH ADMIN OPTION"))
    case.edit("AWSPENDING", masterarn=case.current()["masterarn"])
    case.steps(*STEPS[1:])
    assert world.works(case.current())


def test_master_without_create_on_the_database(any_world: World) -> None:
    case = any_world.alternating(master=_master(any_world, "CREATEROLE"))
    refused_rotation(case, errors.PermissionDeniedError, "lacks CREATE on database")


def test_superuser_master_works(world: World) -> None:
    master = _master(world, "SUPERUSER")
    assert world.works(world.alternating(master=master).rotate())


def _master(world: World, options: str) -> Role:
    role = Role(f"master_{options.lower()}_{time.monotonic_ns()}", f"password-{time.monotonic_ns()}")
    world.leaks.add(role.password)
    world.execute(f"CREATE ROLE {role.name} LOGIN {options} PASSWORD '{role.password}'")
    return role


@pytest.mark.parametrize("attribute", ["SUPERUSER", "REPLICATION", "CREATEROLE", "CREATEDB", "BYPASSRLS"])
@pytest.mark.parametrize("with_master", [False, True])
def test_privileged_role_is_not_rotated(world: World, attribute: str, with_master: bool) -> None:
    case = world.single(with_master=with_master)
    world.alter(case.current()["username"], attribute)
    refused_rotation(case, errors.RoleRefusedError, f"has {attribute}")


@pytest.mark.parametrize("role", ["rds_superuser", "pg_read_server_files", "pg_execute_server_program"])
def test_member_of_a_powerful_role_is_not_rotated(world: World, role: str) -> None:
    with contextlib.suppress(psycopg2.errors.DuplicateObject, psycopg2.errors.ReservedName):
        world.execute(f"CREATE ROLE {role} NOLOGIN")
    case = world.single()
    name = case.current()["username"]
    world.execute(f"CREATE ROLE {name}_between NOLOGIN")
    world.execute(f"GRANT {role} TO {name}_between")
    world.execute(f"GRANT {name}_between TO {name}")
    refused_rotation(case, errors.RoleRefusedError, f"is a member of {role}")


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
    refused_rotation(case, errors.RoleRefusedError, "is the master itself")


def test_group_that_is_a_login_is_refused(world: World) -> None:
    case = world.alternating()
    world.create_login(case.current()["role"], "somebodys-password")
    refused_rotation(case, errors.RoleRefusedError, "cannot be the group role")


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
    as_master(any_world, sql.SQL(f"REVOKE CONNECT ON DATABASE {name} FROM {case.current()['role']}"))
    assert any_world.works(case.rotate())


def test_master_that_may_not_grant_connect(world: World) -> None:
    world.execute("CREATE DATABASE foreign_owner")
    world.execute("REVOKE CONNECT ON DATABASE foreign_owner FROM PUBLIC")
    world.execute(f"GRANT CREATE, CONNECT ON DATABASE foreign_owner TO {world.master.name}")
    case = world.alternating(dbname="foreign_owner")
    refused_rotation(case, errors.PermissionDeniedError, "may not grant CONNECT")
