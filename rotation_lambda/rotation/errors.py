"""One class of error for each cause.

Every failure of a rotation is one of these classes. The docstring is the meaning, and `action` the remedy. `retryable`
means that a later attempt can succeed without human action (Secrets Manager retries every failure). A message never
contains a password, a verifier, the RotationToken or the secret string.
"""

from __future__ import annotations


class RotationError(Exception):
    """Base of all errors of this package; `str()` is the fault, followed by the remedy."""

    retryable = False
    action = ""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}. What to do: {self.action}")
        self.fault = fault


def _retry(meaning: str, action: str) -> type[RotationError]:
    """A class of errors that may be gone at a later attempt."""
    return type("RotationError", (RotationError,), {"__doc__": meaning, "retryable": True, "action": action})


def _stop(meaning: str, action: str) -> type[RotationError]:
    """A class of errors that need human action."""
    return type("RotationError", (RotationError,), {"__doc__": meaning, "action": action})


BadEventError = _stop(
    "The event is not a rotation step, a preflight or a report, or a field is missing, blank or of the wrong type",
    "invoke the function through Secrets Manager, or send a well-formed preflight or report event",
)
BadSecretError = _stop(
    "A secret's value is invalid: not a JSON object, too large, or with missing or invalid keys",
    "write a corrected value with put-secret-value, then rotate again",
)
SecretStateError = _stop(
    "The secret cannot be rotated: it does not exist, is scheduled for deletion, has rotation disabled, or has no "
    "AWSCURRENT version",
    "check the secret with describe-secret; then restore it, enable rotation, or write a first value",
)
PendingVersionError = _stop(
    "The pending version does not exist, does not have the label AWSPENDING, or is empty or invalid",
    "remove the label from the version that holds AWSPENDING (update-secret-version-stage --version-stage "
    "AWSPENDING --remove-from-version-id VERSION), then rotate again",
)
SecretMismatchError = _stop(
    "AWSCURRENT was edited during the rotation; the rotation stopped, because it would overwrite the edit",
    "restore the previous value with put-secret-value, let Secrets Manager repeat the rotation, then edit again; if "
    "masterarn is set, you can instead remove the label AWSPENDING from the pending version and rotate again, which "
    "starts from the edited value",
)
AuthenticationRefusedError = _retry(
    "The server rejected the user name or the password (wrong or expired password, NOLOGIN, or no such role)",
    "retry if the master secret is being rotated now; otherwise write a valid password to the named secret, or add "
    "masterarn so that the master can set the password",
)
TlsError = _stop(
    "No verified TLS connection: server without TLS, unknown certificate authority, or unreadable authority file",
    "use a server with TLS whose certificate is from an RDS authority in the package; update the package if AWS has "
    "new authorities",
)
HostNameMismatchError = _stop(
    "The server's certificate is for another host name",
    "set host in the secret to the endpoint name that RDS issued, not to an alias or an IP address",
)
WeakAuthenticationError = _stop(
    "The server asked for a method other than SCRAM-SHA-256, which would reveal the password or a weak hash",
    "set password_encryption to scram-sha-256, give the role a new password, and allow scram-sha-256 in pg_hba.conf",
)
DnsError = _retry(
    "The host name of the secret does not resolve",
    "check host in the secret, and DNS resolution in the function's VPC",
)
ConnectionRefusedByHostError = _retry(
    "The host refused the connection: no server listens on the port",
    "check port in the secret, and whether the database is running",
)
DatabaseTimeoutError = _retry(
    "The database did not respond in time, or there is no route to it",
    "retry: a paused Aurora database can take more than 30 seconds to resume; if it persists, check security groups, "
    "route tables and the load of the database",
)
DatabaseUnavailableError = _retry(
    "The server is starting, stopping or failing over, or it closed the connection",
    "retry after the failover or restart",
)
TooManyConnectionsError = _retry(
    "The server or the database has no free connection slot",
    "close idle connections or raise max_connections",
)
RoleConnectionLimitError = _retry(
    "The role has as many connections as its CONNECTION LIMIT allows",
    "close connections of this role or raise its CONNECTION LIMIT by one for the rotation",
)
DatabaseMissingError = _stop(
    "The database does not exist on the server, or it accepts no connections",
    "create the database, or correct dbname in the secret",
)
AccessRuleError = _stop(
    "No rule in pg_hba.conf allows this user to connect to this database from the function",
    "allow the user with TLS (hostssl) from the function's subnets",
)
ReadOnlyServerError = _retry(
    "The server is a reader: roles cannot be changed there",
    "set host in the secret to the writer endpoint; if a failover is in progress, retry",
)
LockTimeoutError = _retry(
    "Another session holds a lock on the role, or changed it at the same moment",
    "retry; if it persists, look for a long transaction that altered the role",
)
PermissionDeniedError = _stop(
    "The role that makes the change lacks a privilege in the database",
    "grant the named privilege, or name a master in masterarn (the master needs CREATEROLE; from PostgreSQL 16 also "
    "ADMIN OPTION on roles that it did not create; and rds_password if rds.restrict_password_commands is on)",
)
RoleRefusedError = _stop(
    "The function does not rotate this role, because it is privileged, reserved, or the master itself",
    "create an ordinary login role for the application, and name it in the secret",
)
RoleStateError = _stop(
    "A role is missing or differs from the secret, and the function does not repair this difference",
    "change the role as the message says, then rotate again",
)
StatementTrackingError = _stop(
    "`pg_stat_statements.track = all` would expose the password's verifier in a view",
    "set pg_stat_statements.track to top, or grant the master SET on that parameter",
)
DatabaseError = _stop(
    "The database reported an error that is in none of the other classes; the SQLSTATE is in the message",
    "look up the SQLSTATE in the PostgreSQL documentation, and read the database log of that minute",
)
AccessDeniedError = _stop(
    "IAM, the secret's resource policy, the VPC endpoint's policy or the KMS key policy denied the call",
    "allow the function's role the named action on the secret and its KMS key, in each of these policies",
)
ThrottledError = _retry(
    "The AWS service throttled every attempt within the time limit",
    "retry later; look for other clients in the account that call the service at a high rate",
)
EndpointUnreachableError = _retry(
    "The AWS service's endpoint did not respond",
    "check that the function's subnets have a route or a VPC endpoint to the service (Secrets Manager; CloudWatch for "
    "reports); a VPC endpoint needs private DNS and a security group that allows the function on port 443",
)
ServiceError = _retry(
    "An AWS service had an internal error; its code is in the message",
    "retry; if it persists, look up the code in the service's API reference",
)
CallRejectedError = _stop(
    "An AWS service rejected the call as invalid; its code is in the message",
    "look up the code in the service's API reference; a secret or a version may have changed during the step",
)
OutOfTimeError = _retry(
    "The remaining time of the invocation is too short for the next change",
    "retry; if it persists, raise rotation.timeout_seconds",
)
InternalError = _stop(
    "A bug in this package; the message has the class of the original error but not its text, which may hold a secret",
    "report the class and the step to the maintainers of this function",
)

for _name, _kind in list(globals().items()):
    if isinstance(_kind, type) and issubclass(_kind, RotationError):
        _kind.__name__ = _kind.__qualname__ = _name
del _name, _kind
