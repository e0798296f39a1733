"""One cause, one error.

Every failure of a rotation is one of these classes. Each says whether a later attempt can succeed without
a person (`retryable`; Secrets Manager itself retries every failure) and what that person should do
(`action`). A message never holds a password, a verifier, the RotationToken or the secret string.
"""

from __future__ import annotations


class RotationError(Exception):
    """Base of all errors of this package; `str()` is the fault followed by what to do about it."""

    retryable = False
    action = ""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}. What to do: {self.action}")
        self.fault = fault


class BadEventError(RotationError):
    """The event is none of the three that this function knows, or a field is missing, blank or of the wrong
    type.
    """

    action = "invoke the function through Secrets Manager, or send a well-formed preflight or report event"


class ConfigurationError(RotationError):
    """An environment variable of the function has an impossible value."""

    action = "correct the named environment variable of the function"


class BadSecretError(RotationError):
    """A secret's value cannot be used: not a JSON object, or keys missing or wrong."""

    action = "put a corrected value into the secret with put-secret-value, then rotate again"


class SecretStateError(RotationError):
    """The secret itself cannot rotate: it does not exist, is to be deleted, rotation is off, or it has no
    AWSCURRENT version.
    """

    action = "look at the secret with describe-secret: restore it, enable rotation, or give it a first value"


class PendingVersionError(RotationError):
    """The version that is to be rotated to is unknown, not staged as AWSPENDING, empty, corrupt or not
    usable.
    """

    action = (
        "remove the label from the version that holds AWSPENDING (update-secret-version-stage "
        "--version-stage AWSPENDING --remove-from-version-id VERSION), then rotate again"
    )


class SecretMismatchError(RotationError):
    """AWSCURRENT was edited while the rotation ran: pending and current no longer mean the same database and
    roles.
    """

    action = "remove the label AWSPENDING from the pending version, then rotate again: it starts from the edited value"


class AuthenticationRefusedError(RotationError):
    """The server refused user name and password (wrong password, NOLOGIN, expired, or no such role)."""

    retryable = True
    action = (
        "retry if the master secret is being rotated at this moment; otherwise put a working password into "
        "the named secret, or add masterarn so that the master can set it"
    )


class TlsError(RotationError):
    """No verified TLS connection: server without TLS, unknown certificate authority, or unreadable authority
    file.
    """

    action = (
        "use a server with TLS and a certificate of the RDS authorities in the package; rebuild the "
        "package if they changed"
    )


class HostNameMismatchError(RotationError):
    """The server's certificate is for another host name."""

    action = "put the endpoint name that RDS issued into the secret's host, not an alias or an address"


class WeakAuthenticationError(RotationError):
    """The server asked for a method other than SCRAM-SHA-256, which would reveal the password or a weak
    hash.
    """

    action = (
        "set password_encryption to scram-sha-256, give the role a new password, and allow scram-sha-256 in pg_hba.conf"
    )


class DnsError(RotationError):
    """The host name of the secret does not resolve."""

    retryable = True
    action = "check the secret's host and that the function's VPC resolves it"


class ConnectionRefusedByHostError(RotationError):
    """The host answered that nothing listens on the port."""

    retryable = True
    action = "check the secret's port and that the database is running"


class DatabaseTimeoutError(RotationError):
    """The database did not answer in time, or there is no route to it."""

    retryable = True
    action = "check security groups, route tables and the load of the database"


class DatabaseUnavailableError(RotationError):
    """The server is starting, stopping or failing over, or the connection broke."""

    retryable = True
    action = "retry when the failover or restart is over"


class TooManyConnectionsError(RotationError):
    """The server or the database has no free connection slot."""

    retryable = True
    action = "close idle connections or raise max_connections"


class RoleConnectionLimitError(RotationError):
    """The role has as many connections as its CONNECTION LIMIT allows."""

    retryable = True
    action = "close connections of this role or raise its CONNECTION LIMIT by one for the rotation"


class DatabaseMissingError(RotationError):
    """The server has no such database, or it accepts no connections."""

    action = "create the database, or correct the secret's dbname"


class AccessRuleError(RotationError):
    """No rule of pg_hba.conf admits this user to this database from the function."""

    action = "admit the user over TLS (hostssl) from the function's subnets"


class ReadOnlyServerError(RotationError):
    """The server is a reader: roles cannot be changed there."""

    retryable = True
    action = "use the writer endpoint as the secret's host; retry when a failover is under way"


class LockTimeoutError(RotationError):
    """Another session holds a lock on the role, or changed it at the same moment."""

    retryable = True
    action = "retry; look for a long transaction that altered the role if it persists"


class PermissionDeniedError(RotationError):
    """The role that makes the change lacks a privilege in the database."""

    action = (
        "grant the named privilege (the master needs CREATEROLE, and from PostgreSQL 16 ADMIN OPTION on "
        "the roles it did not create)"
    )


class RoleRefusedError(RotationError):
    """This function does not rotate such a role: privileged, reserved, or the master itself."""

    action = "give the application a plain login role and name that in the secret"


class RoleStateError(RotationError):
    """A role is missing or not as the secret says, and repairing it is not this function's to decide."""

    action = "bring the role into the named state, then rotate again"


class StatementTrackingError(RotationError):
    """`pg_stat_statements.track = all` would keep the password's verifier in a view."""

    action = "set pg_stat_statements.track to top, or grant the master SET on that parameter"


class DatabaseError(RotationError):
    """The database reported something that has no class of its own; the SQLSTATE is in the message."""

    action = "look the SQLSTATE up in the PostgreSQL documentation and read the database log of that minute"


class AccessDeniedError(RotationError):
    """IAM, the secret's resource policy, the VPC endpoint's policy or the KMS key policy denied the call."""

    action = "allow the function's role the named action on the secret and its KMS key, in every policy on the way"


class ThrottledError(RotationError):
    """The AWS service throttled every attempt there was time for."""

    retryable = True
    action = "retry later; look for something else that calls the service in this account at a high rate"


class EndpointUnreachableError(RotationError):
    """The AWS service's endpoint did not answer."""

    retryable = True
    action = (
        "is there a route or a VPC endpoint to the service (Secrets Manager; CloudWatch for reports) in the "
        "function's subnets, with private DNS, and does its security group admit the function on 443?"
    )


class ServiceError(RotationError):
    """An AWS service answered with an error that has no class of its own; its code is in the message."""

    retryable = True
    action = "retry; look the code up in the service's API reference if it persists"


class OutOfTimeError(RotationError):
    """Too little of the invocation's time is left to begin the next change."""

    retryable = True
    action = "retry; raise the function's timeout (30 seconds is enough for every step)"


class InternalError(RotationError):
    """A defect of this package; the original class is in the message, its text is withheld because it may
    hold a secret.
    """

    action = "report the class and the step to the maintainers of this function"
