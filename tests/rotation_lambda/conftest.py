"""Servers and clients for the rotation tests, and the table of cases at the end.

One PostgreSQL server per version and one Secrets Manager serve the whole session; tests keep apart by names.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
for folder in (PROJECT, PROJECT / "rotation_lambda", HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# Before boto3 makes any client: nothing of the caller's account may be used.
os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="ca-central-1")
os.environ.pop("AWS_PROFILE", None)

import pytest  # noqa: E402
import trustme  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

from rotation_support.clients import clients  # noqa: E402
from rotation_support.leaks import Leaks  # noqa: E402
from rotation_support.secrets_manager import AccurateSecretsManager  # noqa: E402
from rotation_support.world import DATABASE, HOST, World  # noqa: E402
from tools.local.postgres import PostgresServer  # noqa: E402

OBSERVED = {
    "log_min_duration_statement": "0",
    "log_min_error_statement": "error",
    "log_connections": "on",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "80",
}
"""The server tells everything that an operator could make it tell."""

FEWER_ROUNDS = {"scram_iterations": "16"}
"""Hashing 4096 times is most of the work of a login. PostgreSQL 15 has no such setting and does it."""

LAST = "test_leaks.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search for leaks comes after everything that could leak."""
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "tests/rotation_lambda/" in report.nodeid and (report.when == "call" or report.failed or report.skipped):
        _outcomes[report.nodeid] = report.outcome


_outcomes: dict[str, str] = {}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table of cases: one line for each test function, with its number of variants."""
    cases: dict[tuple[str, str], list[str]] = {}
    for nodeid, outcome in _outcomes.items():
        path, _, name = nodeid.partition("::")
        group = Path(path).stem.removeprefix("test_").replace("_", " ")
        case = name.partition("[")[0].removeprefix("test_").replace("_", " ")
        cases.setdefault((group, case), []).append(outcome)
    if not cases:
        return
    terminalreporter.section("rotation: cases")
    width = max(len(case) for _, case in cases)
    for (group, case), outcomes in cases.items():
        passed = outcomes.count("passed")
        mark = "passed" if passed == len(outcomes) else "FAILED"
        terminalreporter.write_line(f"{group:<24} {case:<{width}}  {mark} {passed}/{len(outcomes)}")
    whole = sum(set(outcomes) == {"passed"} for outcomes in cases.values())
    terminalreporter.write_line(f"{whole} of {len(cases)} cases passed")


@pytest.fixture(scope="session")
def leaks() -> Leaks:
    return Leaks()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def authorities(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("certificates") / "authorities.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return file


@pytest.fixture(scope="session")
def secrets_manager() -> Iterator[AccurateSecretsManager]:
    with AccurateSecretsManager().installed() as accurate:
        yield accurate


@pytest.fixture(scope="session")
def aws(secrets_manager: AccurateSecretsManager) -> Iterator[str]:
    """The endpoint of the emulated AWS, for other processes; this one reaches it without a socket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with mock_aws():
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


def _world(
    major: int,
    log_statement: str,
    authority: trustme.CA,
    authorities: Path,
    secrets_manager: AccurateSecretsManager,
    leaks: Leaks,
) -> Iterator[World]:
    settings = {**OBSERVED, "log_statement": log_statement, **(FEWER_ROUNDS if major >= 16 else {})}
    with (
        clients() as client,
        PostgresServer(major=major, certificate=authority.issue_cert(HOST), settings=settings) as server,
        server.connect() as observer,
    ):
        world = World(
            server=server,
            observer=observer,
            master=server.create_master("platform_master", databases=[DATABASE]),
            secrets_manager=secrets_manager,
            client=client("secretsmanager"),
            cloudwatch=client("cloudwatch"),
            authorities=authorities,
            leaks=leaks,
        )
        world.execute("CREATE EXTENSION pg_stat_statements")
        leaks.add(world.master.password)

        def collect() -> None:
            statements = world.execute("SELECT query FROM pg_stat_statements")
            leaks.evidence.append((f"pg_stat_statements {major}", "\n".join(row[0] for row in statements)))
            leaks.evidence.append((f"server log {major}", server.log_file.read_text()))

        leaks.collectors.append(collect)
        yield world
        collect()
        leaks.collectors.remove(collect)


@pytest.fixture(scope="session")
def world_16(
    aws: str,
    authority: trustme.CA,
    authorities: Path,
    secrets_manager: AccurateSecretsManager,
    leaks: Leaks,
) -> Iterator[World]:
    yield from _world(16, "ddl", authority, authorities, secrets_manager, leaks)


@pytest.fixture
def world(world_16: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """PostgreSQL 16, without faults."""
    yield from _fresh(world_16, monkeypatch)


@pytest.fixture(scope="session", params=[15, 16, 17])
def any_session_world(
    request: pytest.FixtureRequest,
    aws: str,
    authority: trustme.CA,
    authorities: Path,
    secrets_manager: AccurateSecretsManager,
    leaks: Leaks,
) -> Iterator[World]:
    if request.param == 16:
        yield request.getfixturevalue("world_16")
    else:
        yield from _world(request.param, "all", authority, authorities, secrets_manager, leaks)


@pytest.fixture
def any_world(any_session_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Each supported major version in turn, without faults."""
    yield from _fresh(any_session_world, monkeypatch)


def _fresh(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("PGHOSTADDR", world.server.address)
    world.secrets_manager.calls.clear()
    world.secrets_manager.faults.clear()
    yield world
    world.secrets_manager.faults.clear()
    world.verifiers()
    # moto looks through all secrets at every call.
    world.secrets_manager.backend.secrets.clear()
