"""Which class an error of psycopg2 is.

Errors of statements carry a SQLSTATE. Errors of connecting carry none, so the text decides: libpq's own
words (English unless the function's locale says otherwise) and the server's FATAL line. Only the
beginning of a line is compared, so a role or database whose name is a message cannot choose the class.
Values that PostgreSQL quotes in detail, hint, context and statement are dropped.
"""

from __future__ import annotations

import re

import psycopg2

from rotation import errors
from rotation.errors import RotationError

_BY_TEXT: tuple[tuple[str, type[RotationError]], ...] = (
    (r"FATAL:\s+(password|PAM) authentication failed", errors.AuthenticationRefusedError),
    (r"FATAL:\s+role \".*\" (is not permitted to log in|does not exist)", errors.AuthenticationRefusedError),
    (r"FATAL:\s+(no pg_hba\.conf entry|pg_hba\.conf rejects)", errors.AccessRuleError),
    (r"auth(entication)? method (requirement )?\".*\" (requirement )?failed", errors.WeakAuthenticationError),
    (r"server certificate for .* does not match host name", errors.HostNameMismatchError),
    # Cut in the middle of the handshake or of the login: an outage, and no answer about TLS.
    (
        r"SSL SYSCALL error|SSL connection has been closed unexpectedly|SSL error: (unexpected eof|ssl.*shutdown)",
        errors.DatabaseUnavailableError,
    ),
    (r"SSL |server does not support SSL|could not (create|initialize) SSL", errors.TlsError),
    (r"root certificate file|could not (read|load) .*certificate", errors.TlsError),
    (r"could not translate host name", errors.DnsError),
    (r"Connection refused", errors.ConnectionRefusedByHostError),
    (r"timeout expired|.*Connection timed out|No route to host|Network is unreachable", errors.DatabaseTimeoutError),
    (r"FATAL:\s+too many connections for role", errors.RoleConnectionLimitError),
    (
        r"FATAL:\s+(sorry, too many clients|remaining connection slots|too many connections for database)",
        errors.TooManyConnectionsError,
    ),
    (r"FATAL:\s+database \".*\" (does not exist|is not currently accepting)", errors.DatabaseMissingError),
    (r"FATAL:\s+permission denied for database", errors.PermissionDeniedError),
    (r"FATAL:\s+(the database system is|terminating connection)", errors.DatabaseUnavailableError),
    (
        r"server closed the connection|could not (receive|send) data|connection already closed|Connection reset",
        errors.DatabaseUnavailableError,
    ),
    # Of functions that libpq calls for large objects, which carry no SQLSTATE.
    (r"ERROR:\s+permission denied", errors.PermissionDeniedError),
)

_BY_STATE: tuple[tuple[str, type[RotationError]], ...] = (
    ("28", errors.AuthenticationRefusedError),
    ("42501", errors.PermissionDeniedError),
    ("55P03", errors.LockTimeoutError),
    ("40P01", errors.LockTimeoutError),
    ("57014", errors.DatabaseTimeoutError),
    ("25006", errors.ReadOnlyServerError),
    ("53300", errors.TooManyConnectionsError),
    ("57P", errors.DatabaseUnavailableError),
    ("08", errors.DatabaseUnavailableError),
)

CONCURRENT_UPDATE = "tuple concurrently updated"
"""PostgreSQL reports two ALTER ROLE at once as an internal error (XX000) with this text."""

_LINE = re.compile(r"^connection to server (?:at|on) .*? failed: (?=\S)", re.MULTILINE)
_MAX_TEXT = 300


def from_connecting(error: psycopg2.Error, purpose: str) -> RotationError:
    """The class of an error raised by `psycopg2.connect`."""
    return from_text(str(error), purpose, type(error).__name__)


def from_text(text: str, purpose: str, kind: str) -> RotationError:
    """The class of an error that carries no more than a text; `kind` is shown where that is empty."""
    # A host with several addresses gives one line for each; the last attempt decided.
    said = _LINE.split(text)[-1].strip()
    found = next((found for pattern, found in _BY_TEXT if re.match(pattern, said)), errors.DatabaseError)
    return found(f"{purpose}: {_shown(said.splitlines()[0]) if said else kind}")


def from_statement(error: psycopg2.Error, purpose: str) -> RotationError:
    """The class of an error raised while a statement ran."""
    state = error.pgcode
    if state is None:
        if str(error).startswith("ERROR:"):
            return from_connecting(error, purpose)
        return errors.DatabaseUnavailableError(f"{purpose}: the connection broke ({type(error).__name__})")
    said = _shown(error.diag.message_primary or "")
    kind = next((kind for prefix, kind in _BY_STATE if state.startswith(prefix)), errors.DatabaseError)
    if said == CONCURRENT_UPDATE:
        kind = errors.LockTimeoutError
    return kind(f"{purpose}: {said} ({type(error).__name__}, SQLSTATE {state})")


def _shown(said: str) -> str:
    """What the server said, cut short, and without the control characters that a terminal would obey."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in said[:_MAX_TEXT]
    )
