"""Connections to PostgreSQL: verified TLS and SCRAM or nothing; waits bounded, errors classified."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from rotation.configuration import Configuration, Deadline
from rotation.errors import TlsError
from rotation.postgres_errors import from_connecting, from_statement
from rotation.secret import Login, SecretValue

AUTHORITIES = Path(__file__).resolve().parents[1] / "certificates" / "rds-ca-roots.pem"
"""The RDS certificate authorities; the same place in the source tree and in the package."""

APPLICATION_NAME = "secret-rotation"


class Connector:
    """Opens sessions for one invocation.

    `authorities` is the file of accepted certificate authorities. It is an argument of the code only: no
    event, secret or environment variable can choose another, and nothing can lower the checks below.
    """

    def __init__(self, configuration: Configuration, deadline: Deadline, authorities: Path = AUTHORITIES) -> None:
        self._configuration = configuration
        self._deadline = deadline
        self._authorities = authorities

    def connect(self, secret: SecretValue, login: Login) -> Session:
        """A session on the secret's database as `login`."""
        settings = self._configuration
        self._deadline.require(settings.connect_timeout, f"connecting as {login.username}")
        statement_timeout = self._deadline.at_most(settings.statement_timeout)
        failure = None
        try:
            connection = psycopg2.connect(
                host=secret.host,
                port=secret.port,
                dbname=secret.dbname,
                user=login.username,
                password=login.password,
                sslmode="verify-full",
                sslrootcert=str(self._authorities),
                ssl_min_protocol_version="TLSv1.2",
                sslcertmode="disable",
                gssencmode="disable",
                require_auth="scram-sha-256",
                channel_binding="prefer",
                connect_timeout=settings.connect_timeout,
                tcp_user_timeout=statement_timeout * 1000,
                keepalives_idle=2,
                keepalives_interval=2,
                keepalives_count=2,
                client_encoding="UTF8",
                application_name=APPLICATION_NAME,
                options=(
                    f"-c statement_timeout={statement_timeout}s -c lock_timeout={settings.lock_timeout}s "
                    f"-c idle_in_transaction_session_timeout={statement_timeout}s "
                    # A role's own settings would otherwise choose whose functions are called, and read-only.
                    "-c search_path=pg_catalog -c default_transaction_read_only=off"
                ),
            )
        except psycopg2.Error as error:
            failure = from_connecting(
                error, f"connecting to {secret.host}:{secret.port}/{secret.dbname} as {login.username}"
            )
        if failure is not None:
            raise failure
        session = Session(connection)
        if not connection.info.ssl_in_use:
            session.close()
            raise TlsError(f"the connection to {secret.host} is not encrypted")
        return session


class Session:
    """One connection and its single transaction; leaving it without `commit` rolls back."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_version(self) -> int:
        """As libpq numbers it: 160004 for 16.4."""
        return int(self._connection.server_version)

    @property
    def tls(self) -> str:
        """Protocol and cipher in use."""
        info = self._connection.info
        return f"{info.ssl_attribute('protocol')} {info.ssl_attribute('cipher')}"

    def run(self, purpose: str, statement: str, **parts: sql.Composable) -> list[tuple[Any, ...]]:
        """Run one statement, its `{parts}` filled in as quoted identifiers or literals; `purpose` is for
        errors.

        Nothing that is secret may be part of a statement: servers keep statements in logs and views.
        """
        failure = None
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(**parts))
                return list(cursor.fetchall()) if cursor.description else []
        except psycopg2.Error as error:
            failure = from_statement(error, purpose)
        raise failure

    def set_password(self, login: Login) -> None:
        """Set the role's password so that neither it nor its verifier is ever part of a statement.

        libpq makes the SCRAM verifier. A verifier inside `ALTER ROLE` would stand in the server's log
        (`log_statement`), in pg_stat_activity and in the context of an error. So it travels as data, into
        a large object of this transaction, and a block that only knows the object's number uses and
        removes it. The block's handler drops the context, which would quote the inner statement.
        """
        verifier = psycopg2.extensions.encrypt_password(
            login.password, login.username, scope=self._connection, algorithm="scram-sha-256"
        )
        number = self._store(json.dumps({"role": login.username, "verifier": verifier}))
        self.run(
            f"changing the password of {login.username}",
            "DO {block}",
            block=sql.Literal(
                f"DECLARE change json := convert_from(lo_get({number}), 'UTF8')::json; "
                "BEGIN "
                f"PERFORM lo_unlink({number}); "
                "EXECUTE format('ALTER ROLE %I PASSWORD %L', change->>'role', change->>'verifier'); "
                "EXCEPTION WHEN query_canceled OR OTHERS THEN "
                "RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = 'the password could not be changed'; "
                "END"
            ),
        )

    def commit(self) -> None:
        """Make the transaction's changes permanent."""
        failure = None
        try:
            self._connection.commit()
        except psycopg2.Error as error:
            failure = from_statement(error, "committing")
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back by the server."""
        self._connection.close()

    def _store(self, text: str) -> int:
        failure = None
        try:
            stored = self._connection.lobject(0, "wb")
            stored.write(text.encode())
            stored.close()
            return int(stored.oid)
        except psycopg2.Error as error:
            failure = from_statement(error, "handing the verifier over")
        raise failure
