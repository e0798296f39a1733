"""The preflight: checks whether a rotation would work, without changing anything.

Secrets Manager rotates asynchronously, so a deployment cannot see a rotation fail. The platform sends
this event first and fails with its reason.
"""

from __future__ import annotations

from rotation import checks
from rotation.passwords import generate_password
from rotation.postgres import Connector, Session
from rotation.secret import Login, SecretValue
from rotation.store import SecretStore


def preflight(secret_id: str, store: SecretStore, connector: Connector) -> dict[str, object]:
    """`{"preflight": "passed", "findings": [{"check", "detail"}, …]}`, or the error of the first check that failed,
    in the order in which a rotation would need them.
    """
    findings: dict[str, str] = {}
    state = store.describe(secret_id)
    findings["secrets_manager"] = f"reached; {state.arn} has {len(state.stages)} versions"
    secret = store.current(secret_id)
    for name in secret.usernames or (secret.next_username,):
        secret.rotated(Login(name, generate_password()))
    findings["secret"] = f"{'alternating users' if secret.role else 'single user'}, {secret.document['engine']}"
    if secret.master_arn is not None:
        master = store.master(secret.master_arn)
        with connector.connect(secret, master) as session:
            findings |= _network(secret, session)
            findings["master_login"] = f"{master.username} logged in"
            checks.check_roles(session, secret, secret.names, master, first=secret.login is None)
            findings["master_privileges"] = "can create and alter the secret's roles"
    if secret.login is not None:
        with connector.connect(secret, secret.login) as session:
            checks.check_identity(session, secret)
            if secret.master_arn is None:
                findings |= _network(secret, session)
                checks.check_oneself(session, secret.login.username)
            findings["current_login"] = f"{secret.login.username} logged in"
    return {"preflight": "passed", "findings": [{"check": name, "detail": text} for name, text in findings.items()]}


def _network(secret: SecretValue, session: Session) -> dict[str, str]:
    """libpq resolved, connected and verified on the way to this session; a failure of any has its own class."""
    return {
        "dns": f"{secret.host} resolves",
        "tcp": f"port {secret.port} accepts connections",
        "tls": f"certificate verified for {secret.host}, {session.info.ssl_attribute('protocol')}"
        f" {session.info.ssl_attribute('cipher')}",
    }
