"""What the embedded AWS writes down of each call."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.local.emulator.environment import KEY
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.emulator

Call = Callable[[Callable[[str], Any]], object]


def _recorded(emulator: Emulator) -> list[dict[str, Any]]:
    return [json.loads(line) for line in emulator.calls.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("ec2", "DescribeVpcs", lambda client: client("ec2").describe_vpcs()),
        ("kms", "ListAliases", lambda client: client("kms").list_aliases()),
        ("apigateway", "GetRestApis", lambda client: client("apigateway").get_rest_apis()),
        ("elasticfilesystem", "DescribeFileSystems", lambda client: client("efs").describe_file_systems()),
        ("monitoring", "DescribeAlarms", lambda client: client("cloudwatch").describe_alarms()),
        ("states", "ListStateMachines", lambda client: client("stepfunctions").list_state_machines()),
    ],
)  # fmt: skip
def test_each_protocol_is_read(
    emulator: Emulator, client: Callable[[str], Any], service: str, operation: str, call: Call
) -> None:
    call(client)

    last = _recorded(emulator)[-1]
    assert (last["access_key"], last["service"], last["operation"], last["status"]) == (KEY, service, operation, 200)


def test_of_what_a_call_says_names_are_kept_and_no_value(
    emulator: Emulator, client: Callable[[str], Any], name: str
) -> None:
    client("secretsmanager").create_secret(Name=name, SecretString="not to be written down")
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    s3.get_bucket_versioning(Bucket=name)

    secret, _, asked = _recorded(emulator)[-3:]
    assert secret["names"]["Name"] == name
    assert "not to be written down" not in emulator.calls.read_text(encoding="utf-8")
    assert (asked["operation"], asked["path"]) == ("GetBucketVersioning", f"/{name}")


def test_arns_are_kept_wherever_they_stand(emulator: Emulator, client: Callable[[str], Any], name: str) -> None:
    role = "arn:aws:iam::123456789012:role/start"
    client("events").put_rule(Name=name, EventPattern="{}")
    client("events").put_targets(
        Rule=name, Targets=[{"Id": "a", "Arn": "arn:aws:sqs:::q", "RoleArn": role, "Input": "1"}]
    )

    names = _recorded(emulator)[-1]["names"]
    assert names == {"Targets.0.Id": "a", "Targets.0.Arn": "arn:aws:sqs:::q", "Targets.0.RoleArn": role}


def test_what_a_path_names_is_kept_and_no_body_of_an_object(
    emulator: Emulator, client: Callable[[str], Any], name: str
) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    s3.put_object(Bucket=name, Key="a/b", Body=b'{"name": "not to be written down"}', ContentType="application/json")

    call = _recorded(emulator)[-1]
    assert (call["operation"], call["method"], call["names"]) == ("PutObject", "PUT", {"Bucket": name, "Key": "a/b"})


def test_a_parameter_named_action_is_no_operation(emulator: Emulator, client: Callable[[str], Any], name: str) -> None:
    with contextlib.suppress(ClientError):  # there is no such function
        client("lambda").add_permission(
            FunctionName=name, StatementId="a", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
        )

    call = _recorded(emulator)[-1]
    assert (call["operation"], call["names"]["FunctionName"]) == ("AddPermission", name)
