"""Secrets in the states that several tests start from, and refusals that several expect."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from psycopg2 import sql

from rotation import errors
from rotation_support.world import STEPS, Case, World

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


def prepared(world: World) -> Case:
    """An alternating secret in its second rotation, before setSecret."""
    case = world.alternating()
    case.rotate()
    case.begin()
    case.step("createSecret")
    return case


def refused(case: Case, kind: type[errors.RotationError], **options: Any) -> None:
    """Every step that connects is refused with exactly this class; nothing changed."""
    for step in STEPS[1:]:
        with case.unchanged(), pytest.raises(errors.RotationError) as caught:
            case.step(step, **options)
        assert type(caught.value) is kind, caught.value


def refused_set(case: Case, kind: type[errors.RotationError], **options: Any) -> errors.RotationError:
    """setSecret is refused with exactly this class; nothing changed."""
    with case.unchanged(), pytest.raises(errors.RotationError) as caught:
        case.step("setSecret", **options)
    assert type(caught.value) is kind, caught.value
    return caught.value


def refused_rotation(case: Case, kind: type[errors.RotationError], message: str) -> None:
    """A new rotation is refused by setSecret, with nothing changed in the database."""
    case.begin()
    case.step("createSecret")
    with case.unchanged(), pytest.raises(kind) as caught:
        case.step("setSecret")
    assert message in str(caught.value)


def as_master(world: World, statement: sql.Composable) -> None:
    with world.server.connect(world.master) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
