"""Where the provider is looked for, and what Terraform is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.deploy import terraform


def _mirror(folder: Path, version: str = terraform.PROVIDER_VERSION) -> Path:
    return _mirror_of("registry.terraform.io", folder, version)


def _mirror_of(registry: str, folder: Path, version: str = terraform.PROVIDER_VERSION) -> Path:
    provider = folder / registry / "hashicorp" / "aws" / version / terraform._platform()
    provider.mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def _no_usual_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(terraform, "_USUAL_PARENTS", (tmp_path / "usual",))
    monkeypatch.setattr(terraform, "WORK", tmp_path / "work")


def test_no_mirror_leaves_the_download_to_terraform(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_DATA_DIRS": ""}

    assert terraform.find_mirror(environ) is None
    assert "TF_CLI_CONFIG_FILE" not in terraform.settings(environ)


def test_a_mirror_of_another_version_is_no_mirror(tmp_path: Path) -> None:
    mirror = _mirror(tmp_path / "mirror", version="5.99.0")

    assert (
        terraform.find_mirror({"TF_PROVIDER_MIRROR": str(mirror), "HOME": str(tmp_path), "XDG_DATA_DIRS": ""}) is None
    )


@pytest.mark.parametrize(
    "place", ["mirror", "home/.terraform.d/plugins", "home/.local/share/terraform/plugins", "usual/any"]
)
def test_a_mirror_is_found_in_the_variable_the_implied_folders_and_the_usual_places(tmp_path: Path, place: str) -> None:
    mirror = _mirror(tmp_path / place)

    found = terraform.find_mirror(
        {"TF_PROVIDER_MIRROR": str(tmp_path / "mirror"), "HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": ""}
    )

    assert found == mirror


def test_a_packed_mirror_is_found(tmp_path: Path) -> None:
    provider = tmp_path / "registry.terraform.io" / "hashicorp" / "aws"
    provider.mkdir(parents=True)
    name = f"terraform-provider-aws_{terraform.PROVIDER_VERSION}_{terraform._platform()}.zip"
    (provider / name).touch()

    assert terraform.find_mirror({"TF_PROVIDER_MIRROR": str(tmp_path)}) == tmp_path


def test_a_configuration_file_of_the_users_own_wins(tmp_path: Path) -> None:
    own = tmp_path / "own.rc"
    own.touch()
    mirror = _mirror(tmp_path / "mirror")

    told = terraform.settings({"TF_CLI_CONFIG_FILE": str(own), "TF_PROVIDER_MIRROR": str(mirror)})

    assert "TF_CLI_CONFIG_FILE" not in told


def test_a_variable_that_points_to_no_file_is_replaced_by_the_mirror(tmp_path: Path) -> None:
    mirror = _mirror(tmp_path / "mirror")

    told = terraform.settings({"TF_CLI_CONFIG_FILE": str(tmp_path / "none"), "TF_PROVIDER_MIRROR": str(mirror)})

    assert f'filesystem_mirror {{ path = "{mirror}" }}' in Path(told["TF_CLI_CONFIG_FILE"]).read_text()


def test_terraform_binary_name_is_honoured() -> None:
    assert terraform.binary({"TERRAFORM_BINARY_NAME": "tofu"}) == "tofu"
    assert terraform.binary({}) == "terraform"


def test_opentofu_looks_for_the_provider_of_its_own_registry(tmp_path: Path) -> None:
    _mirror(tmp_path / "usual" / "a")
    mirror = _mirror_of("registry.opentofu.org", tmp_path / "usual" / "b")
    nowhere = {"HOME": str(tmp_path), "XDG_DATA_DIRS": ""}

    assert terraform.find_mirror({**nowhere, "TERRAFORM_BINARY_NAME": "/opt/tofu-1.11/tofu"}) == mirror
    assert terraform.find_mirror(nowhere) == tmp_path / "usual" / "a"
