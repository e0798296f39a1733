"""What an operator writes into AWSCURRENT during a rotation is never lost, and no byte of a secret changes unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rotation import errors
from rotation.secret import MAX_SECRET_BYTES, Login, parse_secret
from rotation_support.cases import alternating_again
from rotation_support.world import STEPS, Case, World


def put(case: Case, **changes: Any) -> str:
    """A new version of AWSCURRENT, as `put-secret-value` makes it."""
    text = json.dumps({key: value for key, value in {**case.current(), **changes}.items() if value is not None})
    put_text(case, text)
    return text


def put_text(case: Case, text: str) -> None:
    case.world.leaks.add_document(text)
    case.world.client.put_secret_value(SecretId=case.arn, SecretString=text)


CHANGES: list[dict[str, Any]] = [
    {"host": "other.example.test"},
    {"added": "field"},
    {"extra": {"kept": False}},
    {"extra": None},
    {"number": 2},
    {"number": "1"},
    {"flag": 1},
]


@pytest.mark.parametrize(
    ("make", "change", "after"),
    [
        *[(World.alternating, change, 1) for change in CHANGES],
        *[(World.single, change, after) for change in CHANGES[:2] for after in range(3)],
        *[(World.alternating, CHANGES[1], after) for after in (0, 2)],
    ],
)
def test_edit_of_another_key_stops_the_rotation(
    world: World, make: Callable[..., Case], change: dict[str, Any], after: int
) -> None:
    case = make(world, extra={"kept": True}, number=1, flag=True)
    case.rotate()
    before = world.secrets_manager.value(case.arn, "AWSCURRENT")
    case.begin()
    case.steps(*STEPS[: after + 1])
    edited = put(case, **change)
    for step in STEPS[after + 1 :]:
        with pytest.raises(errors.SecretMismatchError, match=f"differ in {next(iter(change))}"):
            case.step(step)
    assert world.secrets_manager.value(case.arn, "AWSCURRENT") == edited
    # Taken back, the rotation completes, and can be edited again: so says the error.
    put_text(case, before)
    case.steps(*STEPS)
    assert case.holder("AWSCURRENT") == case.token
    assert world.works(case.current())
    put(case, added="after")
    assert case.rotate()["added"] == "after"


def test_cleared_the_next_rotation_keeps_the_edit(world: World) -> None:
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:2])
    put(case, added="field")
    with pytest.raises(errors.SecretMismatchError, match="remove the label AWSPENDING"):
        case.step("testSecret")
    case.clear_pending()
    assert case.rotate()["added"] == "field"
    assert world.works(case.current())


@pytest.mark.parametrize("point", ["connect", "SELECT session_user", "describe_secret", "update_secret_version_stage"])
def test_edit_in_the_last_moment_of_the_last_step(world: World, point: str) -> None:
    """AWS moves the label from the version that was compared, and from no other."""
    case = alternating_again(world)
    case.begin()
    case.steps(*STEPS[:3])
    edited: list[str] = []
    with pytest.raises(errors.SecretMismatchError, match=r"added|moved from version"):
        case.broken(point, ("finishSecret",), lambda: edited.append(put(case, added="field")))
    assert world.secrets_manager.value(case.arn, "AWSCURRENT") == edited[0]
    assert case.holder("AWSCURRENT") != case.token


def test_edit_with_the_same_content_is_none(world: World) -> None:
    """Laid out in another way, or with the words of another JSON writer."""
    case = world.alternating(extra={"é": [1, 2]})
    case.rotate()
    case.begin()
    case.steps(*STEPS[:2])
    put_text(case, json.dumps(case.current(), indent=2, ensure_ascii=False))
    case.steps(*STEPS[2:])
    assert case.holder("AWSCURRENT") == case.token


ODD = '\r\n {"a\\u0041" : 1e400,\t"big":123456789012345678901234567890, "deep": {"password": "1", "username" : 2.50},'
ODD += ' "escapes": "\\u00e9\\/é\\ud83d", "false":false ,'


def test_bytes_of_a_secret_are_kept(world: World) -> None:
    case = world.single()
    facts = json.dumps(case.current())[1:]
    case.write(ODD + facts + "\n ")
    before = case.current()
    case.rotate()
    text = world.secrets_manager.value(case.arn, "AWSCURRENT")
    after = case.current()
    assert text == ODD + facts.replace(before["password"], after["password"]) + "\n "
    assert "Infinity" not in text
    assert world.works(after)


def test_login_is_added_at_the_end(world: World) -> None:
    case = world.alternating()
    text = world.secrets_manager.value(case.arn, "AWSCURRENT")
    case.write(text[:-1] + "\n}\n")
    case.rotate()
    login = {key: case.current()[key] for key in ("username", "password")}
    expected = f"{text[:-1]}, {json.dumps(login)[1:-1]}\n}}\n"
    assert world.secrets_manager.value(case.arn, "AWSCURRENT") == expected


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_are_no_json_are_refused(world: World, constant: str) -> None:
    case = world.single()
    case.write(f'{{"a": {constant}, ' + json.dumps(case.current())[1:])
    case.begin()
    with pytest.raises(errors.BadSecretError, match="is not JSON"):
        case.step("createSecret")


def test_numbers_keep_apart_what_python_takes_for_equal() -> None:
    text = '{"engine": "postgres", "host": "h", "port": 5432, "dbname": "d", "username": "u", "password": "p", "n": %s}'
    values = ["1", "1.0", "true", '"1"', "1e400", "1e500", "123456789012345678901", "123456789012345678902"]
    secrets = [parse_secret(text % value, "AWSCURRENT") for value in values]
    for one in secrets:
        assert [other for other in secrets if not one.differences(other)] == [one]


def test_secret_of_nearly_the_largest_size_rotates(world: World) -> None:
    """Non-ASCII text has one size in the secret and would have three times that, written with escapes."""
    case = world.single(filler="é" * 32_000)
    case.write(json.dumps(case.current(), ensure_ascii=False))
    case.edit()
    case.write(json.dumps(case.current(), ensure_ascii=False))
    case.rotate()
    assert len(world.secrets_manager.value(case.arn, "AWSCURRENT").encode()) < MAX_SECRET_BYTES


def test_secret_that_would_grow_too_large_is_refused_in_time(world: World) -> None:
    case = world.alternating(filler="")
    room = MAX_SECRET_BYTES - len(json.dumps(case.current()))
    case.edit(filler="x" * room)
    message = f"bytes, AWS allows {MAX_SECRET_BYTES}"
    with pytest.raises(errors.BadSecretError, match=message):
        world.handle({"preflight": {"SecretId": case.arn}})
    case.begin()
    with case.unchanged(), pytest.raises(errors.BadSecretError, match=message):
        case.step("createSecret")
    assert "put_secret_value" not in [name for name, _ in world.secrets_manager.calls]
    case.edit(filler="x" * (room - 200))
    case.steps(*STEPS)
    assert world.works(case.current())


def test_size_is_that_of_utf8() -> None:
    text = '{"engine": "postgres", "host": "h", "port": 5432, "dbname": "d", "username": "ü", "password": "p"}'
    secret = parse_secret(text, "AWSCURRENT")
    assert secret.rotated(Login("ü", "neu")) == text.replace('"p"', '"neu"')
