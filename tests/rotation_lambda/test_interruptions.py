"""Killed, cut off or out of time at any point: a replay completes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from rotation import errors
from rotation_support.breaking import Breaker, Killed
from rotation_support.cases import Maker, alternating, alternating_again, single, single_first
from rotation_support.world import STEPS, Context, World

READ_ONLY = ("describe_secret", "get_secret_value", "connect", "SELECT", "SET ROLE")
"""After one of these the world is as before it, so dying then is the same as dying before it: one of the two
is enough.
"""


@pytest.mark.parametrize("make", [alternating, alternating_again, single, single_first])
def test_killed_between_any_two_statements_replay_completes(world: World, make: Maker) -> None:
    case = make(world)
    points = case.broken_rotation(None).points
    assert {"connect", "commit", "put_secret_value", "update_secret_version_stage"} <= set(points)
    for number, _ in enumerate(points):
        if number and points[number - 1].startswith(READ_ONLY):
            continue
        if make in (alternating, single_first):
            case = make(world)
        before = case.current()
        with pytest.raises(Killed):
            case.broken_rotation(number)
        again = case.broken_rotation(None, begin=False)
        assert case.holder("AWSCURRENT") == case.token
        assert world.works(case.current()), points[number]
        if make is alternating_again:
            assert world.works(before), points[number]
        if "commit" in points[:number]:
            assert "commit" not in again.points, f"a second change after {points[number]}"


@pytest.mark.parametrize(
    ("where", "steps"),
    [
        ("commit", STEPS[1:]),
        ("update_secret_version_stage", STEPS[3:]),
    ],
)
def test_killed_by_the_system_replay_completes(world: World, aws: str, where: str, steps: tuple[str, ...]) -> None:
    """A real process that ends without running any handler: no rollback is sent, no connection closed."""
    case = alternating_again(world)
    case.begin()
    case.steps(*[step for step in STEPS if step not in steps])
    script = (
        "import json, os, sys; from pathlib import Path\n"
        "import boto3; from rotation.aws import CLIENT_CONFIG; from rotation.handler import Application\n"
        "from rotation_support.breaking import Breaker; from rotation_support.world import Context\n"
        "breaker = Breaker(sys.argv[1], lambda: os._exit(9))\n"
        "client = breaker.client(boto3.client('secretsmanager', config=CLIENT_CONFIG))\n"
        "application = Application(client=lambda _: client,"
        " authorities=Path(sys.argv[2]))\n"
        "with breaker.database():\n"
        "    for event in json.load(sys.stdin): application.handle(event, Context())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, where, str(world.authorities)],
        input=json.dumps([case.event(step) for step in steps]),
        env={**os.environ, "AWS_ENDPOINT_URL": aws, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    world.leaks.evidence.append(("log", done.stdout + done.stderr))
    assert done.returncode == 9, done.stderr
    case.steps(*STEPS)
    assert world.works(case.current())
    assert case.holder("AWSCURRENT") == case.token


def test_killed_after_the_commit_replay_makes_no_second_change(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps("createSecret", "setSecret")
    name = case.document("AWSPENDING")["username"]
    verifier = world.verifiers()[name]
    case.steps(*STEPS)
    assert world.verifiers()[name] == verifier


@pytest.mark.parametrize("make", [alternating_again, lambda world: world.single(with_master=True)])
def test_pending_removed_after_the_database_was_changed(any_world: World, make: Maker) -> None:
    case = make(any_world)
    case.begin()
    case.steps("createSecret", "setSecret")
    case.clear_pending()
    assert any_world.works(case.rotate())


def test_pending_removed_single_user_without_master_says_what_to_do(world: World) -> None:
    case = world.single()
    case.begin()
    case.steps("createSecret", "setSecret")
    case.clear_pending()
    case.begin()
    case.step("createSecret")
    with case.unchanged(), pytest.raises(errors.AuthenticationRefusedError, match="add masterarn"):
        case.step("setSecret")


def test_too_little_time_left_starts_no_change(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.step("createSecret")
    with case.unchanged(), pytest.raises(errors.OutOfTimeError, match="connecting"):
        case.step("setSecret", context=Context(3_000))
    context = Context()
    breaker = Breaker("SET ROLE NONE", lambda: setattr(context, "milliseconds", 2_500))
    changing = pytest.raises(errors.OutOfTimeError, match="changing the password")
    with case.unchanged(), breaker.database(), changing:
        case.step("setSecret", context=context)


def test_connection_that_breaks_in_the_middle(world: World) -> None:
    case = world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")

    def terminate() -> None:
        world.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'secret-rotation'"
        )

    for point in ("SET ROLE NONE", "large object", "DO ", "commit"):
        with pytest.raises(errors.DatabaseUnavailableError):
            case.broken(point, ("setSecret",), terminate)
    case.steps(*STEPS[1:])
    assert world.works(case.current())
