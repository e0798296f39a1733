"""What an account has once belongs to one environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

ROLE = {"account.owns_api_gateway_role": "true"}
PROVIDER = {"account.github_repository": '"owner/name"'}
ELSEWHERE = {"region": '"eu-west-1"', "zones": '["eu-west-1a", "eu-west-1b"]'}
OTHER_NETWORK = {"network.cidr": '"10.99.0.0/16"'}


def faults(tmp_path: Path, own: Changes, other: Changes) -> list[str]:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(own))
    files.write("shop-dev", settings_text({**OTHER_NETWORK, **other}))
    return files.faults("iot-dev")


def test_two_owners_of_the_role_of_api_gateway(tmp_path: Path) -> None:
    assert faults(tmp_path, ROLE, ROLE) == [
        "iot-dev.toml: account.owns_api_gateway_role = true; allowed: true in only one environment of 111111111111 "
        "and ca-central-1; shop-dev.toml also has true; set it to false in one of the two files"
    ]


def test_one_line_is_enough_for_many_owners(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("cart-dev", settings_text({**ROLE, "network.cidr": '"10.98.0.0/16"'}))

    files.write("iot-dev", settings_text(ROLE))
    files.write("shop-dev", settings_text({**OTHER_NETWORK, **ROLE}))

    (line,) = files.faults("iot-dev")

    assert "cart-dev.toml also has true" in line


def test_two_owners_of_the_provider_of_github(tmp_path: Path) -> None:
    # GIVEN two files of different regions, neither of which says so: true is the default
    assert faults(tmp_path, PROVIDER, {**PROVIDER, **ELSEWHERE}) == [
        "iot-dev.toml: account.owns_github_provider = true; allowed: true in only one environment of 111111111111; "
        "shop-dev.toml also has true; set it to false in one of the two files"
    ]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (ROLE, {}),
        (ROLE, {"account.owns_api_gateway_role": "false"}),
        (ROLE, {**ROLE, **ELSEWHERE}),
        (ROLE, {**ROLE, "account_id": '"222222222222"'}),
        (PROVIDER, {**PROVIDER, "account.owns_github_provider": "false"}),
        (PROVIDER, {"account.owns_github_provider": "true"}),
        (PROVIDER, {**PROVIDER, "account_id": '"222222222222"'}),
        (ROLE, {"account": '"none"'}),
    ],
)
def test_one_owner_in_each_place(own: Changes, other: Changes, tmp_path: Path) -> None:
    assert faults(tmp_path, own, other) == []
