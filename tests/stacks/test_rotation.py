"""The rotation stack of every shipped environment, and the zip that it ships."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from all_environments import environment_names, load
from dependencies import needed_by
from synthesized import read_stack

from main import build_app
from stacks.packages import PackageError, build_packages


def shipped(outdir: Path, environment: str) -> tuple[Path, str]:
    """The zip in the output and the hash that Terraform is given."""
    function = read_stack(outdir, f"{environment}-rotation").one("aws_lambda_function")
    return outdir / "stacks" / f"{environment}-rotation" / function["filename"], function["source_code_hash"]


@pytest.mark.parametrize("environment", environment_names())
def test_the_zip_in_the_output_is_the_built_one(app_outdir: Path, environment: str) -> None:
    zip_, given = shipped(app_outdir, environment)
    built = build_packages([load(environment).rotation.architecture])[load(environment).rotation.architecture]

    assert zip_.read_bytes() == built.path.read_bytes()
    assert given == built.sha256_base64 == base64.b64encode(hashlib.sha256(zip_.read_bytes()).digest()).decode()


def test_two_syntheses_give_the_same_asset_and_hash(app_outdir: Path, tmp_path: Path) -> None:
    build_app([load("iot-dev")], tmp_path).synth()

    (first, first_hash), (second, second_hash) = shipped(app_outdir, "iot-dev"), shipped(tmp_path, "iot-dev")
    assert first.relative_to(app_outdir) == second.relative_to(tmp_path)
    assert first_hash == second_hash


def test_each_architecture_is_built_once_by_path() -> None:
    packages = build_packages(["arm64", "x86_64", "arm64"])

    assert {architecture: package.path.name for architecture, package in packages.items()} == {
        "arm64": "rotation-arm64.zip",
        "x86_64": "rotation-x86_64.zip",
    }


def test_an_architecture_that_cannot_be_built_is_one_line() -> None:
    with pytest.raises(PackageError, match=r"^the rotation function for ppc cannot be built: [^\n]+$"):
        build_packages(["ppc"])


@pytest.mark.parametrize("environment", environment_names())
def test_the_function_waits_for_neither_the_database_nor_nat(app_outdir: Path, environment: str) -> None:
    needed = needed_by(app_outdir, f"{environment}-rotation", "aws_lambda_function")

    types = {address.split("/")[1].split(".")[0] for address in needed}
    assert {"aws_cloudwatch_log_group", "aws_iam_role_policy", "aws_subnet"} <= types
    assert not [type_ for type_ in types if type_.startswith(("aws_nat_gateway", "aws_rds_", "aws_vpc_endpoint"))]


@pytest.mark.parametrize("environment", environment_names())
def test_no_rule_and_no_database_stand_in_the_stack(app_outdir: Path, environment: str) -> None:
    stack = read_stack(app_outdir, f"{environment}-rotation")

    assert not [address for address in stack.addresses if "security_group_" in address and "rule" in address]
    assert "rds" not in json.dumps(stack.one("aws_lambda_function"))
