"""An environment that keeps its data as production does, on an embedded AWS, and the commands that a person types."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from project_copy import copy_project

from settings import Environment, load
from tools.deploy import terraform
from tools.local.database import EmbeddedDatabase
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

NAME = "walk-prod"

# What production keeps, on the smallest environment: replicas and endpoints only cost time here.
_SETTINGS = """\
tier = "development"
account_id = "777777777777"
region = "ca-central-1"
zones = ["ca-central-1a", "ca-central-1b", "ca-central-1d"]
protected = true

[account]
owns_api_gateway_role = true

[encryption]
deletion_window_days = 30

[network]
cidr = "10.41.0.0/16"

[database]
name = "shop"
backup_retention_days = 35
final_snapshot = true

[cache]
final_snapshot = true

[backup]
retention_days = 35
lock = "governance"

[rotation]
recovery_window_days = 30

[service]
image = "777777777777.dkr.ecr.ca-central-1.amazonaws.com/walk-service-prod:1"

[monitoring]
subscribers = ["platform-alarms@walk.example.com"]

[api]
service_host_name = "service.walk.example.com"

[[api.routes]]
path = "/health"
methods = ["GET"]
backend = "mock"
key = false
"""


@dataclass(frozen=True)
class Walked:
    """The copied project, its embedded AWS and the PostgreSQL behind it."""

    root: Path
    emulator: Emulator
    database: EmbeddedDatabase
    environ: dict[str, str]
    environment: Environment

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return self.emulator.client(service, self.environment.region)

    def command(self, verb: str, *options: str) -> list[str]:
        """The program that `make <verb>` starts."""
        module = "tools.change" if verb in ("plan", "drift") else "tools.deploy"
        return [sys.executable, "-m", module, verb, "--env", NAME, *options]

    def make(self, verb: str, *options: str, fails: bool = False) -> str:
        """What `make <verb>` runs; returns what it prints."""
        done = subprocess.run(
            self.command(verb, *options), cwd=self.root, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def set(self, table: str, key: str, value: object) -> None:
        """Change the environment's file."""
        file = self.root / "environments" / f"{NAME}.toml"
        document = tomlkit.parse(file.read_text())
        document[table][key] = value
        file.write_text(tomlkit.dumps(document))

    def plans(self, pattern: str = "*") -> dict[str, str]:
        """What is still to do, by stack; empty where there is nothing."""
        command = ["plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false"]

        def plan(folder: Path) -> str:
            done = terraform.run(command, cwd=folder, environ=self.environ, check=False)
            return done.stdout + done.stderr if done.returncode else ""

        folders = sorted((self.root / "cdktf.out" / "stacks").glob(pattern))
        with ThreadPoolExecutor(2) as pool:
            return {folder.name: left for folder, left in zip(folders, pool.map(plan, folders), strict=True) if left}


# The copy's app with the two stacks that hold data, and the secret in the second of them.
_DATA_ALONE = """\
import sys

import stacks.platform
import whole
from modules.rotation.secret import ApplicationSecret
from stacks.bootstrap import BootstrapStack
from stacks.data import DataStack
from stacks.network import NetworkStack


def add_environment(scope, environment, **_):
    BootstrapStack(scope, environment=environment)
    network = NetworkStack(scope, environment=environment)
    data = DataStack(scope, environment=environment, network=network)
    ApplicationSecret(
        data, "application", settings=environment.rotation, protected=False, names=data.names,
        database=data.database, key_arn=network.keys.secrets,
        reader_role_arns=[f"arn:aws:iam::{environment.account_id}:role/reader"],
    )


stacks.platform.add_environment = add_environment
sys.exit(whole.main())
"""


@contextmanager
def walked(folder: Path, *, data_alone: bool = False) -> Iterator[Walked]:
    """Nothing is deployed yet. `data_alone` leaves out most stacks that hold no data, each of which takes its time."""
    root = copy_project(folder / "project")
    if data_alone:
        (root / "main.py").rename(root / "whole.py")
        (root / "main.py").write_text(_DATA_ALONE)
    (root / "environments" / f"{NAME}.toml").write_text(_SETTINGS)
    environment = load(NAME, directory=root / "environments")
    database = EmbeddedDatabase(folder, environment.names.name("rotation"))
    emulator = Emulator(environment.account_id, log_dir=folder, lambda_config=database.function_settings)
    with emulator:
        aws = {**without_aws(os.environ), **emulator.environment(environment.region)}
        environ = {**aws, **terraform.settings(aws)}
        made = Walked(root, emulator, database, environ, environment)
        database.watch(environment.names.name("aurora"), made.client("rds"), made.client("secretsmanager"))
        try:
            yield made
        finally:
            database.stop()
