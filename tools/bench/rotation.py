"""The rotation function: its four steps beside a bare TLS login, its cold import beside boto3's, the size of its zips.

The steps run against the embedded PostgreSQL and the emulated Secrets Manager.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tools.synthesized.paths import ROOT

FUNCTION = ROOT / "rotation_lambda"
# A program of its own, as Lambda unpacks it.
sys.path.insert(0, str(FUNCTION))

import boto3  # noqa: E402
import psycopg2  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.secretsmanager.models import secretsmanager_backends  # noqa: E402

import build  # noqa: E402
from rotation.handler import Application  # noqa: E402
from tools.local.certificates import CertificateAuthority  # noqa: E402
from tools.local.postgres import PostgresServer  # noqa: E402

HOST = "db.example.test"
REGION = "ca-central-1"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_ROTATIONS = 30
IMPORTS = {
    "import boto3": "import boto3",
    "and psycopg2": "import boto3, psycopg2",
    "and the function": "import boto3, psycopg2, rotation.handler",
}


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def measure_steps(rotations: int) -> dict[str, list[float]]:
    """Milliseconds of every step of `rotations` rotations of alternating users, and of bare logins."""
    authority = CertificateAuthority()
    with (
        tempfile.TemporaryDirectory() as folder,
        mock_aws(),
        PostgresServer(certificate=authority.issue(HOST)) as server,
    ):
        authorities = Path(folder) / "authorities.pem"
        authorities.write_bytes(authority.pem)
        os.environ["PGHOSTADDR"] = server.address
        client = boto3.client("secretsmanager", region_name=REGION)
        application = Application(
            client=lambda _: client,
            authorities=authorities,
        )
        master = server.create_master("platform_master", databases=["app"])
        credentials = {"username": master.name, "password": master.password}
        secret = {
            "engine": "postgres",
            "host": HOST,
            "port": server.port,
            "dbname": "app",
            "masterarn": client.create_secret(Name="master", SecretString=json.dumps(credentials))["ARN"],
            "usernames": ["app_blue", "app_green"],
            "role": "app_owner",
        }
        arn = client.create_secret(Name="app", SecretString=json.dumps(secret))["ARN"]
        times: dict[str, list[float]] = {step: [] for step in STEPS}
        for _ in range(rotations):
            token = _begin(arn)
            for step in STEPS:
                event = {"SecretId": arn, "ClientRequestToken": token, "Step": step}
                times[step].append(_milliseconds(partial(application.handle, event, _Context())))
        login: dict[str, Any] = {"host": HOST, "port": server.port, "dbname": "app", "user": master.name}
        login |= {"password": master.password, "sslmode": "verify-full", "sslrootcert": str(authorities)}
        times["bare login"] = [_milliseconds(lambda: psycopg2.connect(**login).close()) for _ in range(rotations)]
        return times


def _begin(arn: str) -> str:
    """Stage a placeholder as RotateSecret does (the emulator refuses a second one without this)."""
    token = str(uuid.uuid4())
    (account,) = secretsmanager_backends
    secret: Any = secretsmanager_backends[account][REGION].secrets[arn]
    secret.rotation_requested = secret.rotation_enabled = True
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}
    return token


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        action()
    return (time.perf_counter() - started) * 1000


def measure_import(statement: str, repeat: int = 7) -> float:
    """Median milliseconds of `statement` in a new interpreter, interpreter start excluded."""
    script = f"import time; s = time.perf_counter(); {statement}; print((time.perf_counter() - s) * 1000)"
    environment = {**os.environ, "PYTHONPATH": str(FUNCTION)}
    runs = [
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
        for _ in range(repeat)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def report() -> tuple[list[str], list[str]]:
    """The tables: times in milliseconds, sizes in MiB. There is no limit."""
    steps = {name: statistics.quantiles(times, n=20) for name, times in measure_steps(_ROTATIONS).items()}
    imports = {name: measure_import(statement) for name, statement in IMPORTS.items()}
    zips = {name: build.build(name).path.stat().st_size / 1024 / 1024 for name in build.ARCHITECTURES}
    login, boto = steps["bare login"][9], imports["import boto3"]
    return [
        f"| {_ROTATIONS} rotations | p50 | p95 | p50 to a bare login's |",
        "|---|---|---|---|",
        *(f"| {name} | {at[9]:.1f} ms | {at[18]:.1f} ms | {at[9] / login:.1f} |" for name, at in steps.items()),
        "",
        "| cold import, interpreter's start aside | time | ratio |",
        "|---|---|---|",
        *(f"| {name} | {took:.0f} ms | {took / boto:.2f} |" for name, took in imports.items()),
        "",
        f"The zip: {', '.join(f'{name} {size:.1f} MiB' for name, size in zips.items())}.",
    ], []
