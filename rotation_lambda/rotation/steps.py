"""The four steps of a rotation.

Each step can be killed at any point and repeated with the same token: a step first checks whether its result
already exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rotation import checks, errors, roles
from rotation.deadline import Deadline
from rotation.events import Event
from rotation.passwords import generate_password
from rotation.postgres import Connector, Session
from rotation.secret import Login, SecretValue
from rotation.store import SecretStore

CHANGE_SECONDS = 4.0
"""A change of roles is not begun with less time than this; it takes well under a second on a quiet server."""


@dataclass(frozen=True)
class Rotation:
    """The steps for one event. What is altered in the database is appended to `changes`, for the log."""

    _store: SecretStore
    _connector: Connector
    _deadline: Deadline
    _changes: list[str]

    def run(self, event: Event) -> str:
        """Run the event's step; `done`, or `already current` when the rotation was finished before."""
        if self._store.check_event(event, self._store.describe(event.secret_id)):
            return "already current"
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        steps[event.name](event)
        return "done"

    def _create(self, event: Event) -> None:
        """Write the pending version, with a new password. Nothing is written unless the secrets are sound."""
        current = self._store.current(event.secret_id)
        if current.master_arn is not None:
            self._master(current)
        pending = self._store.pending(event)
        if pending is None:
            login = Login(current.next_username, generate_password())
            self._store.put_pending(event, current.rotated(login))
            # What counts is what was stored: another invocation with this token may have been faster.
            pending = self._store.written_pending(event)
        _check_pair(current, pending)

    def _set(self, event: Event) -> None:
        """Make the database accept the pending password: the master does it, where there is one."""
        current = self._store.current(event.secret_id)
        pending = self._store.written_pending(event)
        login = _check_pair(current, pending)
        if self._works(pending, login):
            return
        if current.master_arn is not None:
            self._set_as_master(current, pending, login)
        else:
            self._set_as_itself(event, current, pending, login)

    def _test(self, event: Event) -> None:
        """Log in with the pending version; a first version without a password is tested by the master."""
        pending = self._store.written_pending(event)
        current = self._store.current(event.secret_id)
        if pending.login is None and pending.document == current.document:
            # RotateImmediately=false: a copy of a first version is all there is to test.
            master = self._master(current)
            with self._connector.connect(current, master) as session:
                checks.check_roles(session, current, current.names, master, first=True)
            return
        self._log_in(pending, _login_of(current, pending))

    def _finish(self, event: Event) -> None:
        """Make the pending version current, after it has proved to work."""
        current = self._store.current(event.secret_id)
        pending = self._store.written_pending(event)
        self._log_in(pending, _check_pair(current, pending))
        self._store.promote(event, current)

    def _log_in(self, secret: SecretValue, login: Login) -> None:
        with self._connector.connect(secret, login) as session:
            checks.check_identity(session, secret)

    def _works(self, pending: SecretValue, login: Login) -> bool:
        """Whether the pending login works already; False when it does not, or only with rights that need repair."""
        try:
            self._log_in(pending, login)
        except (errors.AuthenticationRefusedError, errors.PermissionDeniedError, errors.RoleStateError):
            return False
        return True

    def _set_as_itself(self, event: Event, current: SecretValue, pending: SecretValue, login: Login) -> None:
        """Change the single user's password with its present or previous one."""
        previous = self._store.previous(event.secret_id)
        refused: errors.RotationError | None = None
        for known in (current, previous):
            if known is None or known.login is None or known.place != current.place:
                continue
            try:
                session = self._connector.connect(current, known.login)
            except errors.AuthenticationRefusedError as error:
                refused = refused or error
                continue
            with session:
                self._change(session, pending, login, partial(roles.prepare_oneself, session, login.username))
            return
        # Refused may also mean that another invocation with this token set the password in the meantime.
        if refused is not None and not self._works(pending, login):
            raise refused

    def _set_as_master(self, current: SecretValue, pending: SecretValue, login: Login) -> None:
        master = self._master(current)
        first = current.login is None
        with self._connector.connect(current, master) as session:
            names = pending.usernames if first and pending.role is not None else (login.username,)
            prepare = partial(roles.prepare, session, pending, names, master, first=first)
            self._change(session, pending, login, prepare)

    def _change(self, session: Session, pending: SecretValue, login: Login, prepare: Callable[[], list[str]]) -> None:
        """One transaction under the role's lock: `prepare` checks and repairs, then the password is set."""
        # A role's own settings may let it begin as another role, which could not change this one.
        session.run("resetting the role", "SET ROLE NONE")
        self._deadline.require(CHANGE_SECONDS, "changing the password")
        waited = roles.lock_role(session, pending.owner)
        if waited and self._works(pending, login):
            return
        changes = prepare()
        session.set_password(login)
        session.commit()
        self._changes.extend([*changes, f"set the password of {login.username}"])

    def _master(self, secret: SecretValue) -> Login:
        return self._store.master(str(secret.master_arn))


def _login_of(current: SecretValue, pending: SecretValue) -> Login:
    """The login of `pending`, which may differ from `current` in nothing else."""
    differences = pending.differences(current)
    if differences:
        raise errors.SecretMismatchError(f"AWSPENDING and AWSCURRENT differ in {', '.join(differences)}")
    if pending.login is None:
        raise errors.PendingVersionError("the AWSPENDING version contains no password")
    return pending.login


def _check_pair(current: SecretValue, pending: SecretValue) -> Login:
    """The login to be set, when `pending` is a version that a rotation of `current` makes."""
    login = _login_of(current, pending)
    if login.username != current.next_username:
        raise errors.SecretMismatchError(
            f"AWSPENDING is for {login.username}, the next login after AWSCURRENT is {current.next_username}"
        )
    if login == current.login:
        raise errors.PendingVersionError("the AWSPENDING version is a copy of AWSCURRENT, so nothing would be rotated")
    return login
