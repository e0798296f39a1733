"""What is refused before anything is touched: events, settings, secrets and their versions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rotation import errors
from rotation.events import parse_event
from rotation_support.breaking import Breaker
from rotation_support.world import STEPS, Case, World

TOKEN = "t" * 36

GOOD = {"SecretId": "s", "ClientRequestToken": TOKEN, "Step": "setSecret"}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "SecretId is missing; ClientRequestToken is missing; Step is missing"),
        (None, "not a JSON object but NoneType"),
        ([], "not a JSON object but list"),
        ("createSecret", "not a JSON object but str"),
        ({**GOOD, "SecretId": " "}, "SecretId is blank"),
        ({**GOOD, "SecretId": 7}, "SecretId is not a string"),
        ({**GOOD, "SecretId": "s" * 2049}, "SecretId has 2049 characters"),
        (
            {**GOOD, "ClientRequestToken": "t" * 31},
            "ClientRequestToken has 31 characters; allowed: 32 to 64",
        ),
        ({**GOOD, "ClientRequestToken": "t" * 65}, "ClientRequestToken has 65 characters"),
        ({**GOOD, "Step": "setsecret"}, "Step must be one of createSecret, setSecret, testSecret, finishSecret"),
        ({**GOOD, "Step": None}, "Step is missing"),
        ({**GOOD, "RotationToken": ""}, "RotationToken is blank"),
        ({**GOOD, "RotationToken": ["x"]}, "RotationToken is not a string"),
        ({"preflight": None}, "preflight is not a JSON object; SecretId is missing"),
        ({"preflight": {"SecretId": ""}}, "SecretId is blank"),
        ({"report": {}}, "SecretId is missing"),
        ({"preflight": {"SecretId": "s"}, "report": {"SecretId": "s"}}, "more than one thing"),
        ({**GOOD, "report": {"SecretId": "s"}}, "more than one thing"),
    ],
)
def test_bad_event_is_one_error_before_any_call(world: World, event: object, message: str) -> None:
    with pytest.raises(errors.BadEventError) as caught:
        world.handle(event)
    assert message in str(caught.value)
    assert world.secrets_manager.calls == []


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters()),  # of JSON: surrogates, too
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*GOOD, "preflight", "report"]), inner),
    )
)
def test_any_json_as_event_is_parsed_or_a_bad_event(event: object) -> None:
    try:
        assert parse_event(event).secret_id.strip()
    except errors.BadEventError as error:
        assert error.fault  # noqa: PT017 (both outcomes are right, a third would be raised)


def test_further_keys_of_an_event_are_ignored() -> None:
    assert parse_event({"preflight": {"SecretId": "s"}, "tf": {"action": "create"}}).secret_id == "s"


def test_rotation_not_enabled(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.secrets_manager.secret(case.arn).rotation_enabled = False
    _refused(case, errors.SecretStateError, "rotation is not enabled")


def test_secret_scheduled_for_deletion(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.client.delete_secret(SecretId=case.arn, RecoveryWindowInDays=7)
    _refused(case, errors.SecretStateError, "scheduled for deletion")


def test_secret_without_a_version(world: World) -> None:
    case = Case(world, world.client.create_secret(Name="without-a-version")["ARN"], TOKEN)
    secret = world.secrets_manager.secret(case.arn)
    secret.rotation_requested = secret.rotation_enabled = True
    _refused(case, errors.SecretStateError, "has no version")


def test_secret_without_a_current_version(world: World) -> None:
    case = world.alternating()
    case.begin()
    current = case.holder("AWSCURRENT")
    assert current is not None
    world.secrets_manager.versions(case.arn)[current]["version_stages"] = ["bootstrap"]
    _refused(case, errors.SecretStateError, "has no AWSCURRENT version")


def test_current_version_lost_after_the_event_was_checked(world: World) -> None:
    case = world.alternating()
    case.begin()

    def lose() -> None:
        current = case.holder("AWSCURRENT")
        assert current is not None
        world.secrets_manager.versions(case.arn)[current]["version_stages"] = ["bootstrap"]

    with pytest.raises(errors.SecretStateError, match="has no AWSCURRENT version"):
        case.broken("get_secret_value", ("createSecret",), lose)


def test_binary_secret(world: World) -> None:
    case = world.alternating()
    version = case.holder("AWSCURRENT")
    assert version is not None
    world.secrets_manager.put_version(case.arn, version, ["AWSCURRENT"], secret_binary="AAAA")
    case.begin()
    _refused(case, errors.BadSecretError, "is binary")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hunter2hunter2", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('"hunter2hunter2"', "JSON but no object"),
        ("[1]", "JSON but no object"),
        ("null", "JSON but no object"),
        ('{"host": "a", "host": "b"}', "has a key twice"),
    ],
)
def test_secret_that_is_no_json_object(world: World, text: str, message: str) -> None:
    world.leaks.add("hunter2hunter2")
    case = world.alternating()
    case.write(text)
    case.begin()
    _refused(case, errors.BadSecretError, message)


KEYS = ("engine", "host", "port", "dbname", "masterarn", "usernames", "role")


@pytest.mark.parametrize("key", KEYS)
def test_each_required_key_missing(world: World, key: str) -> None:
    case = world.alternating()
    missing: dict[str, Any] = {key: None}
    case.edit(**missing)
    case.begin()
    _refused(case, errors.BadSecretError, key)


def test_every_required_key_missing_is_one_error(world: World) -> None:
    case = world.single()
    case.write({})
    case.begin()
    with pytest.raises(errors.BadSecretError) as caught:
        case.step("createSecret")
    for key in ("engine", "host", "port", "dbname", "username", "password"):
        assert key in caught.value.fault


BAD_VALUES: list[tuple[str, Any]] = [
    ("engine", "mysql"),
    ("engine", ["postgres"]),
    *[("port", port) for port in ("five", 0, 99999, -1, 5432.5, 5432.0, True, "", "5432 ", "٥٤٣٢", [5432])],
    *[("host", host) for host in ("", " ", "db:5432", "a,b", "a b", "/tmp", "@x", "-a", 7, "x" * 254, "ä.test")],
    *[("dbname", name) for name in ("", "host=evil", "postgres://evil/x", "x" * 64, "a\0b", 7)],
    *[("masterarn", arn) for arn in ("", "master", 7, "arn:aws:iam::123456789012:user/x")],
    *[("usernames", names) for names in ("ab", [], ["a"], ["a", "a"], ["a", "b", "c"], ["a", 7], ["a", ""])],
    ("usernames", ["a", "x" * 64]),
    ("usernames", ["a", "ä" * 32]),
    ("usernames", ["a", "line\nbreak"]),
    ("usernames", ["a", "pg_monitor"]),
    ("usernames", ["a", "rds_superuser"]),
    ("role", "public"),
    ("role", ""),
    ("username", "neither_of_both"),
    ("username", 7),
    ("password", ""),
    ("password", 12345678),
    ("password", "a\0b"),
    ("password", "\ud800"),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_bad_value_names_its_key(world: World, key: str, value: object) -> None:
    case = world.alternating()
    changes: dict[str, Any] = {key: value}
    case.edit(**changes)
    case.begin()
    _refused(case, errors.BadSecretError, key)


def test_group_role_that_is_a_login_of_the_secret(world: World) -> None:
    case = world.alternating()
    case.edit(role=case.current()["usernames"][0])
    case.begin()
    _refused(case, errors.BadSecretError, "role must differ")


@pytest.mark.parametrize("port", [5432, "5432"])
def test_port_as_number_or_text_works(world: World, port: object) -> None:
    assert world.works(world.alternating(port=port).rotate())


def test_host_name_in_any_case_works(world: World) -> None:
    assert world.works(world.alternating(host="DB.Example.TEST").rotate())


@pytest.mark.parametrize("change", [{"username": None}, {"password": None}])
def test_master_secret_that_is_incomplete(world: World, change: dict[str, Any]) -> None:
    master = Case(world, world.master_secret())
    master.edit(**change)
    case = world.alternating(masterarn=master.arn)
    case.begin()
    _refused(case, errors.BadSecretError, f"{next(iter(change))} is missing")


def test_master_secret_that_does_not_exist(world: World) -> None:
    case = world.alternating(masterarn="arn:aws:secretsmanager:ca-central-1:123456789012:secret:no-aaaaaa")
    case.begin()
    _refused(case, errors.SecretStateError, "does not exist")


@pytest.mark.parametrize("text", ["", "not json", "{}", '{"engine": "postgres", "port": "x"}'])
def test_corrupt_pending_version_says_how_to_clear_it(world: World, text: str) -> None:
    case = world.alternating()
    case.rotate()
    case.begin()
    world.secrets_manager.put_version(case.arn, case.token, ["AWSPENDING"], secret_string=text)
    for step in STEPS:
        with case.unchanged(), pytest.raises(errors.PendingVersionError, match="update-secret-version-stage"):
            case.step(step)
    case.clear_pending()
    assert world.works(case.rotate())


def test_binary_pending_version(world: World) -> None:
    case = world.single()
    case.begin()
    world.secrets_manager.put_version(case.arn, case.token, ["AWSPENDING"], secret_binary="AAAA")
    _refused(case, errors.PendingVersionError, "is binary")


def test_first_version_with_a_user_name_and_without_a_password(world: World) -> None:
    case = world.alternating()
    names = case.current()["usernames"]
    case.edit(username=names[1])
    assert case.rotate()["username"] == names[1]
    assert case.rotate()["username"] == names[0]


def _refused(case: Case, kind: type[errors.RotationError], message: str) -> None:
    """createSecret is refused with this error, without a write and without a connection to the database."""
    breaker = Breaker()
    with breaker.database(), pytest.raises(kind) as caught:
        case.step("createSecret")
    assert message in str(caught.value)
    assert breaker.points == []
    assert "put_secret_value" not in [name for name, _ in case.world.secrets_manager.calls]
