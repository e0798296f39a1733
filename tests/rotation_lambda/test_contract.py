"""The contract with Secrets Manager: steps, tokens and stages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from rotation import errors
from rotation_support.breaking import Breaker
from rotation_support.cases import alternating_again, single_first
from rotation_support.world import STEPS, Case, Context, World


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
    with pytest.raises(errors.BadEventError, match="Step must be one of"):
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
        with pytest.raises(errors.PendingVersionError, match="contains no password"):
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
