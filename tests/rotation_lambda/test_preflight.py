"""The preflight finds what would break a rotation, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rotation import errors
from rotation_support.secrets_manager import Fault
from rotation_support.world import Case, World


def test_preflight_finds_everything_in_order(any_world: World) -> None:
    case = any_world.alternating()
    event = {"preflight": {"SecretId": case.arn}}
    with case.unchanged():
        answer: Any = any_world.handle(event)
    assert answer["preflight"] == "passed"
    names = ["secrets_manager", "secret", "dns", "tcp", "tls", "master_login", "master_privileges"]
    assert [finding["check"] for finding in answer["findings"]] == names
    assert json.loads(json.dumps(answer)) == answer
    case.rotate()
    with case.unchanged():
        again: Any = any_world.handle(event)
    assert [finding["check"] for finding in again["findings"]] == [*names, "current_login"]


def test_preflight_of_a_single_user(world: World) -> None:
    case = world.single()
    answer: Any = world.handle({"preflight": {"SecretId": case.arn}})
    names = [finding["check"] for finding in answer["findings"]]
    assert names == ["secrets_manager", "secret", "dns", "tcp", "tls", "current_login"]
    world.alter(case.current()["username"], "CREATEDB")
    with pytest.raises(errors.RoleRefusedError):
        world.handle({"preflight": {"SecretId": case.arn}})


def _no_createrole(world: World, _: Case) -> None:
    world.execute(f"ALTER ROLE {world.master.name} NOCREATEROLE")


def _no_password(world: World, case: Case) -> None:
    Case(world, case.current()["masterarn"]).edit(password="not-the-masters-password")


def _no_host(_: World, case: Case) -> None:
    case.edit(host="other.example.test")


def _no_database(_: World, case: Case) -> None:
    case.edit(dbname="no_such_database")


def _no_port(_: World, case: Case) -> None:
    case.edit(port="x")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_no_createrole, errors.PermissionDeniedError),
        (_no_password, errors.AuthenticationRefusedError),
        (_no_host, errors.HostNameMismatchError),
        (_no_database, errors.DatabaseMissingError),
        (_no_port, errors.BadSecretError),
    ],
)
def test_preflight_raises_on_the_first_thing_that_would_break_rotation(
    world: World, damage: Callable[[World, Case], None], kind: type[errors.RotationError]
) -> None:
    case = world.alternating()
    damage(world, case)
    try:
        with case.unchanged(), pytest.raises(errors.RotationError) as caught:
            world.handle({"preflight": {"SecretId": case.arn}})
        assert type(caught.value) is kind
    finally:
        world.execute(f"ALTER ROLE {world.master.name} CREATEROLE")


def test_preflight_of_a_secret_that_does_not_exist(world: World) -> None:
    with pytest.raises(errors.SecretStateError):
        world.handle({"preflight": {"SecretId": "nothing"}})


def test_preflight_waits_for_permissions_that_were_just_attached(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault("describe_secret", "AccessDeniedException", times=5))
    assert world.handle({"preflight": {"SecretId": case.arn}})["preflight"] == "passed"


def test_preflight_without_permission_is_denied_in_the_end(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault("describe_secret", "AccessDeniedException"))
    with pytest.raises(errors.AccessDeniedError):
        world.handle({"preflight": {"SecretId": case.arn}})
