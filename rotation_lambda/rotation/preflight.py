"""Would a rotation work? Everything is looked at and nothing is changed.

Secrets Manager rotates asynchronously, so a deployment cannot see a rotation fail. The platform sends
this event first and fails with its reason.
"""

from __future__ import annotations

from typing import NamedTuple

from rotation import checks
from rotation.events import PreflightEvent
from rotation.passwords import generate_password
from rotation.postgres import Connector, Session
from rotation.secret import Login, SecretValue
from rotation.store import SecretStore


class Finding(NamedTuple):
    """One thing that was looked at and found in order."""

    check: str
    detail: str


class Preflight:
    """The checks in the order in which a rotation would need them; the first that fails raises its error."""

    def __init__(self, store: SecretStore, connector: Connector) -> None:
        self._store = store
        self._connector = connector
        self._findings: list[Finding] = []

    def run(self, event: PreflightEvent) -> dict[str, object]:
        """`{"preflight": "passed", "findings": [{"check", "detail"}, …]}`, or the error of the first check
        that failed.
        """
        state = self._store.describe(event.secret_id)
        self._found("secrets_manager", f"reached; {state.arn} has {len(state.stages)} versions")
        secret = self._store.current(event.secret_id)
        for name in secret.usernames or (secret.next_username,):
            secret.rotated(Login(name, generate_password()))
        self._found("secret", f"{'alternating users' if secret.role else 'single user'}, {secret.engine}")
        if secret.master_arn is not None:
            self._master(secret, self._store.master(secret.master_arn))
        if secret.login is not None:
            self._current(secret, secret.login)
        return {"preflight": "passed", "findings": [finding._asdict() for finding in self._findings]}

    def _master(self, secret: SecretValue, master: Login) -> None:
        with self._connector.connect(secret, master) as session:
            self._network(secret, session)
            self._found("master_login", f"{master.username} logged in")
            checks.check_roles(session, secret, secret.names, master, first=secret.login is None)
            self._found("master_privileges", "can create and alter the secret's roles")

    def _current(self, secret: SecretValue, login: Login) -> None:
        with self._connector.connect(secret, login) as session:
            if secret.master_arn is None:
                self._network(secret, session)
            checks.check_identity(session, secret)
            if secret.master_arn is None:
                checks.check_oneself(session, login.username)
            self._found("current_login", f"{login.username} logged in")

    def _network(self, secret: SecretValue, session: Session) -> None:
        """libpq resolved, connected and verified on the way to this session; a failure of any has its own
        class.
        """
        self._found("dns", f"{secret.host} resolves")
        self._found("tcp", f"port {secret.port} answers")
        self._found("tls", f"certificate verified for {secret.host}, {session.tls}")

    def _found(self, check: str, detail: str) -> None:
        self._findings.append(Finding(check, detail))
