"""The rotation function: what Lambda is told, and what its role may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.rotation import CodePackage, RotationFunction
from modules.rotation.function import execution_policy
from settings.naming import Naming
from settings.rotation import RotationSettings

ACCOUNT = Account("111111111111", "ca-central-1")
FUNCTION_ARN = "arn:aws:lambda:ca-central-1:111111111111:function:iot-rotation-dev"


@pytest.fixture
def package(tmp_path: Path) -> CodePackage:
    path = tmp_path / "rotation.zip"
    path.write_bytes(b"zip")
    return CodePackage(path, "aGFzaA==")


def function(package: CodePackage, **settings: Any) -> Synthesized:
    return synthesize_module(
        lambda scope: RotationFunction(
            scope,
            "function",
            settings=RotationSettings(recovery_window_days=0, **settings),
            package=package,
            place=place(names=Naming("iot", "dev"), account=ACCOUNT, logs_key_arn="arn:logs-key", log_retention_days=7),
            vpc_id="vpc-1",
            subnet_ids=["subnet-a", "subnet-b"],
        )
    )


def statements(policy: str) -> dict[str, Any]:
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}


def test_the_code_is_the_package_by_its_own_hash(package: CodePackage) -> None:
    made = function(package).one("aws_lambda_function")

    assert made["source_code_hash"] == "aGFzaA=="
    assert made["filename"].endswith("/rotation.zip")
    assert (made["runtime"], made["handler"]) == ("python3.13", "rotation.handler.handler")


def test_settings_reach_the_function(package: CodePackage) -> None:
    made = function(package, architecture="x86_64", memory_mb=512, timeout_seconds=90, reserved_concurrency=5).one(
        "aws_lambda_function"
    )

    assert made["architectures"] == ["x86_64"]
    assert (made["memory_size"], made["timeout"], made["reserved_concurrent_executions"]) == (512, 90, 5)


def test_no_concurrency_is_reserved_where_an_account_has_none_to_spare(package: CodePackage) -> None:
    assert "reserved_concurrent_executions" not in function(package, reserved_concurrency=0).one("aws_lambda_function")


def test_the_function_runs_in_the_private_subnets_with_a_group_that_opens_nothing(package: CodePackage) -> None:
    stack = function(package)
    made = stack.one("aws_lambda_function")

    assert made["vpc_config"]["subnet_ids"] == ["subnet-a", "subnet-b"]
    assert made["vpc_config"]["security_group_ids"] == [f"${{{stack.address('aws_security_group')}.id}}"]
    assert made["replace_security_groups_on_destroy"] is True
    assert not [address for address in stack.addresses if "_rule." in address]


def test_the_function_has_no_environment_and_so_no_key_for_one(package: CodePackage) -> None:
    """Who plans may not decrypt it, and would see a change at every plan."""
    stack = function(package)

    assert not stack.one("aws_lambda_function").keys() & {"environment", "kms_key_arn"}
    assert not [address for address in stack.addresses if address.startswith("aws_kms_")]


def test_the_log_group_and_the_permissions_are_made_first(package: CodePackage) -> None:
    stack = function(package)
    made, log = stack.one("aws_lambda_function"), stack.one("aws_cloudwatch_log_group")

    assert (log["name"], log["retention_in_days"], log["kms_key_id"]) == (
        "/aws/lambda/iot-rotation-dev",
        7,
        "arn:logs-key",
    )
    address = stack.address("aws_cloudwatch_log_group")
    assert made["logging_config"] == {"log_format": "JSON", "log_group": f"${{{address}.name}}"}
    assert made["depends_on"] == [stack.address("aws_iam_role_policy")]
    assert made["tracing_config"] == {"mode": "Active"}


def test_lambda_alone_takes_the_role(package: CodePackage) -> None:
    (trust,) = json.loads(function(package).one("aws_iam_role")["assume_role_policy"])["Statement"]

    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "Condition" not in trust  # AWS shows none: with one, Lambda could be refused the role


def test_the_role_writes_its_own_log_and_lets_lambda_alone_manage_interfaces() -> None:
    found = statements(execution_policy("arn:log", FUNCTION_ARN))

    assert found["WriteLog"]["Resource"] == ["arn:log:*"]
    allowed, denied = found["ManageNetworkInterfaces"], found["NoNetworkInterfacesForTheCode"]
    assert allowed["Resource"] == ["*"]
    assert all(action.startswith("ec2:") for action in allowed["Action"])
    assert denied["Effect"] == "Deny"
    assert set(allowed["Action"]) <= set(denied["Action"])
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [FUNCTION_ARN]}}
    assert {statement["Sid"] for statement in found.values() if statement["Resource"] == ["*"]} == {
        "ManageNetworkInterfaces",
        "NoNetworkInterfacesForTheCode",
        "WriteTraces",
    }
