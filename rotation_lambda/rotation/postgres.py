"""Connections to PostgreSQL: only with verified TLS and SCRAM; limits for every wait, and classified errors."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from rotation import errors
from rotation.deadline import Answer, Deadline, within
from rotation.postgres_errors import from_connecting, from_statement, from_text
from rotation.secret import Login, SecretValue

AUTHORITIES = Path(__file__).resolve().parents[1] / "certificates" / "rds-ca-roots.pem"
"""The RDS certificate authorities; the same place in the source tree and in the package."""

APPLICATION_NAME = "secret-rotation"

CONNECT_SECONDS = 20.0
"""One attempt. A paused Aurora answers when it has resumed, after 15 seconds, or 30 and more when it was paused for a
day: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
"""
LEAST_CONNECT_SECONDS = 5.0
"""No attempt is begun with less."""
KEPT_SECONDS = 8.0
"""Not spent on waiting for the database: the change itself, and the logins that test it."""
MAX_CONNECT_ATTEMPTS = 20
LONGEST_PAUSE_SECONDS = 5.0

STATEMENT_SECONDS = 10
LOCK_SECONDS = 5
"""The server's own limits."""
GRACE_SECONDS = 2.0
"""By so much the server's limits come before ours, so that its reason is heard."""

_PASSING = (errors.ConnectionRefusedByHostError, errors.DatabaseTimeoutError, errors.DatabaseUnavailableError)
"""What a database that starts, resumes or fails over answers to a login."""


@dataclass(frozen=True)
class Connector:
    """Opens sessions for one invocation.

    `_authorities` is the file of accepted certificate authorities. It is an argument of the code only: no
    event or secret can choose another, and nothing can lower the checks below.
    """

    _deadline: Deadline
    _authorities: Path

    def connect(self, secret: SecretValue, login: Login) -> Session:
        """A session on the secret's database as `login`. A database that does not answer yet is asked again while
        enough of the invocation's time is left to use the answer.
        """
        purpose = f"connecting to {secret.host}:{secret.port}/{secret.dbname} as {login.username}"
        self._deadline.require(LEAST_CONNECT_SECONDS, purpose)
        for attempt in range(1, MAX_CONNECT_ATTEMPTS + 1):
            limit = max(LEAST_CONNECT_SECONDS, min(CONNECT_SECONDS, self._deadline.seconds() - KEPT_SECONDS))
            try:
                return self._attempt(secret, login, purpose, limit)
            except _PASSING as error:
                failure = error
            keep = LEAST_CONNECT_SECONDS + KEPT_SECONDS
            if not self._deadline.wait(attempt, longest=LONGEST_PAUSE_SECONDS, keep=keep):
                break
        raise failure

    def _attempt(self, secret: SecretValue, login: Login, purpose: str, limit: float) -> Session:
        statement_seconds = max(1, min(STATEMENT_SECONDS, int(self._deadline.seconds())))

        def connect() -> Any:
            return psycopg2.connect(
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
                connect_timeout=int(limit),
                tcp_user_timeout=statement_seconds * 1000,
                keepalives_idle=2,
                keepalives_interval=2,
                keepalives_count=2,
                client_encoding="UTF8",
                application_name=APPLICATION_NAME,
                options=(
                    f"-c statement_timeout={statement_seconds}s -c lock_timeout={LOCK_SECONDS}s "
                    f"-c idle_in_transaction_session_timeout={statement_seconds}s "
                    # A role's own settings would otherwise choose whose functions are called, and read-only.
                    "-c search_path=pg_catalog -c default_transaction_read_only=off "
                    # These would write the statement with the verifier to the server's log.
                    "-c debug_print_parse=off -c debug_print_rewritten=off -c debug_print_plan=off"
                ),
            )

        # libpq's limit holds for each address, and not for the look-up of the name.
        session = Session(_answered(limit + 1, purpose, from_connecting, connect), self._deadline, statement_seconds)
        if not session.info.ssl_in_use:
            session.close()
            raise errors.TlsError(f"the connection to {secret.host} is not encrypted")
        return session


@dataclass(frozen=True)
class Session:
    """One connection and its single transaction; leaving it without `commit` rolls back."""

    _connection: Any
    _deadline: Deadline
    _statement_seconds: int

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def info(self) -> Any:
        """What libpq knows of the connection: TLS in use, and the server's version (160004 for 16.4)."""
        return self._connection.info

    def run(self, purpose: str, statement: str, **parts: object) -> list[tuple[Any, ...]]:
        """Run one statement, its `{parts}` filled in as literals, or as what else of `psycopg2.sql` they are;
        `purpose` is for errors.

        Nothing that is secret may be part of a statement: servers keep statements in logs and views.
        """

        def execute() -> list[tuple[Any, ...]]:
            with self._connection.cursor() as cursor:
                quoted = {
                    name: part if isinstance(part, sql.Composable) else sql.Literal(part)
                    for name, part in parts.items()
                }
                cursor.execute(sql.SQL(statement).format(**quoted))
                return list(cursor.fetchall()) if cursor.description else []

        return self._bounded(purpose, execute)

    def value(self, purpose: str, statement: str, **parts: object) -> Any:
        """The one value that a statement answers."""
        return self.run(purpose, statement, **parts)[0][0]

    def set_password(self, login: Login) -> None:
        """Set the role's password so that neither it nor its verifier is ever part of a statement.

        libpq computes the SCRAM verifier. A verifier in an `ALTER ROLE` statement would appear in the server's log
        (`log_statement`), in pg_stat_activity and in the context of errors. So it is sent as data, into a large
        object of this transaction. A block that contains only the object's number reads and deletes it. The block's
        exception handler drops the context, which would quote the inner statement.
        """
        verifier = psycopg2.extensions.encrypt_password(
            login.password, login.username, scope=self._connection, algorithm="scram-sha-256"
        )
        text = json.dumps({"role": login.username, "verifier": verifier})

        def store() -> int:
            stored = self._connection.lobject(0, "wb")
            stored.write(text.encode())
            stored.close()
            return int(stored.oid)

        number = self._bounded("handing the verifier over", store)
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
        self._bounded("committing", self._connection.commit)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back by the server."""
        with contextlib.suppress(TimeoutError):
            within(GRACE_SECONDS / 2, self._connection.close)

    def _bounded(self, purpose: str, action: Callable[[], Answer]) -> Answer:
        """What `action` answers. A server that is silent for longer than its own limits allow is given up: the
        connection is cut, so that nothing of this step happens later.
        """
        limit = min(self._statement_seconds + GRACE_SECONDS, self._deadline.seconds())
        return _answered(limit, purpose, from_statement, action, self._cut)

    def _cut(self) -> None:
        with (
            contextlib.suppress(OSError, psycopg2.Error),
            socket.socket(fileno=os.dup(self._connection.fileno())) as wire,
        ):
            wire.shutdown(socket.SHUT_RDWR)


def _answered(
    limit: float,
    purpose: str,
    classify: Callable[[psycopg2.Error, str], errors.RotationError],
    action: Callable[[], Answer],
    cut: Callable[[], None] = lambda: None,
) -> Answer:
    """What `action` answers within `limit` seconds; every failure in its class, and raised outside the handlers:
    a chained error of psycopg2 would carry text that was not scrubbed.
    """
    try:
        return within(limit, action)
    except TimeoutError:
        cut()
        failure: errors.RotationError = errors.DatabaseTimeoutError(f"{purpose}: no response in {limit:.0f} seconds")
    except UnicodeDecodeError as error:
        # psycopg2 reads the server's words as UTF-8, whatever they are.
        failure = from_text(error.object.decode(errors="replace"), purpose, type(error).__name__)
    except psycopg2.Error as error:
        failure = classify(error, purpose)
    raise failure
