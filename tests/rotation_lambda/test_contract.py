"""The contract with Secrets Manager: steps, tokens, stages, and faults in between."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rotation import errors, handler
from rotation_support.breaking import Breaker, Killed
from rotation_support.secrets_manager import Fault
from rotation_support.world import STEPS, Case, Context, World

Maker = Callable[[World], Case]


def alternating(world: World) -> Case:
    return world.alternating()


def alternating_again(world: World) -> Case:
    case = world.alternating()
    case.rotate()
    return case


def single(world: World) -> Case:
    return world.single()


def single_first(world: World) -> Case:
    """A single user that does not exist yet: the master makes it."""
    name = f"first{uuid.uuid4().hex[:8]}"
    return Case(world, world.secret({**world.facts(), "username": name, "masterarn": world.master_secret()}))


READ_ONLY = ("describe_secret", "get_secret_value", "connect", "SELECT", "SET ROLE")
"""After one of these the world is as before it, so dying then is the same as dying before it: one of the two
is enough.
"""


def test_empty_pending_four_steps_alternating(any_world: World) -> None:
    case = any_world.alternating(extra={"kept": True})
    first = case.rotate()
    second = case.rotate()
    assert first["username"] == second["usernames"][0]
    assert second["username"] == second["usernames"][1]
    assert second["extra"] == {"kept": True}
    assert any_world.works(first)
    assert any_world.works(second)


def test_empty_pending_four_steps_single(any_world: World) -> None:
    case = any_world.single()
    before = case.current()
    after = case.rotate()
    assert after["kept"] == before["kept"]
    assert any_world.works(after)
    assert not any_world.works(before)


def test_single_user_first_password_from_master(any_world: World) -> None:
    case = single_first(any_world)
    first = case.rotate()
    assert any_world.works(first)
    second = case.rotate()
    assert not any_world.works(first)
    assert any_world.works(second)


def test_single_user_recovers_through_master(any_world: World) -> None:
    case = any_world.single(with_master=True)
    any_world.create_login(case.current()["username"], "changed-by-someone")
    assert any_world.works(case.rotate())


def test_rotation_token_goes_to_put_secret_value(world: World) -> None:
    case = world.alternating()
    case.rotate()
    (put,) = [call for name, call in world.secrets_manager.calls if name == "put_secret_value"]
    assert put["RotationToken"] == f"rotation-token-{case.token}"
    assert (put["ClientRequestToken"], put["VersionStages"]) == (case.token, ["AWSPENDING"])


def test_no_rotation_token_none_is_sent(world: World) -> None:
    case = world.alternating()
    case.begin()
    event = case.event("createSecret")
    del event["RotationToken"]
    world.handle(event)
    (put,) = [call for name, call in world.secrets_manager.calls if name == "put_secret_value"]
    assert "RotationToken" not in put


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
        "application = Application(secrets_manager=lambda: client, cloudwatch=lambda: None, environment={},"
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


def test_token_without_a_stage(world: World) -> None:
    case = alternating_again(world)
    world.secrets_manager.versions(case.arn)["0" * 36] = {"version_stages": [], "version_id": "0" * 36}
    case.token = "0" * 36
    _refused_without_connection(case, "not labelled AWSPENDING")


def test_unknown_token(world: World) -> None:
    case = alternating_again(world)
    case.token = str(uuid.uuid4())
    _refused_without_connection(case, "is unknown")


def test_pending_label_stuck_on_another_version(world: World) -> None:
    case = alternating_again(world)
    stuck = case.begin()
    case.token = str(uuid.uuid4())
    world.secrets_manager.versions(case.arn)[case.token] = {
        "version_stages": ["AN_OTHER"],
        "version_id": case.token,
    }
    _refused_without_connection(case, f"version {stuck} holds that label")


def _refused_without_connection(case: Case, message: str) -> None:
    breaker = Breaker()
    with breaker.database():
        for step in STEPS:
            with pytest.raises(errors.PendingVersionError, match=message):
                case.step(step)
    assert breaker.points == []


def test_unknown_secret(world: World) -> None:
    case = Case(world, "arn:aws:secretsmanager:ca-central-1:123456789012:secret:nothing-abcdef", "t" * 36)
    with pytest.raises(errors.SecretStateError, match="ResourceNotFoundException"):
        world.handle(case.event("createSecret"))


def test_token_already_current_is_success_without_work(world: World) -> None:
    case = alternating_again(world)
    with case.unchanged():
        for step in STEPS:
            world.secrets_manager.calls.clear()
            assert case.step(step) == {"outcome": "already current"}
            assert [name for name, _ in world.secrets_manager.calls] == ["describe_secret"]
    with pytest.raises(errors.BadEventError, match="Step is none of"):
        case.step("dropSecret")


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_step_with_an_empty_pending_version_is_refused(world: World, step: str) -> None:
    case = alternating_again(world)
    case.begin()
    with case.unchanged(), pytest.raises(errors.PendingVersionError, match="createSecret has not run"):
        case.step(step)


def test_finish_before_set_ran_is_refused(any_world: World) -> None:
    case = alternating_again(any_world)
    case.begin()
    case.step("createSecret")
    with case.unchanged(), pytest.raises(errors.AuthenticationRefusedError):
        case.step("finishSecret")


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


def test_single_user_falls_back_to_awsprevious(world: World) -> None:
    case = world.single()
    before = case.current()
    case.rotate()
    world.create_login(before["username"], before["password"])
    assert world.works(case.rotate())


def test_rotate_immediately_false_changes_nothing(any_world: World) -> None:
    for case in (alternating_again(any_world), any_world.single()):
        case.begin(immediately=False)
        with case.unchanged():
            case.step("testSecret")


def test_rotate_immediately_false_on_a_first_version(world: World) -> None:
    case = world.alternating()
    case.begin(immediately=False)
    with case.unchanged():
        case.step("testSecret")
        with pytest.raises(errors.PendingVersionError, match="holds no password"):
            case.step("finishSecret")


def test_copy_of_current_as_pending_is_not_promoted(world: World) -> None:
    case = world.single()
    case.begin(immediately=False)
    for step in ("createSecret", "setSecret", "finishSecret"):
        with case.unchanged(), pytest.raises(errors.PendingVersionError, match="copy of AWSCURRENT"):
            case.step(step)


@pytest.mark.parametrize(
    "change",
    [
        {"host": "other.example.test"},
        {"port": 5433},
        {"dbname": "other"},
        {"role": "other_owner"},
        {"engine": "aurora-postgresql"},
        {"masterarn": "arn:aws:secretsmanager:ca-central-1:123456789012:secret:other-abcdef"},
    ],
)
def test_current_edited_between_the_steps_is_refused(world: World, change: dict[str, Any]) -> None:
    case = alternating_again(world)
    case.begin()
    case.step("createSecret")
    case.edit(**change)
    for step in STEPS[1:]:
        with (
            case.unchanged(),
            pytest.raises(errors.RotationError, match=f"differ in {next(iter(change))}") as caught,
        ):
            case.step(step)
        assert type(caught.value) is errors.SecretMismatchError


def test_current_replaced_by_its_other_login_between_the_steps_is_refused(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.step("createSecret")
    case.edit(username=case.current()["usernames"][1])
    with case.unchanged(), pytest.raises(errors.SecretMismatchError, match="the next login after AWSCURRENT"):
        case.step("setSecret")


def test_port_written_as_text_between_the_steps_is_the_same(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.step("createSecret")
    case.edit(port=str(case.current()["port"]), host=case.current()["host"].upper())
    case.steps(*STEPS[1:])
    assert world.works(case.current())


@pytest.mark.parametrize("previous", ["not json", "{}", '{"engine": "postgres"}'])
def test_malformed_awsprevious_is_ignored(world: World, previous: str) -> None:
    case = world.single()
    case.rotate()
    case.write(previous, "AWSPREVIOUS")
    world.create_login(case.current()["username"], "changed-by-someone")
    case.begin()
    case.step("createSecret")
    with pytest.raises(errors.AuthenticationRefusedError, match="password authentication failed"):
        case.step("setSecret")


def test_previous_of_another_host_is_not_tried(world: World) -> None:
    case = world.single()
    case.rotate()
    case.edit("AWSPREVIOUS", host="elsewhere.example.test")
    world.create_login(case.current()["username"], "changed-by-someone")
    case.begin()
    breaker = Breaker()
    with breaker.database(), pytest.raises(errors.AuthenticationRefusedError):
        case.steps("createSecret", "setSecret")
    # The pending login, the current one, and the pending one again in case another invocation was faster.
    assert breaker.points.count("connect") == 3


def test_warm_container_serving_two_secrets_in_turn(world: World) -> None:
    blue, green = world.alternating(), world.single()
    warm = world.application()
    blue.begin()
    green.begin()
    for step in STEPS:
        for case in (blue, green):
            assert warm.handle(case.event(step), Context()) == {"outcome": "done"}
    assert world.works(blue.current())
    assert world.works(green.current())
    assert blue.current()["password"] != green.current()["password"]


def test_awspending_ends_on_no_other_version(world: World) -> None:
    case = alternating_again(world)
    for _ in range(3):
        case.rotate()
        assert case.holder("AWSPENDING") in (None, case.token)
        assert len(world.secrets_manager.versions(case.arn)) == 2


def test_60_of_60_concurrent_calls_with_one_token_end_consistent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    succeeded = 0
    for make in (alternating, alternating_again, single):
        case = make(world)
        case.begin()
        case.step("createSecret")
        together = threading.Barrier(20)

        def call(_: int, case: Case = case, together: threading.Barrier = together) -> bool:
            together.wait()
            world.application().handle(case.event("setSecret"), Context())
            return True

        with ThreadPoolExecutor(20) as pool:
            succeeded += sum(pool.map(call, range(20)))
        assert world.works(case.document("AWSPENDING"))
        case.steps("testSecret", "finishSecret")
        assert world.works(case.current())
    world.leaks.evidence.append(("log", capsys.readouterr().out))
    assert succeeded == 60


def test_concurrent_create_with_one_token_writes_one_value(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = alternating_again(world)
    case.begin()
    together = threading.Barrier(8)

    def call(_: int) -> object:
        together.wait()
        return world.application().handle(case.event("createSecret"), Context())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [{"outcome": "done"}] * 8
    world.leaks.evidence.append(("log", capsys.readouterr().out))
    case.steps(*STEPS[1:])
    assert world.works(case.current())


def test_resource_exists_means_read_again(world: World) -> None:
    """Another invocation writes its value between this one's look and its write."""
    case = alternating_again(world)
    case.begin()
    other: list[str] = []

    def write_first() -> None:
        case.step("createSecret")
        other.append(case.document("AWSPENDING")["password"])

    case.broken("put_secret_value", ("createSecret",), write_first)
    assert case.document("AWSPENDING")["password"] == other[0]


def test_stage_moved_by_another_invocation_counts(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:3])
    case.broken("update_secret_version_stage", ("finishSecret",), lambda: case.steps("finishSecret"))
    assert case.holder("AWSCURRENT") == case.token


def test_stage_moved_just_before_finish_counts(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:3])
    # The last describe_secret of finishSecret finds the work of the other invocation.
    seen = case.broken("SELECT session_user", ("finishSecret",), lambda: case.steps("finishSecret"))
    assert "update_secret_version_stage" not in seen.points
    assert case.holder("AWSCURRENT") == case.token


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


def test_log_record_of_a_step(world: World) -> None:
    case = world.alternating()
    case.begin()
    case.step("createSecret")
    record = world.log_record(case.event("setSecret"))
    assert record | {"elapsed_ms": 0} == {
        "step": "setSecret",
        "secret": case.arn,
        "token": case.token,
        "outcome": "done",
        "class": None,
        "retryable": None,
        "elapsed_ms": 0,
        "changes": record["changes"],
    }
    assert f"set the password of {case.document('AWSPENDING')['username']}" in record["changes"]


def test_log_record_of_a_failure_cannot_be_forged(world: World) -> None:
    forged = 'x\n{"step": "setSecret", "outcome": "done"}'
    record = world.log_record({"SecretId": forged, "ClientRequestToken": "t" * 36, "Step": "setSecret"})
    assert (record["secret"], record["outcome"]) == (forged, "failed")
    assert (record["class"], record["retryable"]) == ("SecretStateError", False)


def test_defect_in_the_function_shows_no_text(world: World) -> None:
    class Broken:
        def describe_secret(self, **_: Any) -> dict[str, Any]:
            raise KeyError("hunter2-hunter2")

    world.leaks.add("hunter2-hunter2")
    with pytest.raises(errors.InternalError, match=r"unexpected KeyError in test_contract\.py:\d+"):
        world.handle({"report": {"SecretId": "x"}}, client=Broken())


@pytest.mark.parametrize("operation", ["describe_secret", "get_secret_value", "put_secret_value"])
def test_throttling_is_retried_inside_the_budget(world: World, operation: str) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault(operation, "ThrottlingException", times=4))
    case.rotate()
    assert world.secrets_manager.faults[0].times == 0


def test_throttling_without_end_is_an_error(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.secrets_manager.faults.append(Fault("describe_secret", "ThrottlingException"))
    with pytest.raises(errors.ThrottledError):
        case.step("createSecret")
    assert len(world.secrets_manager.calls) == 6


def test_throttling_is_not_retried_when_time_is_up(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.secrets_manager.faults.append(Fault("describe_secret", "ThrottlingException"))
    with pytest.raises(errors.ThrottledError):
        case.step("createSecret", context=Context(1_200))
    assert len(world.secrets_manager.calls) == 1


def test_internal_service_error_is_retried(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(
        Fault("update_secret_version_stage", "InternalServiceError", status=500, times=2)
    )
    case.rotate()


@pytest.mark.parametrize("code", ["AccessDeniedException", "DecryptionFailure"])
def test_policy_or_kms_denies_a_read(world: World, code: str) -> None:
    _denied(alternating_again(world), "createSecret", Fault("get_secret_value", code))


@pytest.mark.parametrize("code", ["AccessDeniedException", "EncryptionFailure"])
def test_policy_or_kms_denies_a_write(world: World, code: str) -> None:
    _denied(alternating_again(world), "createSecret", Fault("put_secret_value", code))


def test_policy_denies_only_the_final_stage_change(world: World) -> None:
    fault = Fault("update_secret_version_stage", "AccessDeniedException")
    _denied(alternating_again(world), "finishSecret", fault)


def test_policy_denies_only_the_master_secret(world: World) -> None:
    case = alternating_again(world)
    master = case.current()["masterarn"]
    fault = Fault("get_secret_value", "AccessDeniedException", when=lambda call: call["SecretId"] == master)
    _denied(case, "createSecret", fault)


def _denied(case: Case, step: str, fault: Fault) -> None:
    """A clear error, nothing changed by the step; after the policy was corrected the replay completes."""
    case.begin()
    case.steps(*STEPS[: STEPS.index(step)])
    case.world.secrets_manager.faults.append(fault)
    with case.unchanged(), pytest.raises(errors.AccessDeniedError, match=fault.operation) as caught:
        case.step(step)
    assert fault.code in str(caught.value)
    case.world.secrets_manager.faults.clear()
    case.steps(*STEPS)
    assert case.world.works(case.current())


def test_age_report_is_a_metric(world: World) -> None:
    case = alternating_again(world)
    answer = world.handle({"report": {"SecretId": case.arn}})
    assert answer == {"secret": case.arn, "days_since_rotation": 0.0, "rotated": True}
    now = datetime.datetime.now(datetime.UTC)
    found = world.cloudwatch.get_metric_statistics(
        Namespace="SecretRotation",
        MetricName="DaysSinceRotation",
        Dimensions=[{"Name": "SecretArn", "Value": case.arn}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=86_400,
        Statistics=["Maximum"],
    )
    assert [point["Maximum"] for point in found["Datapoints"]] == [0.0]


def test_age_report_of_a_secret_never_rotated_counts_from_its_creation(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.secret(case.arn).created_date -= 40 * 86_400  # type: ignore[operator]
    answer = world.handle({"report": {"SecretId": case.arn}})
    assert answer["rotated"] is False
    assert answer["days_since_rotation"] == pytest.approx(40, abs=0.01)


def test_age_report_without_any_date(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.secret(case.arn).created_date = None
    with pytest.raises(errors.SecretStateError, match="neither a rotation date"):
        world.handle({"report": {"SecretId": case.arn}})


def test_shipped_entry_point(world: World, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real `handler`, with its own clients: it refuses the embedded server, whose authority is not
    RDS's.
    """

    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    case = world.alternating()
    assert handler.handler({"report": {"SecretId": case.arn}}, Context())["secret"] == case.arn
    case.begin()
    handler.handler(case.event("createSecret"), Context())
    with case.unchanged(), pytest.raises(errors.TlsError):
        handler.handler(case.event("setSecret"), Context())
    assert handler._secrets_manager() is handler._secrets_manager()
