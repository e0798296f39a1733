"""The roles of the workflows: whom they trust, and what they cannot do."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest
from synthesized import Synthesized, synthesize_module

from modules.account import DeployRoles
from modules.common.policies import Account
from settings.naming import Naming

_ACCOUNT = "111111111111"
_PROVIDER = f"arn:aws:iam::{_ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
_BUCKET = "arn:aws:s3:::iot-state-dev-111111111111"
_ALIAS = f"arn:aws:kms:ca-central-1:{_ACCOUNT}:alias/iot-state-dev"
_BOUNDARY = f"arn:aws:iam::{_ACCOUNT}:policy/iot-boundary-dev"
_READING = ("Decrypt", "Describe", "Get", "GET", "List", "View")
_ROLES = f"arn:aws:iam::{_ACCOUNT}:role"


def synthesize(*, owns_provider: bool = True) -> Synthesized:
    return synthesize_module(
        lambda scope: DeployRoles(
            scope,
            "roles",
            repository="owner/name",
            branch="main",
            owns_provider=owns_provider,
            names=Naming("iot", "dev"),
            account=Account(_ACCOUNT, "ca-central-1"),
            state_bucket="iot-state-dev-111111111111",
            state_key_arn="arn:key",
            state_key_alias="iot-state-dev",
        )
    )


@pytest.fixture(scope="module")
def roles() -> Synthesized:
    return synthesize()


def statements(roles: Synthesized, name: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(roles.one("aws_iam_role_policy", name=name)["policy"])["Statement"]}


def _matches(patterns: str | list[str], value: str) -> bool:
    return any(fnmatch.fnmatchcase(value, one) for one in ([patterns] if isinstance(patterns, str) else patterns))


def may(roles: Synthesized, name: str, action: str, resource: str, **context: str) -> bool:
    """Whether the policy allows the call; `context` has condition keys, with __ for the colon."""
    effects = set()
    for statement in statements(roles, name).values():
        acts = (
            _matches(statement["Action"], action)
            if "Action" in statement
            else not _matches(statement["NotAction"], action)
        )
        keys = {key: value for operator in statement.get("Condition", {}).values() for key, value in operator.items()}
        holds = all(_matches(wanted, context.get(key.replace(":", "__"), "")) for key, wanted in keys.items())
        if acts and holds and _matches(statement["Resource"], resource):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


@pytest.mark.parametrize(("role", "environment"), [("iot-plan-dev", "iot-dev-plan"), ("iot-deploy-dev", "iot-dev")])
def test_a_role_trusts_one_branch_and_environment_of_one_repository(
    roles: Synthesized, role: str, environment: str
) -> None:
    (trusted,) = json.loads(roles.one("aws_iam_role", name=role)["assume_role_policy"])["Statement"]

    assert trusted["Principal"] == {"Federated": _PROVIDER}
    assert trusted["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trusted["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:ref": "refs/heads/main",
            "token.actions.githubusercontent.com:sub": f"repo:owner/name:environment:{environment}",
        }
    }


def test_the_provider_is_made_once_in_an_account_and_never_destroyed(roles: Synthesized) -> None:
    assert roles.one("aws_iam_openid_connect_provider")["lifecycle"] == {"prevent_destroy": True}
    assert not synthesize(owns_provider=False).all("aws_iam_openid_connect_provider")


def test_no_policy_of_aws_is_attached(roles: Synthesized) -> None:
    assert not roles.all("aws_iam_role_policy_attachment")
    assert {tuple(each["policy_arns"]) for each in roles.all("aws_iam_role_policy_attachments_exclusive")} == {()}


def test_a_session_is_as_long_as_the_longest_apply(roles: Synthesized) -> None:
    assert roles.one("aws_iam_role", name="iot-deploy-dev")["max_session_duration"] == 7200


def test_an_inline_policy_is_within_the_quota(roles: Synthesized) -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
    for policy in roles.all("aws_iam_role_policy"):
        assert len("".join(policy["policy"].split())) < 10_240


def test_the_plan_role_writes_nothing_but_locks(roles: Synthesized) -> None:
    found = statements(roles, "states")

    writing = {
        sid
        for sid, statement in found.items()
        if any(not action.split(":")[1].startswith(_READING) for action in statement["Action"])
    }
    assert writing == {"Lock", "StateKey"}
    assert all(resource.endswith(".tflock") for resource in found["Lock"]["Resource"])
    assert found["StateKey"]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.ca-central-1.amazonaws.com"}}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:DownloadDBLogFilePortion", "arn:aws:rds:ca-central-1:111111111111:db:iot-aurora-dev-1"),
        ("rds:DownloadCompleteDBLogFile", "arn:aws:rds:ca-central-1:111111111111:db:iot-aurora-dev-1"),
        ("logs:StartLiveTail", "arn:aws:logs:ca-central-1:111111111111:log-group:/iot/dev/service"),
        ("logs:GetLogEvents", "arn:aws:logs:ca-central-1:111111111111:log-group:/iot/dev/service"),
        ("logs:GetLogRecord", "*"),
        ("logs:FilterLogEvents", "arn:aws:logs:ca-central-1:111111111111:log-group:/iot/dev/service"),
        ("dynamodb:PartiQLSelect", "arn:aws:dynamodb:ca-central-1:111111111111:table/any"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:ca-central-1:111111111111:table/any"),
        ("wafv2:GetSampledRequests", "arn:aws:wafv2:ca-central-1:111111111111:regional/webacl/iot-api-dev/1"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:ca-central-1:111111111111:secret:rds!cluster-1"),
        ("secretsmanager:BatchGetSecretValue", "*"),
        ("s3:GetObject", "arn:aws:s3:::iot-exports-dev/any"),
        ("s3:GetObject", f"{_BUCKET}/another/network.tfstate"),
        ("s3:PutObject", f"{_BUCKET}/iot-dev/network.tfstate"),
        ("sqs:ReceiveMessage", "arn:aws:sqs:ca-central-1:111111111111:iot-orders-dev"),
        ("ssm:GetParameter", "arn:aws:ssm:ca-central-1:111111111111:parameter/any"),
        ("sts:AssumeRole", f"{_ROLES}/any"),
        ("apigateway:GET", "arn:aws:apigateway:ca-central-1::/apikeys"),
        ("apigateway:GET", "arn:aws:apigateway:ca-central-1::/apikeys/abc"),
        ("apigateway:GET", "arn:aws:apigateway:ca-central-1::/usageplans/abc/keys/def"),
    ],
)
def test_the_plan_role_reads_no_data(roles: Synthesized, action: str, resource: str) -> None:
    assert not may(roles, "states", action, resource)


def test_the_plan_role_reads_states_and_configuration(roles: Synthesized) -> None:
    assert may(roles, "states", "s3:GetObject", f"{_BUCKET}/iot-dev/network.tfstate")
    assert may(roles, "states", "s3:GetObject", f"{_BUCKET}/iot-dev-pr-12/network.tfstate")
    assert may(roles, "states", "s3:PutObject", f"{_BUCKET}/iot-dev/network.tfstate.tflock")


@pytest.mark.parametrize(
    "action",
    ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
     "iam:PutRolePermissionsBoundary"],
)  # fmt: skip
def test_the_deploy_role_makes_roles_within_the_boundary_alone(roles: Synthesized, action: str) -> None:
    def allowed(role: str, boundary: str) -> bool:
        return may(roles, "roles-of-the-platform", action, f"{_ROLES}/{role}", iam__PermissionsBoundary=boundary)

    assert allowed("iot-service-task-dev", _BOUNDARY)
    assert allowed("iot-service-task-dev-pr-12", _BOUNDARY)
    assert not allowed("iot-service-task-dev", "")
    assert not allowed("iot-service-task-dev", "arn:aws:iam::aws:policy/AdministratorAccess")
    assert not allowed("another-role", _BOUNDARY)
    assert not allowed("iot-deploy-dev", _BOUNDARY)


def test_the_deploy_role_attaches_the_policies_that_the_stacks_attach(roles: Synthesized) -> None:
    def allowed(policy: str, boundary: str = _BOUNDARY) -> bool:
        return may(
            roles,
            "roles-of-the-platform",
            "iam:AttachRolePolicy",
            f"{_ROLES}/iot-aurora-monitoring-dev",
            iam__PermissionsBoundary=boundary,
            iam__PolicyARN=f"arn:aws:iam::aws:policy/{policy}",
        )

    assert allowed("service-role/AmazonRDSEnhancedMonitoringRole")
    assert not allowed("service-role/AmazonRDSEnhancedMonitoringRole", boundary="")
    assert not allowed("AdministratorAccess")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *((f"s3:{action}", _BUCKET) for action in (
            "PutBucketPublicAccessBlock", "PutBucketAcl", "PutBucketOwnershipControls", "PutBucketPolicy",
            "DeleteBucketPolicy", "PutLifecycleConfiguration", "PutBucketVersioning", "PutEncryptionConfiguration",
            "PutReplicationConfiguration", "DeleteBucket",
        )),
        ("s3:PutObject", f"{_BUCKET}/iot-dev/bootstrap.tfstate"),
        ("s3:DeleteObject", f"{_BUCKET}/iot-dev/bootstrap.tfstate"),
        ("s3:DeleteObjectVersion", f"{_BUCKET}/iot-dev/network.tfstate"),
        ("s3:PutObjectAcl", f"{_BUCKET}/iot-dev/network.tfstate"),
        *((f"kms:{action}", "arn:key") for action in (
            "ScheduleKeyDeletion", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "CreateGrant", "UpdateAlias",
        )),
        *((f"kms:{action}", _ALIAS) for action in ("UpdateAlias", "DeleteAlias", "CreateAlias")),
        ("ecr:DeleteRepository", "arn:aws:ecr:ca-central-1:111111111111:repository/iot-service-dev"),
        ("ecr:PutImage", "arn:aws:ecr:ca-central-1:111111111111:repository/iot-service-dev"),
        *((f"iam:{action}", _BOUNDARY) for action in (
            "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion",
        )),
        *((f"iam:{action}", f"{_ROLES}/{role}")
          for action in ("UpdateAssumeRolePolicy", "DeleteRole", "UpdateRole", "DeleteRolePermissionsBoundary")
          for role in ("iot-plan-dev", "iot-deploy-dev", "iot-api-gateway-logs-dev")),
        ("iam:DeleteRolePermissionsBoundary", f"{_ROLES}/iot-service-task-dev"),
        ("iam:CreateUser", f"arn:aws:iam::{_ACCOUNT}:user/any"),
        ("iam:UpdateOpenIDConnectProviderThumbprint", _PROVIDER),
        ("sts:AssumeRole", f"{_ROLES}/any"),
        ("apigateway:PATCH", "arn:aws:apigateway:ca-central-1::/account"),
        ("organizations:LeaveOrganization", "*"),
    ],
)  # fmt: skip
def test_the_deploy_role_cannot_change_bootstrap_or_its_own_rights(
    roles: Synthesized, action: str, resource: str
) -> None:
    assert not may(roles, "roles-of-the-platform", action, resource, iam__PermissionsBoundary=_BOUNDARY)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"{_BUCKET}/iot-dev/bootstrap.tfstate"),
        ("s3:PutObject", f"{_BUCKET}/iot-dev/network.tfstate"),
        ("s3:PutObject", f"{_BUCKET}/iot-dev/network.tfstate.tflock"),
        ("s3:DeleteObject", f"{_BUCKET}/iot-dev/network.tfstate.tflock"),
        ("s3:ListBucket", _BUCKET),
        ("s3:PutBucketPublicAccessBlock", "arn:aws:s3:::iot-access-logs-dev"),
        ("kms:GenerateDataKey", "arn:key"),
        ("kms:ScheduleKeyDeletion", "arn:aws:kms:ca-central-1:111111111111:key/another"),
        ("apigateway:PATCH", "arn:aws:apigateway:ca-central-1::/restapis/abc"),
        ("iam:UpdateAssumeRolePolicy", f"{_ROLES}/iot-service-task-dev"),
    ],
)
def test_the_deploy_role_does_its_work(roles: Synthesized, action: str, resource: str) -> None:
    assert may(roles, "roles-of-the-platform", action, resource)


def test_the_deploy_role_passes_roles_to_the_services_of_the_platform(roles: Synthesized) -> None:
    def passes(role: str, service: str) -> bool:
        return may(roles, "roles-of-the-platform", "iam:PassRole", f"{_ROLES}/{role}", iam__PassedToService=service)

    assert passes("iot-aurora-monitoring-dev", "monitoring.rds.amazonaws.com")
    assert passes("iot-aurora-monitoring-dev", "rds.amazonaws.com")
    assert not passes("iot-service-task-dev", "ec2.amazonaws.com")
    assert not passes("iot-deploy-dev", "lambda.amazonaws.com")
