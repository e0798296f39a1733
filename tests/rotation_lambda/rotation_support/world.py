"""One rotation's surroundings: a secret, its master's secret, a database, and the Lambda between them."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from rotation.handler import Application
from rotation.postgres import APPLICATION_NAME
from rotation_support.breaking import Breaker
from rotation_support.leaks import Leaks
from rotation_support.secrets_manager import AccurateSecretsManager
from tools.local.postgres import PostgresServer, Role

HOST = "db.example.test"
"""The name on the embedded server's certificate; PGHOSTADDR leads libpq to the server's address."""

DATABASE = "app"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

WAIT_SECONDS = 60.0
"""For what happens at once, on a machine however busy."""

_numbers = itertools.count(1)


class Context:
    """Lambda's context with a fixed time left, or with a clock that runs."""

    def __init__(self, milliseconds: int = 30_000, *, runs: bool = False) -> None:
        self.milliseconds = milliseconds
        self._began = time.monotonic() if runs else None

    def get_remaining_time_in_millis(self) -> int:
        gone = 0 if self._began is None else int((time.monotonic() - self._began) * 1000)
        return self.milliseconds - gone


@dataclass
class World:
    """What all tests of a session share, and makers of cases."""

    server: PostgresServer
    observer: Any
    """A connection as the superuser that stays open, for what is looked at after every step."""
    master: Role
    secrets_manager: AccurateSecretsManager
    client: Any
    cloudwatch: Any
    authorities: Path
    leaks: Leaks

    def application(self, *, client: Any = None, authorities: Path | None = None) -> Application:
        return Application(
            client=lambda service: self.cloudwatch if service == "cloudwatch" else client or self.client,
            authorities=authorities or self.authorities,
            pause=lambda _: None,
        )

    def handle(self, event: object, *, context: Context | None = None, **options: Any) -> dict[str, object]:
        """Send an event to the Lambda, keeping its log and its exception as evidence."""
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                return self.application(**options).handle(event, context or Context())
        except Exception as error:
            self.leaks.add_error(error)
            raise
        finally:
            self.leaks.evidence.append(("log", output.getvalue()))

    def log_record(self, event: object, **options: Any) -> dict[str, Any]:
        """Send an event; its one log record, whether or not it failed."""
        with contextlib.suppress(Exception):
            self.handle(event, **options)
        (record,) = self.leaks.evidence[-1][1].splitlines()
        return dict(json.loads(record))

    def secret(self, document: object, *, name: str | None = None) -> str:
        """A new secret with `document` (JSON, or a text as it is); its ARN."""
        text = document if isinstance(document, str) else json.dumps(document)
        self.leaks.add_document(text)
        return str(self.client.create_secret(Name=name or f"secret-{next(_numbers)}", SecretString=text)["ARN"])

    def master_secret(self, master: Role | None = None) -> str:
        """A secret as RDS manages it for a master: user name and password, no more."""
        who = master or self.master
        return self.secret({"username": who.name, "password": who.password})

    def connect(self, document: dict[str, Any], **overrides: Any) -> Any:
        """Log in as an application does, with verified TLS."""
        arguments = {
            "host": document["host"],
            "port": document["port"],
            "dbname": document["dbname"],
            "user": document["username"],
            "password": document["password"],
            "sslmode": "verify-full",
            "sslrootcert": str(self.authorities),
            **overrides,
        }
        return psycopg2.connect(**arguments)

    def works(self, document: dict[str, Any]) -> bool:
        """Whether an application can log in with this version of the secret."""
        try:
            self.connect(document).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" not in str(error):
                raise
            return False
        return True

    def query(self, document: dict[str, Any], statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the application, and commit."""
        with contextlib.closing(self.connect(document)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
            return rows

    def facts(self, **overrides: Any) -> dict[str, Any]:
        """The connection facts of a secret on the shared database."""
        facts = {"engine": "postgres", "host": HOST, "port": self.server.port, "dbname": DATABASE}
        return {**facts, **overrides}

    def alternating(self, *, name: str | None = None, master: Role | None = None, **overrides: Any) -> Case:
        """A bootstrap secret for alternating users that exist in no database yet."""
        prefix = name or f"app{next(_numbers)}"
        document = {
            **self.facts(),
            "masterarn": self.master_secret(master),
            "usernames": [f"{prefix}_blue", f"{prefix}_green"],
            "role": f"{prefix}_owner",
            **overrides,
        }
        return Case(self, self.secret(document))

    def single(self, *, username: str | None = None, with_master: bool = False, **overrides: Any) -> Case:
        """A secret for a single user that exists in the database with the secret's password."""
        name = username or f"single{next(_numbers)}"
        password = f"first-password-{next(_numbers)}"
        self.create_login(name, password)
        document = {**self.facts(), "username": name, "password": password, "kept": {"as": ["it", "is"]}}
        if with_master:
            document["masterarn"] = self.master_secret()
        return Case(self, self.secret({**document, **overrides}))

    def create_login(self, name: str, password: str, options: str = "") -> None:
        """A login made by the master (so that the master administers it); its password stays out of the
        server's log.
        """
        self.leaks.add(password)
        if not self.execute(sql.SQL("SELECT 1 FROM pg_roles WHERE rolname = {}").format(sql.Literal(name))):
            with self.server.connect(self.master) as connection, connection.cursor() as cursor:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        self.alter(name, sql.SQL(options + " PASSWORD {}").format(sql.Literal(password)))

    def alter(self, name: str, change: sql.Composable | str) -> None:
        """ALTER ROLE as the superuser, unobserved."""
        text = sql.SQL(change) if isinstance(change, str) else change
        self.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), text))

    def execute(self, statement: str | sql.Composable) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser, unobserved, without a new connection."""
        with self.observer.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.02)

    def wait_until_blocked(self) -> None:
        """Until a session of the Lambda waits for another one."""
        blocked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = {}"
        statement = sql.SQL(blocked).format(sql.Literal(APPLICATION_NAME))
        self.wait_until(lambda: bool(self.execute(statement)))

    def verifiers(self) -> dict[str, str]:
        """Every role's stored verifier. All of them are remembered as secrets."""
        rows = self.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
        verifiers: dict[str, str] = dict(rows)
        for verifier in set(verifiers.values()) - self.leaks.secrets:
            self.leaks.add(verifier)
            self.leaks.add(verifier.split("$")[-1].split(":")[0])
        return verifiers


@dataclass
class Case:
    """One secret and its rotations."""

    world: World
    arn: str
    token: str = ""

    def begin(self, *, immediately: bool = True) -> str:
        self.token = self.world.secrets_manager.begin_rotation(self.arn, immediately=immediately)
        return self.token

    def event(self, step: str, **fields: Any) -> dict[str, Any]:
        rotation_token = f"rotation-token-{self.token}"
        self.world.leaks.add(rotation_token)
        return {
            "SecretId": self.arn,
            "ClientRequestToken": self.token,
            "Step": step,
            "RotationToken": rotation_token,
            **fields,
        }

    def step(self, step: str, **options: Any) -> dict[str, object]:
        try:
            return self.world.handle(self.event(step), **options)
        finally:
            self.remember(verifiers=step == "setSecret")

    def steps(self, *steps: str, **options: Any) -> None:
        for step in steps:
            self.step(step, **options)

    def rotate(self, **options: Any) -> dict[str, Any]:
        """A whole rotation; the new current version."""
        self.begin()
        self.steps(*STEPS, **options)
        assert self.holder("AWSCURRENT") == self.token
        return self.current()

    def document(self, stage: str) -> dict[str, Any]:
        return dict(json.loads(self.world.secrets_manager.value(self.arn, stage)))

    def current(self) -> dict[str, Any]:
        return self.document("AWSCURRENT")

    def holder(self, stage: str) -> str | None:
        return self.world.secrets_manager.holder(self.arn, stage)

    def edit(self, stage: str = "AWSCURRENT", **changes: Any) -> None:
        """Edit a version as an operator could. A change to None removes the key."""
        document = {**self.document(stage), **changes}
        self.write({key: value for key, value in document.items() if value is not None}, stage)

    def write(self, document: object, stage: str = "AWSCURRENT") -> None:
        """Write the value of the version that holds `stage`, as an operator could."""
        text = document if isinstance(document, str) else json.dumps(document)
        self.world.leaks.add_document(text)
        version = self.holder(stage)
        assert version is not None
        self.world.secrets_manager.versions(self.arn)[version]["secret_string"] = text

    def clear_pending(self) -> None:
        """What the documentation tells an operator to do."""
        version = self.holder("AWSPENDING")
        assert version is not None
        self.world.client.update_secret_version_stage(
            SecretId=self.arn, VersionStage="AWSPENDING", RemoveFromVersionId=version
        )

    def remember(self, *, verifiers: bool) -> None:
        """Remember every password there is now, and every verifier when those may have changed."""
        for version in self.world.secrets_manager.versions(self.arn).values():
            self.world.leaks.add_document(version.get("secret_string", "null"))
        if verifiers:
            self.world.verifiers()

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        """Assert that neither a verifier in the database nor AWSCURRENT changes while the context is open."""
        before = self.world.verifiers(), self.holder("AWSCURRENT")
        yield
        assert (self.world.verifiers(), self.holder("AWSCURRENT")) == before

    def broken(
        self,
        chosen: int | str | None,
        steps: tuple[str, ...] = STEPS,
        act: Callable[[], object] | None = None,
    ) -> Breaker:
        """Run `steps` and die at `chosen` (or `act` there); the breaker with the points that were passed."""
        breaker = Breaker(chosen, act)
        with breaker.database():
            self.steps(*steps, client=breaker.client(self.world.client))
        return breaker

    def broken_rotation(self, chosen: int | str | None, *, begin: bool = True) -> Breaker:
        """A whole rotation that dies at `chosen`, of a new token or, to replay, of the same one."""
        if begin:
            self.begin()
        return self.broken(chosen)
