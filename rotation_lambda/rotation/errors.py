"""One cause, one error.

Every failure of a rotation is one of these classes. Each says whether a later attempt can succeed without
a person (`retryable`; Secrets Manager itself retries every failure), what it means (the docstring), and what that
person should do (`action`). A message never holds a password, a verifier, the RotationToken or the secret string.
"""

from __future__ import annotations


class RotationError(Exception):
    """Base of all errors of this package; `str()` is the fault followed by what to do about it."""

    retryable = False
    action = ""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{fault}. What to do: {self.action}")
        self.fault = fault


def _retry(meaning: str, action: str) -> type[RotationError]:
    """A class of errors that a later attempt may not meet."""
    return type("RotationError", (RotationError,), {"__doc__": meaning, "retryable": True, "action": action})


def _stop(meaning: str, action: str) -> type[RotationError]:
    """A class of errors that need a person."""
    return type("RotationError", (RotationError,), {"__doc__": meaning, "action": action})


BadEventError = _stop(
    "The event is none of the three that this function knows, or a field is missing, blank or of the wrong type",
    "invoke the function through Secrets Manager, or send a well-formed preflight or report event",
)
BadSecretError = _stop(
    "A secret's value cannot be used: not a JSON object, keys missing or wrong, or too large",
    "put a corrected value into the secret with put-secret-value, then rotate again",
)
SecretStateError = _stop(
    "The secret itself cannot rotate: it does not exist, is to be deleted, rotation is off, or it has no "
    "AWSCURRENT version",
    "look at the secret with describe-secret: restore it, enable rotation, or give it a first value",
)
PendingVersionError = _stop(
    "The version that is to be rotated to is unknown, not staged as AWSPENDING, empty, corrupt or not usable",
    "remove the label from the version that holds AWSPENDING (update-secret-version-stage --version-stage "
    "AWSPENDING --remove-from-version-id VERSION), then rotate again",
)
SecretMismatchError = _stop(
    "AWSCURRENT was edited while the rotation ran: to make AWSPENDING current would lose the edit",
    "take the edit back (put-secret-value with the old value), let Secrets Manager repeat the rotation, and edit "
    "again; or, where masterarn is named, remove the label AWSPENDING from the pending version and rotate again: "
    "that starts from the edited value",
)
AuthenticationRefusedError = _retry(
    "The server refused user name and password (wrong password, NOLOGIN, expired, or no such role)",
    "retry if the master secret is being rotated at this moment; otherwise put a working password into the named "
    "secret, or add masterarn so that the master can set it",
)
TlsError = _stop(
    "No verified TLS connection: server without TLS, unknown certificate authority, or unreadable authority file",
    "use a server with TLS and a certificate of the RDS authorities in the package; rebuild the package if they "
    "changed",
)
HostNameMismatchError = _stop(
    "The server's certificate is for another host name",
    "put the endpoint name that RDS issued into the secret's host, not an alias or an address",
)
WeakAuthenticationError = _stop(
    "The server asked for a method other than SCRAM-SHA-256, which would reveal the password or a weak hash",
    "set password_encryption to scram-sha-256, give the role a new password, and allow scram-sha-256 in pg_hba.conf",
)
DnsError = _retry(
    "The host name of the secret does not resolve",
    "check the secret's host and that the function's VPC resolves it",
)
ConnectionRefusedByHostError = _retry(
    "The host answered that nothing listens on the port",
    "check the secret's port and that the database is running",
)
DatabaseTimeoutError = _retry(
    "The database did not answer in time, or there is no route to it",
    "retry: an Aurora database that was paused takes half a minute and more to resume; otherwise check security "
    "groups, route tables and the load of the database",
)
DatabaseUnavailableError = _retry(
    "The server is starting, stopping or failing over, or the connection broke",
    "retry when the failover or restart is over",
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
    "The server has no such database, or it accepts no connections",
    "create the database, or correct the secret's dbname",
)
AccessRuleError = _stop(
    "No rule of pg_hba.conf admits this user to this database from the function",
    "admit the user over TLS (hostssl) from the function's subnets",
)
ReadOnlyServerError = _retry(
    "The server is a reader: roles cannot be changed there",
    "use the writer endpoint as the secret's host; retry when a failover is under way",
)
LockTimeoutError = _retry(
    "Another session holds a lock on the role, or changed it at the same moment",
    "retry; look for a long transaction that altered the role if it persists",
)
PermissionDeniedError = _stop(
    "The role that makes the change lacks a privilege in the database",
    "grant the named privilege (the master needs CREATEROLE, from PostgreSQL 16 ADMIN OPTION on the roles that it "
    "did not create, and rds_password where rds.restrict_password_commands is on), or name a master in masterarn",
)
RoleRefusedError = _stop(
    "This function does not rotate such a role: privileged, reserved, or the master itself",
    "give the application a plain login role and name that in the secret",
)
RoleStateError = _stop(
    "A role is missing or not as the secret says, and repairing it is not this function's to decide",
    "bring the role into the named state, then rotate again",
)
StatementTrackingError = _stop(
    "`pg_stat_statements.track = all` would keep the password's verifier in a view",
    "set pg_stat_statements.track to top, or grant the master SET on that parameter",
)
DatabaseError = _stop(
    "The database reported something that has no class of its own; the SQLSTATE is in the message",
    "look the SQLSTATE up in the PostgreSQL documentation and read the database log of that minute",
)
AccessDeniedError = _stop(
    "IAM, the secret's resource policy, the VPC endpoint's policy or the KMS key policy denied the call",
    "allow the function's role the named action on the secret and its KMS key, in every policy on the way",
)
ThrottledError = _retry(
    "The AWS service throttled every attempt there was time for",
    "retry later; look for something else that calls the service in this account at a high rate",
)
EndpointUnreachableError = _retry(
    "The AWS service's endpoint did not answer",
    "is there a route or a VPC endpoint to the service (Secrets Manager; CloudWatch for reports) in the "
    "function's subnets, with private DNS, and does its security group admit the function on 443?",
)
ServiceError = _retry(
    "An AWS service failed for a reason of its own; its code is in the message",
    "retry; look the code up in the service's API reference if it persists",
)
CallRejectedError = _stop(
    "An AWS service rejected the call as wrong; its code is in the message",
    "look the code up in the service's API reference; a secret or a version may have changed while the step ran",
)
OutOfTimeError = _retry(
    "Too little of the invocation's time is left to begin the next change",
    "retry; raise rotation.timeout_seconds if it persists",
)
InternalError = _stop(
    "A defect of this package; the original class is in the message, its text is withheld because it may hold a secret",
    "report the class and the step to the maintainers of this function",
)

for _name, _kind in list(globals().items()):
    if isinstance(_kind, type) and issubclass(_kind, RotationError):
        _kind.__name__ = _kind.__qualname__ = _name
del _name, _kind
