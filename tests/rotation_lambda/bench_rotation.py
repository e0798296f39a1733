"""`make bench WHAT=rotation`: the four steps beside a bare TLS login, the cold import beside boto3's, the zips' sizes.

The steps run against an embedded PostgreSQL with the settings of a new server, and the emulated Secrets Manager.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import boto3
import pytest
import trustme

import build
from rotation_support.leaks import Leaks
from rotation_support.secrets_manager import AccurateSecretsManager
from rotation_support.world import DATABASE, HOST, STEPS, World
from tools.local.postgres import PostgresServer

ROTATIONS = 30
_IMPORTS = {
    "boto3": "import boto3",
    "boto3 and psycopg2": "import boto3, psycopg2",
    "boto3, psycopg2 and the function": "import boto3, psycopg2, rotation.handler",
}


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def test_the_steps_of_a_rotation(
    aws: str,
    authority: trustme.CA,
    authorities: Path,
    secrets_manager: AccurateSecretsManager,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = boto3.client("secretsmanager")
    with PostgresServer(certificate=authority.issue_cert(HOST)) as server, server.connect() as observer:
        monkeypatch.setenv("PGHOSTADDR", server.address)
        master = server.create_master("platform_master", databases=[DATABASE])
        world = World(server, observer, master, secrets_manager, client, None, authorities, Leaks())
        case = world.alternating()
        times: dict[str, list[float]] = {step: [] for step in STEPS}
        for _ in range(ROTATIONS):
            case.begin()
            for step in STEPS:
                times[step].append(_milliseconds(partial(world.handle, case.event(step))))
        login = world.facts(username=master.name, password=master.password)
        times["plain login"] = [_milliseconds(lambda: world.connect(login).close()) for _ in range(ROTATIONS)]

    quantiles = {name: statistics.quantiles(each, n=20) for name, each in times.items()}
    print(f"\n\n| {ROTATIONS} rotations | p50 | p95 | p50 relative to a plain login |\n|---|---|---|---|")
    for name, at in quantiles.items():
        print(f"| {name} | {at[9]:.1f} ms | {at[18]:.1f} ms | {at[9] / quantiles['plain login'][9]:.1f} |")


def test_the_cold_import_and_the_zips() -> None:
    def cold(statement: str) -> float:
        """Median milliseconds in a new interpreter, interpreter start excluded."""
        script = f"import time; s = time.perf_counter(); {statement}; print((time.perf_counter() - s) * 1000)"
        environment = {**os.environ, "PYTHONPATH": str(build.HERE)}
        command = [sys.executable, "-c", script]
        runs = [subprocess.run(command, env=environment, capture_output=True, check=True) for _ in range(7)]
        return statistics.median(float(run.stdout) for run in runs)

    imports = {name: cold(statement) for name, statement in _IMPORTS.items()}
    print("\n\n| cold import, without the start of Python | time | ratio |\n|---|---|---|")
    for name, took in imports.items():
        print(f"| {name} | {took:.0f} ms | {took / imports['boto3']:.2f} |")
    sizes = {name: build.build(name).path.stat().st_size / 1024 / 1024 for name in build.ARCHITECTURES}
    print(f"\nThe zip: {', '.join(f'{name} {size:.1f} MiB' for name, size in sizes.items())}.\n")
