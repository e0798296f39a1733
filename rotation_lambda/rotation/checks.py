"""Checks of the database before anything is changed; the preflight runs the same checks.

Each check is for a statement of `roles` or `Session.set_password` that could be refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rotation import errors
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

HANDING_OVER = ("lo_creat", "lo_open", "lowrite", "lo_close", "lo_get", "lo_unlink")
"""The functions by which the verifier reaches the server."""


class RoleFacts(NamedTuple):
    """A role's attributes in the catalogue."""

    can_login: bool
    inherits: bool
    expired: bool
    connections: int
    privileges: str
    settings: list[str]
    other_role: str | None
    """What its settings for this database alone say of `role`."""


NEW_LOGIN = RoleFacts(True, True, False, -1, "", [], None)
"""What `CREATE ROLE … LOGIN` makes."""


class SchemaFacts(NamedTuple):
    """The schema of the application: who owns it, whether the application's role may use it and create in it, and
    whether the session's user may grant that.
    """

    owner: str
    usable: bool
    grantable: bool


def read_role(session: Session, name: str) -> RoleFacts | None:
    """The role `name`; None when there is none."""
    rows = session.run(
        f"reading role {name}",
        "SELECT rolcanlogin, rolinherit, coalesce(rolvaliduntil <= now(), false), rolconnlimit,"
        " concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolreplication THEN 'REPLICATION' END,"
        " CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,"
        " CASE WHEN rolbypassrls THEN 'BYPASSRLS' END), coalesce(rolconfig, '{{}}'),"
        " (SELECT substr(setting, 6) FROM pg_db_role_setting, unnest(setconfig) setting WHERE setrole = pg_roles.oid"
        " AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND setting LIKE 'role=%') FROM pg_roles WHERE rolname = {name}",
        name=name,
    )
    return RoleFacts(*rows[0]) if rows else None


def read_schema(session: Session, name: str) -> SchemaFacts | None:
    """The schema that has the name of the role that owns the application's objects; None when there is none."""
    rows = session.run(
        f"reading schema {name}",
        "SELECT pg_get_userbyid(nspowner), has_schema_privilege(role, nspname, 'USAGE')"
        " AND has_schema_privilege(role, nspname, 'CREATE'),"
        " has_schema_privilege(session_user, nspname, 'USAGE WITH GRANT OPTION')"
        " AND has_schema_privilege(session_user, nspname, 'CREATE WITH GRANT OPTION')"
        # The number of PUBLIC, which is all that a role has before it is made.
        " FROM pg_namespace, coalesce((SELECT oid FROM pg_roles WHERE rolname = {name}), 0) role"
        " WHERE nspname = {name}",
        name=name,
    )
    return SchemaFacts(*rows[0]) if rows else None


def may(session: Session, secret: SecretValue, name: str | None, privilege: str) -> bool:
    """Whether `name` (None: the session's user) has the privilege on the secret's database. Before it is made, a role
    has what PUBLIC has.
    """
    role = "session_user" if name is None else "coalesce((SELECT oid FROM pg_roles WHERE rolname = {name}), 0)"
    statement = f"SELECT has_database_privilege({role}, {{database}}, {{privilege}})"
    purpose = f"reading {privilege} on {secret.dbname}"
    return bool(session.value(purpose, statement, name=name, database=secret.dbname, privilege=privilege))


def is_member(session: Session, name: str, group: str) -> bool:
    """Whether `name` has the rights of `group` (USAGE) and can become it (SET; before PostgreSQL 16,
    MEMBER).
    """
    statement = "SELECT pg_has_role({name}, {group}, 'USAGE') AND pg_has_role({name}, {group}, {kind})"
    kind = "SET" if session.info.server_version >= POSTGRES_16 else "MEMBER"
    return bool(session.value(f"reading the membership of {name}", statement, name=name, group=group, kind=kind))


def check_server(session: Session) -> None:
    """Refuse a server on which passwords cannot be changed, or which would expose the verifier."""
    if session.value("looking for the writer", "SELECT pg_is_in_recovery()"):
        raise errors.ReadOnlyServerError("the server is a reader (in recovery)")
    user, lacking, tracks_all = session.run(
        "reading what the server allows",
        "SELECT session_user, array(SELECT 'EXECUTE on function ' || oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ({functions})"
        " AND NOT has_function_privilege(session_user, oid, 'EXECUTE') ORDER BY 1)"
        " || array(SELECT 'USAGE on language plpgsql' WHERE NOT EXISTS (SELECT FROM pg_language"
        " WHERE lanname = 'plpgsql' AND has_language_privilege(session_user, oid, 'USAGE')))"
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Appendix.PostgreSQL.CommonDBATasks.RestrictPasswordMgmt.html
        " || array(SELECT 'the membership of rds_password, which rds.restrict_password_commands demands'"
        " WHERE current_setting('rds.restrict_password_commands', true) IN ('on', '1') AND NOT EXISTS"
        " (SELECT FROM pg_roles WHERE rolname = 'rds_password' AND pg_has_role(session_user, oid, 'MEMBER'))),"
        " coalesce(current_setting('pg_stat_statements.track', true) = 'all'"
        " AND current_setting('pg_stat_statements.track_utility', true) = 'on', false)",
        functions=list(HANDING_OVER),
    )[0]
    if lacking:
        raise errors.PermissionDeniedError(f"{user} lacks {', '.join(lacking)}")
    if tracks_all:
        purpose = "reading the privilege on pg_stat_statements.track"
        statement = "SELECT has_parameter_privilege('pg_stat_statements.track', 'SET')"
        if session.info.server_version < POSTGRES_15 or not session.value(purpose, statement):
            raise errors.StatementTrackingError(
                "pg_stat_statements.track is all, which records statements inside functions"
            )
        session.run("limiting pg_stat_statements", "SET LOCAL pg_stat_statements.track = 'top'")


def check_rotatable(session: Session, name: str) -> RoleFacts | None:
    """The role's facts when it may be rotated, None when it does not exist; `RoleRefusedError` when it may
    not.
    """
    role = read_role(session, name)
    if role is None:
        return None
    if role.privileges:
        raise errors.RoleRefusedError(f"{name} has {role.privileges}")
    groups = session.value(
        f"reading the memberships of {name}",
        "SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname <> {name}"
        " AND pg_has_role({name}, oid, 'MEMBER') AND (rolsuper OR rolreplication OR rolcreaterole OR rolcreatedb"
        " OR rolbypassrls OR rolname = ANY ({privileged}))",
        name=name,
        privileged=list(PRIVILEGED_ROLES),
    )
    if groups:
        raise errors.RoleRefusedError(f"{name} is a member of {groups}")
    return role


def check_oneself(session: Session, name: str) -> None:
    """Whether the session's own role may be rotated, and may change its password."""
    check_server(session)
    check_rotatable(session, name)


def check_roles(session: Session, secret: SecretValue, names: Iterable[str], master: Login, *, first: bool) -> None:
    """Whether the master may make and alter `names`; an error names the first thing in the way, before any
    change.
    """
    check_server(session)
    _check_master(session, secret)
    for name in names:
        if name == master.username:
            raise errors.RoleRefusedError(f"{name} is the master itself")
        role = check_rotatable(session, name)
        if role is None and not first:
            raise errors.RoleStateError(f"the role {name} does not exist any more")
        if role is None:
            continue
        if name == secret.role:
            if role.can_login:
                raise errors.RoleRefusedError(f"{name} can log in, so it cannot be the group role")
            continue
        if role.connections == 0:
            raise errors.RoleConnectionLimitError(f"{name} has CONNECTION LIMIT 0")
        if secret.role is not None:
            _check_login(session, name, secret.role, role)
    # Without the right to grant, PostgreSQL only warns.
    if not may(session, secret, secret.owner, "CONNECT") and not may(
        session, secret, None, "CONNECT WITH GRANT OPTION"
    ):
        raise errors.PermissionDeniedError(f"the master may not grant CONNECT on database {secret.dbname}")
    if first:
        _check_schema(session, secret)


def check_identity(session: Session, secret: SecretValue) -> None:
    """That the session is who the secret says, with the rights of the group; `RoleStateError` otherwise."""
    session_user, current_user = session.run("asking who is logged in", "SELECT session_user, current_user")[0]
    if session_user != secret.username:
        raise errors.RoleStateError(f"logged in as {session_user} instead of {secret.username}")
    if secret.role is None:
        return
    if not is_member(session, session_user, secret.role):
        raise errors.RoleStateError(f"{session_user} does not inherit the privileges of {secret.role}")
    if current_user != secret.role:
        raise errors.RoleStateError(f"{session_user} has the role {current_user}, not {secret.role}")


def _check_login(session: Session, name: str, group: str, role: RoleFacts) -> None:
    if role.other_role not in (None, group):
        raise errors.RoleStateError(f"in this database {name} has the setting role = {role.other_role}, not {group}")
    circle = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = {group} AND pg_has_role(oid, {name}, 'MEMBER'))"
    if session.value(f"reading the memberships of {group}", circle, group=group, name=name):
        raise errors.RoleStateError(
            f"the group {group} is a member of {name}, so {name} cannot become a member of {group}"
        )


def _check_master(session: Session, secret: SecretValue) -> None:
    """Whether the session's user can change the secret's roles; the error names what it lacks."""
    name, superuser, creates = session.run(
        "reading the master's privileges",
        "SELECT rolname, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = session_user",
    )[0]
    if not creates:
        raise errors.PermissionDeniedError(f"the master {name} lacks CREATEROLE")
    if superuser or session.info.server_version < POSTGRES_16:
        return
    lacking = session.value(
        "reading the master's ADMIN OPTION",
        "SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname = ANY ({wanted})"
        " AND rolname <> session_user AND NOT pg_has_role(session_user, oid, 'MEMBER WITH ADMIN OPTION')",
        wanted=list(secret.names),
    )
    if lacking:
        raise errors.PermissionDeniedError(f"the master {name} lacks ADMIN OPTION on {lacking}")


def _check_schema(session: Session, secret: SecretValue) -> None:
    """Without its own schema the application would create objects in `public`, which PostgreSQL 15 and later refuse."""
    schema = read_schema(session, secret.owner)
    if schema is None:
        if not may(session, secret, None, "CREATE"):
            raise errors.PermissionDeniedError(f"the master lacks CREATE on database {secret.dbname}")
    elif not schema.usable and not schema.grantable:
        raise errors.PermissionDeniedError(
            f"schema {secret.owner} belongs to {schema.owner}, and the master may not grant {secret.owner} USAGE and "
            "CREATE on it"
        )
