"""What the tests of kept keys have in common: keys, states and JSON that name them, what is imported."""

from __future__ import annotations

import json
from typing import Any

import boto3
from fake_tools import Tools

from tools.deploy import keep
from tools.deploy.__main__ import main

# What moto lacks of them.
from tools.local.emulator.additions import backup, rds_backups  # noqa: F401

NAME = "iot-dev"
REGION = "ca-central-1"
CONFIRMED = ["--env", NAME, "--confirm", NAME]
ACCOUNT = "123456789012"  # moto's
PROVIDERS = {
    "aws": [
        {"region": REGION, "allowed_account_ids": [ACCOUNT]},
        {"region": "eu-west-1", "alias": "copies", "allowed_account_ids": [ACCOUNT]},
    ]
}


def aws(service: str, region: str = REGION) -> Any:
    return boto3.client(service, region_name=region)


def make_key(purpose: str, *, region: str = REGION, environment: str = NAME) -> str:
    """A key with its alias, as a deployment makes them; its ARN."""
    tags = [{"TagKey": "Environment", "TagValue": environment}]
    key = aws("kms", region).create_key(Tags=tags)["KeyMetadata"]
    aws("kms", region).create_alias(AliasName=f"alias/iot-{purpose}-dev", TargetKeyId=key["KeyId"])
    return str(key["Arn"])


def in_state(tools: Tools, component: str, *resources: tuple[str, str, dict[str, Any]]) -> None:
    state = {
        "version": 4,
        "serial": 1,
        "lineage": component,
        "outputs": {"protected": {"value": False}},
        "resources": [
            {"mode": "managed", "type": type_, "name": name, "instances": [{"attributes": attributes}]}
            for type_, name, attributes in resources
        ],
    }
    tools.put(tools.stack(component).backend["key"], json.dumps(state))


def key_rows(purpose: str, arn: str) -> list[tuple[str, str, dict[str, Any]]]:
    alias = {"name": f"alias/iot-{purpose}-dev", "target_key_arn": arn}
    return [("aws_kms_key", purpose, {"arn": arn}), ("aws_kms_alias", purpose, alias)]


def released(tools: Tools) -> list[str]:
    """What was taken out of the states, before anything was destroyed."""
    calls = [call for call in tools.calls if {"state", "destroy"} & set(call.arguments)]
    assert [call.arguments[0] for call in calls if "destroy" in call.arguments] == ["destroy"]
    assert "destroy" in calls[-1].arguments
    return sorted(word for call in calls for word in call.arguments if word.startswith("aws_"))


def name_in_json(tools: Tools, component: str, *purposes: str, provider: str | None = None) -> None:
    given = {} if provider is None else {"provider": provider}
    tools.edit(
        component,
        provider=PROVIDERS,
        resource={
            "aws_kms_key": dict.fromkeys(purposes, given),
            "aws_kms_alias": {
                purpose: {
                    "name": f"alias/iot-{purpose}-dev", "target_key_id": f"${{aws_kms_key.{purpose}.key_id}}", **given
                }
                for purpose in purposes
            },
        },
    )  # fmt: skip


def imports(tools: Tools, component: str) -> dict[str, str]:
    file = tools.stack(component).folder / keep.BLOCKS
    found = json.loads(file.read_text())["import"] if file.is_file() else []
    return {one["to"]: one["id"] for one in found}


def imported(tools: Tools, component: str, *call: str) -> dict[str, str]:
    """What a deployment would import in a stack: the blocks that lie there while the CLI runs."""
    seen: list[dict[str, str]] = []
    tools.on("cdktf", then=lambda: seen.append(imports(tools, component)))
    assert main([*call]) == 0
    assert imports(tools, component) == {}
    return seen[-1]


DEPLOY = ("deploy", "--env", NAME, "--approve")
