"""The roles of the workflows: whom they trust, and what they cannot do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthesized import Synthesized, synthesize_module

from modules.account import DeployRoles
from modules.common.policies import Account
from settings.naming import Naming

_ACCOUNT = "111111111111"
_PROVIDER = f"arn:aws:iam::{_ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"


def synthesize(*, owns_provider: bool = True) -> Synthesized:
    return synthesize_module(
        lambda scope: DeployRoles(
            scope,
            "roles",
            repository="owner/name",
            owns_provider=owns_provider,
            names=Naming("iot", "dev"),
            account=Account(_ACCOUNT, "ca-central-1"),
            state_bucket="iot-state-dev-111111111111",
            state_key_arn="arn:key",
        )
    )


@pytest.fixture(scope="module")
def roles() -> Synthesized:
    return synthesize()


def statements(roles: Synthesized, name: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(roles.one("aws_iam_role_policy", name=name)["policy"])["Statement"]}


@pytest.mark.parametrize(("role", "environment"), [("iot-plan-dev", "iot-dev-plan"), ("iot-deploy-dev", "iot-dev")])
def test_a_role_trusts_one_environment_of_one_repository(roles: Synthesized, role: str, environment: str) -> None:
    (trusted,) = json.loads(roles.one("aws_iam_role", name=role)["assume_role_policy"])["Statement"]

    assert trusted["Principal"] == {"Federated": _PROVIDER}
    assert trusted["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trusted["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": f"repo:owner/name:environment:{environment}",
        }
    }


def test_the_provider_is_made_once_in_an_account_and_never_destroyed(roles: Synthesized) -> None:
    assert roles.one("aws_iam_openid_connect_provider")["lifecycle"] == {"prevent_destroy": True}
    assert not synthesize(owns_provider=False).all("aws_iam_openid_connect_provider")


def test_the_plan_role_writes_nothing_but_locks(roles: Synthesized) -> None:
    found = statements(roles, "states")

    writing = {
        sid
        for sid, statement in found.items()
        if statement["Effect"] == "Allow"
        and any(not action.split(":")[1].startswith(("Get", "List", "Decrypt")) for action in statement["Action"])
    }
    assert writing == {"Lock", "StateKey"}
    assert all(resource.endswith(".tflock") for resource in found["Lock"]["Resource"])
    assert found["StateKey"]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.ca-central-1.amazonaws.com"}}


def test_the_plan_role_reads_no_data_but_states(roles: Synthesized) -> None:
    found = statements(roles, "states")

    assert found["NoObjectsButStates"]["Effect"] == "Deny"
    assert found["NoObjectsButStates"]["NotResource"] == found["ReadStates"]["Resource"]
    assert found["ReadStates"]["Resource"] == [
        "arn:aws:s3:::iot-state-dev-111111111111/iot-dev/*",
        "arn:aws:s3:::iot-state-dev-111111111111/iot-dev-*",
    ]
    assert (found["NoData"]["Effect"], found["NoData"]["Resource"]) == ("Deny", ["*"])
    assert "logs:GetLogEvents" in found["NoData"]["Action"]


def test_the_deploy_role_makes_and_passes_the_platforms_roles_only(roles: Synthesized) -> None:
    found = statements(roles, "roles-of-the-platform")

    own = ["arn:aws:iam::111111111111:role/iot-*-dev", "arn:aws:iam::111111111111:role/iot-*-dev-*"]
    assert found["Roles"]["Resource"] == found["PassRoles"]["Resource"] == own
    assert found["PassRoles"]["Condition"]["StringEquals"].keys() == {"iam:PassedToService"}
    assert not [action for s in found.values() for action in s["Action"] if "User" in action or "AccessKey" in action]


def test_the_deploy_role_cannot_change_what_bootstrap_made(roles: Synthesized) -> None:
    denied = statements(roles, "roles-of-the-platform")["NotBootstrap"]

    assert denied["Effect"] == "Deny"
    made = {f"arn:aws:iam::111111111111:role/{role['name']}" for role in roles.all("aws_iam_role")}
    assert made | {"arn:aws:s3:::iot-state-dev-111111111111", "arn:key"} <= set(denied["Resource"])
    assert {"iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "s3:DeleteBucket"} <= set(denied["Action"])


def test_only_allowed_actions_are_named(roles: Synthesized) -> None:
    for policy in roles.all("aws_iam_role_policy"):
        for statement in json.loads(policy["policy"])["Statement"]:
            if statement["Effect"] == "Allow":
                assert not [action for action in statement["Action"] if "*" in action]
                assert "*" not in statement["Resource"]
