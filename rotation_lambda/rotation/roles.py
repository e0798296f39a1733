"""The roles in the database: what they are, whether they may be rotated, and how they are made and repaired.

Every change happens in the caller's one transaction, under an advisory lock for the role. The master is
as RDS makes it: CREATEROLE, no superuser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from psycopg2 import sql

from rotation.errors import (
    PermissionDeniedError,
    ReadOnlyServerError,
    RoleRefusedError,
    RoleStateError,
    StatementTrackingError,
)
from rotation.postgres import Session
from rotation.secret import Login, SecretValue

POSTGRES_15 = 150000
POSTGRES_16 = 160000
"""From here the creator of a role administers it by ADMIN OPTION, and grants carry INHERIT and SET."""

PRIVILEGED_ROLES = (
    "rds_superuser",
    "rds_replication",
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_write_server_files",
)
"""Members of these can become superuser, or read everything."""


class RoleFacts(NamedTuple):
    """A role as the catalogue has it."""

    can_login: bool
    inherits: bool
    expired: bool
    privileges: tuple[str, ...]
    settings: tuple[str, ...]


def lock_role(session: Session, name: str) -> bool:
    """Take the advisory lock for `name` until the transaction ends; whether another rotation held it."""
    key = int.from_bytes(hashlib.sha256(f"secret-rotation:{name}".encode()).digest()[:8], "big", signed=True)
    number = sql.Literal(key)
    if session.run(f"locking {name}", "SELECT pg_try_advisory_xact_lock({key})", key=number)[0][0]:
        return False
    session.run(f"waiting for another rotation of {name}", "SELECT pg_advisory_xact_lock({key})", key=number)
    return True


def read_role(session: Session, name: str) -> RoleFacts | None:
    """The role `name`; None when there is none."""
    rows = session.run(
        f"reading role {name}",
        "SELECT rolcanlogin, rolinherit, coalesce(rolvaliduntil <= now(), false),"
        " coalesce(rolconfig, '{{}}'), array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END,"
        " CASE WHEN rolreplication THEN 'REPLICATION' END,"
        " CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,"
        " CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL)"
        " FROM pg_roles WHERE rolname = {name}",
        name=sql.Literal(name),
    )
    if not rows:
        return None
    can_login, inherits, expired, settings, privileges = rows[0]
    return RoleFacts(can_login, inherits, expired, tuple(privileges), tuple(settings))


def check_writable(session: Session) -> None:
    """Refuse a server on which roles cannot be changed, or which would show the verifier."""
    if session.run("looking for the writer", "SELECT pg_is_in_recovery()")[0][0]:
        raise ReadOnlyServerError("the server is a reader (in recovery)")
    tracks_all = session.run(
        "reading pg_stat_statements.track",
        "SELECT current_setting('pg_stat_statements.track', true) = 'all'"
        " AND current_setting('pg_stat_statements.track_utility', true) = 'on'",
    )[0][0]
    if not tracks_all:
        return
    if (
        session.server_version < POSTGRES_15
        or not session.run(
            "reading the privilege on pg_stat_statements.track",
            "SELECT has_parameter_privilege('pg_stat_statements.track', 'SET')",
        )[0][0]
    ):
        raise StatementTrackingError("pg_stat_statements.track is all, which records statements inside functions")
    session.run("limiting pg_stat_statements", "SET LOCAL pg_stat_statements.track = 'top'")


def check_rotatable(session: Session, name: str, master: Login | None) -> RoleFacts | None:
    """The role's facts when it may be rotated, None when it does not exist; `RoleRefusedError` when it may
    not.
    """
    if master is not None and name == master.username:
        raise RoleRefusedError(f"{name} is the master itself")
    role = read_role(session, name)
    if role is None:
        return None
    if role.privileges:
        raise RoleRefusedError(f"{name} has {', '.join(role.privileges)}")
    members = session.run(
        f"reading the memberships of {name}",
        "SELECT rolname FROM pg_roles WHERE rolname <> {name} AND pg_has_role({name}, oid, 'MEMBER')"
        " AND (rolsuper OR rolreplication OR rolcreaterole OR rolcreatedb OR rolbypassrls"
        " OR rolname = ANY ({privileged}))"
        " ORDER BY 1",
        name=sql.Literal(name),
        privileged=sql.Literal(list(PRIVILEGED_ROLES)),
    )
    if members:
        raise RoleRefusedError(f"{name} is a member of {', '.join(row[0] for row in members)}")
    return role


def check_roles(session: Session, secret: SecretValue, names: Iterable[str], master: Login, *, first: bool) -> None:
    """Whether the master may make and alter `names`; an error names the first thing in the way, before any
    change.
    """
    check_writable(session)
    _check_master(session, secret)
    for name in names:
        role = check_rotatable(session, name, master)
        if role is None and not first:
            raise RoleStateError(f"the role {name} does not exist any more")
        if role is not None and role.can_login and name == secret.role:
            raise RoleRefusedError(f"{name} can log in, so it is no group role")
    if first and secret.role and not _has_schema(session, secret.role) and not _may(session, secret, None, "CREATE"):
        raise PermissionDeniedError(f"the master lacks CREATE on database {secret.dbname}")


def prepare_group(session: Session, secret: SecretValue, group: str, master: Login, *, first: bool) -> list[str]:
    """Make the group role and its schema on the first rotation, and repair CONNECT.

    Answers what was changed.
    """
    changes = []
    name = sql.Identifier(group)
    if read_role(session, group) is None:
        session.run(f"creating {group}", "CREATE ROLE {name} NOLOGIN", name=name)
        changes.append(f"created group role {group}")
    if first and not _has_schema(session, group):
        # Making a schema for another role needs SET on it, which ADMIN OPTION does not imply.
        _grant_membership(session, group, master.username)
        session.run(f"creating schema {group}", "CREATE SCHEMA {name} AUTHORIZATION {name}", name=name)
        changes.append(f"created schema {group}")
    return changes + _grant_connect(session, secret, group)


def prepare_login(session: Session, secret: SecretValue, name: str) -> list[str]:
    """Make the login when it is missing, and repair what keeps it from logging in. Answers what was changed.

    The role is altered in any case: that takes the lock on its row here, where a wait or an error shows
    nothing, and not in the statement that sets the password.
    """
    changes = []
    role = read_role(session, name)
    if role is None:
        session.run(f"creating {name}", "CREATE ROLE {name} LOGIN", name=sql.Identifier(name))
        changes.append(f"created login role {name}")
        role = RoleFacts(can_login=True, inherits=True, expired=False, privileges=(), settings=())
    repairs = [
        *([] if role.can_login else ["LOGIN"]),
        *([] if role.inherits else ["INHERIT"]),
        *(["VALID UNTIL 'infinity'"] if role.expired else []),
    ]
    changes += [f"altered {name} {repair}" for repair in repairs]
    session.run(f"altering {name}", f"ALTER ROLE {{name}} {' '.join(repairs) or 'LOGIN'}", name=sql.Identifier(name))
    if secret.role is None:
        return changes + _grant_connect(session, secret, name)
    return changes + _join_group(session, name, secret.role, role)


def prepare_oneself(session: Session, name: str) -> list[str]:
    """Check that the session's own role may be rotated, and take the lock on its row; nothing is changed.

    A role without CREATEROLE may alter nothing of itself but its password, so that is what takes the lock.
    """
    check_writable(session)
    check_rotatable(session, name, None)
    session.run(f"locking the row of {name}", "ALTER ROLE {name} PASSWORD NULL", name=sql.Identifier(name))
    return []


def check_identity(session: Session, secret: SecretValue) -> None:
    """That the session is who the secret says, with the rights of the group; `RoleStateError` otherwise."""
    session_user, current_user = session.run("asking who is logged in", "SELECT session_user, current_user")[0]
    if session_user != secret.username:
        raise RoleStateError(f"logged in as {session_user} instead of {secret.username}")
    if secret.role is None:
        return
    if not _is_member(session, session_user, secret.role):
        raise RoleStateError(f"{session_user} is not a member of {secret.role} with its rights")
    if current_user != secret.role:
        raise RoleStateError(f"{session_user} works as {current_user} and not as the group {secret.role}")


def _check_master(session: Session, secret: SecretValue) -> None:
    """Whether the session's user can change the secret's roles; the error names what it lacks."""
    name, superuser, creates = session.run(
        "reading the master's privileges",
        "SELECT rolname, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = session_user",
    )[0]
    if not creates:
        raise PermissionDeniedError(f"the master {name} lacks CREATEROLE")
    if superuser or session.server_version < POSTGRES_16:
        return
    lacking = session.run(
        "reading the master's ADMIN OPTION",
        "SELECT rolname FROM pg_roles WHERE rolname = ANY ({wanted}) AND rolname <> session_user"
        " AND NOT pg_has_role(session_user, oid, 'MEMBER WITH ADMIN OPTION') ORDER BY 1",
        wanted=sql.Literal(list(secret.names)),
    )
    if lacking:
        raise PermissionDeniedError(f"the master {name} lacks ADMIN OPTION on {', '.join(row[0] for row in lacking)}")


def _join_group(session: Session, name: str, group: str, role: RoleFacts) -> list[str]:
    changes = []
    if not (role.inherits and _is_member(session, name, group)):
        _grant_membership(session, group, name)
        changes.append(f"granted {group} to {name}")
    if f"role={group}" not in role.settings:
        # What either login creates then belongs to the group, so the other can use it after the flip.
        session.run(
            f"letting {name} work as {group}",
            "ALTER ROLE {name} SET role = {group}",
            name=sql.Identifier(name),
            group=sql.Literal(group),
        )
        changes.append(f"set role = {group} for {name}")
    return changes


def _grant_membership(session: Session, group: str, member: str) -> None:
    options = " WITH INHERIT TRUE, SET TRUE" if session.server_version >= POSTGRES_16 else ""
    session.run(
        f"granting {group} to {member}",
        "GRANT {group} TO {member}" + options,
        group=sql.Identifier(group),
        member=sql.Identifier(member),
    )


def _is_member(session: Session, name: str, group: str) -> bool:
    """Whether `name` has the rights of `group` (USAGE) and can become it (SET; before PostgreSQL 16,
    MEMBER).
    """
    kind = "SET" if session.server_version >= POSTGRES_16 else "MEMBER"
    return bool(
        session.run(
            f"reading the membership of {name}",
            "SELECT pg_has_role({name}, {group}, 'USAGE') AND pg_has_role({name}, {group}, {kind})",
            name=sql.Literal(name),
            group=sql.Literal(group),
            kind=sql.Literal(kind),
        )[0][0]
    )


def _grant_connect(session: Session, secret: SecretValue, name: str) -> list[str]:
    if _may(session, secret, name, "CONNECT"):
        return []
    session.run(
        f"granting CONNECT to {name}",
        "GRANT CONNECT ON DATABASE {database} TO {name}",
        database=sql.Identifier(secret.dbname),
        name=sql.Identifier(name),
    )
    # Who may not grant it gets a warning from PostgreSQL, not an error.
    if not _may(session, secret, name, "CONNECT"):
        raise PermissionDeniedError(f"the master may not grant CONNECT on database {secret.dbname}")
    return [f"granted CONNECT to {name}"]


def _may(session: Session, secret: SecretValue, name: str | None, privilege: str) -> bool:
    """Whether `name` (None: the session's user) has the privilege on the secret's database."""
    return bool(
        session.run(
            f"reading {privilege} on {secret.dbname}",
            "SELECT has_database_privilege({name}, {database}, {privilege})",
            name=sql.SQL("session_user") if name is None else sql.Literal(name),
            database=sql.Literal(secret.dbname),
            privilege=sql.Literal(privilege),
        )[0][0]
    )


def _has_schema(session: Session, name: str) -> bool:
    statement = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = {name})"
    return bool(session.run(f"looking for schema {name}", statement, name=sql.Literal(name))[0][0])
