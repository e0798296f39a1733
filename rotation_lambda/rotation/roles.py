"""The roles in the database: creating and repairing them.

Every change happens in the caller's one transaction, under an advisory lock for the role. The master is
as RDS makes it: CREATEROLE, no superuser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from psycopg2 import sql

from rotation import checks
from rotation.postgres import Session
from rotation.secret import Login, SecretValue


def lock_role(session: Session, name: str) -> bool:
    """Take the advisory lock for `name` until the transaction ends; whether another rotation held it."""
    key = int.from_bytes(hashlib.sha256(f"secret-rotation:{name}".encode()).digest()[:8], "big", signed=True)
    if session.value(f"locking {name}", "SELECT pg_try_advisory_xact_lock({key})", key=key):
        return False
    session.run(f"waiting for another rotation of {name}", "SELECT pg_advisory_xact_lock({key})", key=key)
    return True


def prepare(session: Session, secret: SecretValue, logins: Sequence[str], master: Login, *, first: bool) -> list[str]:
    """Check everything, then create what is missing and repair what is wrong: in the first rotation the group, the
    users and the schema, later the user that becomes current. Returns the changes.
    """
    group = secret.role
    checks.check_roles(session, secret, (*filter(None, [group]), *logins), master, first=first)
    changes = []
    if group is not None and checks.read_role(session, group) is None:
        session.run(f"creating {group}", "CREATE ROLE {name} NOLOGIN", name=sql.Identifier(group))
        changes.append(f"created group role {group}")
    for name in logins:
        changes += _prepare_login(session, secret, name)
    if first:
        changes += _prepare_schema(session, secret.owner, master)
    return changes + _grant_connect(session, secret)


def prepare_oneself(session: Session, name: str) -> list[str]:
    """Check that the session's own role may be rotated, and take the lock on its row; nothing is changed.

    A role without CREATEROLE may only alter its own password, so that statement takes the lock.
    """
    checks.check_oneself(session, name)
    session.run(f"locking the row of {name}", "ALTER ROLE {name} PASSWORD NULL", name=sql.Identifier(name))
    return []


def _prepare_login(session: Session, secret: SecretValue, name: str) -> list[str]:
    """Make the login when it is missing, and repair what keeps it from logging in.

    The role is altered in any case: that takes the lock on its row here, where a wait or an error shows
    nothing, and not in the statement that sets the password.
    """
    changes = []
    identifier = sql.Identifier(name)
    role = checks.read_role(session, name)
    if role is None:
        session.run(f"creating {name}", "CREATE ROLE {name} LOGIN", name=identifier)
        changes.append(f"created login role {name}")
        role = checks.NEW_LOGIN
    needed = {"LOGIN": not role.can_login, "INHERIT": not role.inherits, "VALID UNTIL 'infinity'": role.expired}
    repairs = [repair for repair, wanted in needed.items() if wanted]
    changes += [f"altered {name} {repair}" for repair in repairs]
    session.run(f"altering {name}", f"ALTER ROLE {{name}} {' '.join(repairs) or 'LOGIN'}", name=identifier)
    group = secret.role
    if group is None:
        return changes
    if not (role.inherits and checks.is_member(session, name, group)):
        _grant_membership(session, group, name)
        changes.append(f"granted {group} to {name}")
    if f"role={group}" not in role.settings:
        # What either login creates then belongs to the group, so the other can use it after the flip.
        statement = "ALTER ROLE {name} SET role = {group}"
        session.run(f"letting {name} work as {group}", statement, name=identifier, group=group)
        changes.append(f"set role = {group} for {name}")
    return changes


def _prepare_schema(session: Session, owner: str, master: Login) -> list[str]:
    """A schema with the owner's name, which `"$user"` in the default search_path finds if the role may use it."""
    schema = checks.read_schema(session, owner)
    name = sql.Identifier(owner)
    if schema is None:
        # Making a schema for another role needs SET on it, which ADMIN OPTION does not imply.
        _grant_membership(session, owner, master.username)
        session.run(f"creating schema {owner}", "CREATE SCHEMA {name} AUTHORIZATION {name}", name=name)
        return [f"created schema {owner}"]
    if schema.usable:
        return []
    session.run(f"granting schema {owner}", "GRANT USAGE, CREATE ON SCHEMA {name} TO {name}", name=name)
    return [f"granted USAGE and CREATE on schema {owner}"]


def _grant_membership(session: Session, group: str, member: str) -> None:
    options = " WITH INHERIT TRUE, SET TRUE" if session.info.server_version >= checks.POSTGRES_16 else ""
    names = {"group": sql.Identifier(group), "member": sql.Identifier(member)}
    session.run(f"granting {group} to {member}", "GRANT {group} TO {member}" + options, **names)


def _grant_connect(session: Session, secret: SecretValue) -> list[str]:
    if checks.may(session, secret, secret.owner, "CONNECT"):
        return []
    names = {"database": sql.Identifier(secret.dbname), "name": sql.Identifier(secret.owner)}
    session.run(f"granting CONNECT to {secret.owner}", "GRANT CONNECT ON DATABASE {database} TO {name}", **names)
    return [f"granted CONNECT to {secret.owner}"]
