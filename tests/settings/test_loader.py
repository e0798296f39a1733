"""How an environment is put together from its tier and its file, and which file a fault is said to be in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from settings_files import SettingsFiles, settings_text

from settings import Environment, environment_names, load
from settings.environment import Tier
from settings.faults import _model_in, from_pydantic
from settings.loader import DIRECTORY, _merge


def test_every_fault_of_a_file_is_said_at_once_one_line_each(tmp_path: Path) -> None:
    # GIVEN a file with a fault of each sort: key, type, value, rule, demand and another file's network
    files = SettingsFiles(tmp_path)
    files.write("shop-prod", settings_text({"network.cidr": '"10.20.64.0/18"'}, "production"))
    changes = {
        "regoin": '"x"',
        "account_id": "111111111111",
        "zones": '["eu-west-1a", "eu-west-1b"]',
        "protected": "false",
        "database.instances": '"2"',
        "service.memory_mb": "512",
        "api.plans.default.clients": None,
    }
    files.write("iot-prod", settings_text(changes, "production"))

    # WHEN it is loaded
    faults = files.faults("iot-prod")

    # THEN each has its line
    assert sorted(fault.split(";")[0].removeprefix("iot-prod.toml: ") for fault in faults) == [
        "account_id = 111111111111",
        "api.plans.default.clients is missing",
        'database.instances = "2"',
        'network.cidr = "10.20.0.0/16"',
        "protected = false",
        "regoin is unknown",
        "service.memory_mb = 512",
        'zones = ["eu-west-1a", "eu-west-1b"]',
    ]
    assert all("\n" not in fault for fault in faults)


@pytest.mark.parametrize("tier", [None, '"staging"'])
def test_without_a_tier_the_faults_of_the_file_itself_are_still_said(tier: str | None, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot", settings_text({"tier": tier, "account_id": '"1"', "zones": '["eu-west-1a", "eu-west-1b"]'}))

    keys = [fault.split(": ", 1)[1].split(" ")[0] for fault in files.faults("iot")]

    assert keys == ["the", "tier", "account_id", "zones"]


def test_a_fault_in_a_tier_file_is_said_to_be_there(tmp_path: Path) -> None:
    # GIVEN a tier file with a wrong value and an unknown key
    files = SettingsFiles(tmp_path)
    tier = tmp_path / "tiers" / "development.toml"
    tier.write_text(tier.read_text().replace("retention_days = 7\n", "retention_days = 8\nretention = 7\n", 1))
    files.write("iot-dev", settings_text({}))

    # THEN its faults are its own
    assert files.faults("iot-dev") == [
        "tiers/development.toml: logs.retention_days = 8; allowed: a number of days that CloudWatch Logs supports "
        "(1, 3, 5, 7, 14, 30, 60, 90, ..., 365, ..., 3653); correct the value",
        "tiers/development.toml: logs.retention is unknown; allowed: the keys retention_days; "
        "did you mean retention_days?",
    ]

    # BUT a value that the environment states itself is the environment's
    files.write("iot-dev", settings_text({"logs.retention_days": "9"}))
    assert [fault.split(" ")[0:3] for fault in files.faults("iot-dev")] == [
        ["iot-dev.toml:", "logs.retention_days", "="],
        ["tiers/development.toml:", "logs.retention", "is"],
    ]


def test_a_tier_file_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    (tmp_path / "tiers" / "development.toml").write_text("=")
    files.write("iot-dev", settings_text({}))

    assert files.faults("iot-dev") == [
        'tiers/development.toml: the file = "Invalid statement (at line 1, column 1)"; allowed: TOML 1.0 in UTF-8; '
        "correct the line named"
    ]


def test_networks_of_two_environments_must_not_overlap(tmp_path: Path) -> None:
    # GIVEN two environments, one network inside the other, a broken third file and a fourth that is none
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({}))
    files.write("shop-dev", settings_text({"network.cidr": '"10.20.4.0/22"'}))
    files.write("other-dev", "cidr =")
    (tmp_path / "gone-dev.toml").symlink_to(tmp_path / "nowhere")

    # THEN each is told of the other, and the broken file only of itself
    assert files.faults("iot-dev") == [
        'iot-dev.toml: network.cidr = "10.20.0.0/16"; allowed: a block that does not overlap 10.20.4.0/22 of '
        "shop-dev.toml; choose another block"
    ]
    assert files.faults("shop-dev") == [
        'shop-dev.toml: network.cidr = "10.20.4.0/22"; allowed: a block that does not overlap 10.20.0.0/16 of '
        "iot-dev.toml; choose another block"
    ]
    assert len(files.faults("other-dev")) == 1

    # AND neighbours are let through
    files.write("shop-dev", settings_text({"network.cidr": '"10.21.0.0/16"'}))
    assert files.faults("iot-dev") == files.faults("shop-dev") == []


@pytest.mark.parametrize("name", ["iot-test", "", "../environments/iot-dev", "tiers/development"])
def test_an_unknown_environment_is_answered_with_the_known_ones(name: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({}))
    files.write("iot-prod", settings_text({}))

    assert files.faults(name) == [
        f"{name}.toml: the file is missing; allowed: iot-dev, iot-prod; name one of them, or write the file"
    ]


def test_every_file_in_the_directory_is_an_environment_and_tiers_are_not(tmp_path: Path) -> None:
    assert environment_names(tmp_path) == ()
    files = SettingsFiles(tmp_path)
    for name in ("shop-prod", "iot-dev"):
        files.write(name, settings_text({}))
    assert environment_names(tmp_path) == ("iot-dev", "shop-prod")
    assert {"iot-dev", "iot-prod", "globecart-dev", "globecart-prod"} <= set(environment_names())


@pytest.mark.parametrize("name", environment_names())
def test_shipped_environments_are_valid_and_are_called_as_their_files(name: str) -> None:
    environment = load(name)

    assert environment.name == name
    assert load(name, suffix="pr-12").name == f"{name}-pr-12"


def test_every_tier_of_the_schema_has_its_file() -> None:
    assert {path.stem for path in (DIRECTORY / "tiers").glob("*.toml")} == set(get_args(Tier))


def test_settings_are_frozen_down_to_their_parts() -> None:
    environment = load("iot-dev")

    with pytest.raises(ValidationError):
        environment.network.cidr = "10.99.0.0/16"


_LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
_TABLES = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), _LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), st.one_of(_LEAVES, inner), max_size=3),
    max_leaves=8,
)


@given(_TABLES, _TABLES)
def test_the_merge_keeps_what_the_file_states_and_takes_the_rest_from_the_tier(
    defaults: dict[str, Any], own: dict[str, Any]
) -> None:
    before = json.dumps([defaults, own])

    merged = _merge(defaults, own)

    assert merged.keys() == defaults.keys() | own.keys()
    for key, value in merged.items():
        if key not in own:
            assert value == defaults[key]
        elif isinstance(own[key], dict) and isinstance(defaults.get(key), dict):
            assert value == _merge(defaults[key], own[key])
        else:
            assert value == own[key]
    assert json.dumps([defaults, own]) == before


@given(_TABLES)
def test_merging_with_nothing_or_with_itself_changes_nothing(table: dict[str, Any]) -> None:
    assert _merge(table, {}) == _merge({}, table) == _merge(table, table) == table


def test_an_allowed_text_is_always_this_projects_own() -> None:
    """A value that fits no type, put at every key of the schema, is answered from the field's description."""
    for path, is_table in _paths(Environment):
        value: object = 3 if is_table else {"no": "such value"}
        for part in reversed(path):
            value = {part: value}
        with pytest.raises(ValidationError) as caught:
            Environment.model_validate_json(json.dumps(value))
        found = [from_pydantic(detail, Environment) for detail in caught.value.errors()]
        mine = [fault for fault in found if fault.key == ".".join(path) and not fault.absent]
        assert mine, path
        assert not any("Input should" in fault.allowed or "Field required" in fault.allowed for fault in found), path


def _paths(model: type[BaseModel], *before: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The key of every value of a settings model, and whether it is a table of names; one of them is called `x`."""
    for key, field in model.model_fields.items():
        inner, kind = _model_in(field.annotation), field.annotation
        if inner:
            yield from _paths(inner, *before, key)
            continue
        is_table = get_origin(kind) is dict
        yield (*before, key), is_table
        of_each = get_args(kind)[1] if is_table else None
        if isinstance(of_each, type) and issubclass(of_each, BaseModel):
            yield from _paths(of_each, *before, key, "x")
