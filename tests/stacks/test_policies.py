"""Every policy document and every opening of every stack, whichever there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from synthesized import Synthesized

Stacks = dict[str, Synthesized]

# (resource type, Sid) -> why its statement may allow all actions of one service.
ALL_ACTIONS = {
    ("aws_vpc_endpoint", "OwnIdentities"): "bounds a network path, grants nothing: IAM still decides",
}
# (resource type, Sid) -> why anybody may be the principal without a condition on the account.
ANYBODY = {
    ("aws_api_gateway_rest_api_policy", "Callers"): "clients have no AWS identity: keys, logins and WAF decide",
    ("aws_vpc_endpoint", "ImageLayers"): "reads of the region's public bucket of ECR image layers",
}
# Actions that AWS offers no resource for (Service Authorization Reference).
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    # Lambda's, whose interfaces have no name before they are made; the code itself is denied them.
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
    "elasticfilesystem:DescribeMountTargets",
    "logs:DescribeLogGroups",
    "rds:DescribeDBClusters",
    "secretsmanager:GetRandomPassword",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# A condition on one of these keys binds a service to the account that it acts for (confused deputy).
BINDS_SERVICE = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "kms:EncryptionContext:", "kms:CallerAccount")
BINDS_ANYBODY = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", *BINDS_SERVICE)
IDENTITY_POLICIES = {"aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"}
WORLD = {"0.0.0.0/0", "::/0"}


def strings(value: object) -> Iterator[str]:
    """Every text inside a resource."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def resources(stacks: Stacks) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, type, attributes) of every resource of every stack."""
    for id_, stack in stacks.items():
        for type_, found in stack.json.get("resource", {}).items():
            for logical_id, resource in found.items():
                yield f"{id_}: {type_}.{logical_id}", type_, resource


def statements(stacks: Stacks) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, resource type, statement) of every policy document, in whichever attribute it stands."""
    for where, type_, resource in resources(stacks):
        for text in strings(resource):
            if text.lstrip().startswith("{") and '"Statement"' in text:
                for statement in json.loads(text)["Statement"]:
                    yield f"{where} {statement.get('Sid')}", type_, statement


def listed(value: str | list[str]) -> list[str]:
    """IAM writes one text or a list of them."""
    return [value] if isinstance(value, str) else value


def condition_keys(statement: dict[str, Any]) -> list[str]:
    """Keys of all conditions that must match: no negated operator, none that passes when the key is absent."""
    return [
        key
        for operator, keys in statement.get("Condition", {}).items()
        if "Not" not in operator and not operator.endswith("IfExists")
        for key in keys
    ]


def allowing(stacks: Stacks) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every statement that allows something."""
    for where, type_, statement in statements(stacks):
        if statement["Effect"] == "Allow":
            yield where, type_, statement


def test_the_walk_finds_policies_of_every_kind(stacks: Stacks) -> None:
    assert {"aws_kms_key", "aws_iam_role", "aws_iam_role_policy", "aws_vpc_endpoint", "aws_s3_bucket_policy"} <= {
        type_ for _, type_, _ in statements(stacks)
    }


def test_no_policy_is_hidden_from_reviewers_in_a_terraform_function(stacks: Stacks) -> None:
    for where, _, resource in resources(stacks):
        assert not [text for text in strings(resource) if "jsonencode(" in text and "Statement" in text], where


def test_no_statement_allows_all_actions(stacks: Stacks) -> None:
    for where, type_, statement in allowing(stacks):
        assert "NotAction" not in statement, where
        if (type_, statement.get("Sid")) not in ALL_ACTIONS:
            wide = [action for action in listed(statement["Action"]) if action == "*" or action.endswith(":*")]
            assert not wide, f"{where}: name the actions, or give a reason in ALL_ACTIONS"


def test_every_service_is_trusted_for_one_account_only(stacks: Stacks) -> None:
    for where, _, statement in allowing(stacks):
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "Service" in principal:
            bound = [key for key in condition_keys(statement) if key.startswith(BINDS_SERVICE)]
            assert bound, f"{where}: add aws:SourceAccount or aws:SourceArn, for else it serves any account's bidding"


def test_anybody_means_identities_of_the_account(stacks: Stacks) -> None:
    for where, type_, statement in allowing(stacks):
        assert "NotPrincipal" not in statement, where
        if statement.get("Principal") in ("*", {"AWS": "*"}) and (type_, statement.get("Sid")) not in ANYBODY:
            assert [key for key in condition_keys(statement) if key.startswith(BINDS_ANYBODY)], where


def test_no_principal_is_of_another_account(stacks: Stacks) -> None:
    for where, _, statement in allowing(stacks):
        principal = statement.get("Principal")
        own = stacks[where.split(":")[0]].json["provider"]["aws"][0]["allowed_account_ids"][0]
        for arn in listed(principal.get("AWS", [])) if isinstance(principal, dict) else []:
            assert arn == "*" or "${" in arn or f":{own}:" in arn, where


def test_identity_policies_name_their_resources(stacks: Stacks) -> None:
    for where, type_, statement in allowing(stacks):
        if type_ in IDENTITY_POLICIES and "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= WITHOUT_RESOURCE, where


def test_roles_are_passed_to_one_service_only(stacks: Stacks) -> None:
    for where, _, statement in allowing(stacks):
        if "iam:PassRole" in listed(statement["Action"]):
            assert "iam:PassedToService" in condition_keys(statement), where


def test_no_security_group_is_open_to_the_world(stacks: Stacks) -> None:
    for where, type_, resource in resources(stacks):
        if type_ in ("aws_security_group", "aws_default_security_group"):
            assert "ingress" not in resource, f"{where}: rules are resources of their own"
            assert "egress" not in resource, f"{where}: rules are resources of their own"
        if type_ == "aws_vpc_security_group_ingress_rule" or resource.get("type") == "ingress":
            assert not WORLD & set(strings(resource)), where
        if type_ == "aws_vpc_security_group_egress_rule" and WORLD & set(strings(resource)):
            assert resource["ip_protocol"] != "-1", where


PUBLIC_SWITCHES = ("map_public_ip_on_launch", "associate_public_ip_address", "assign_public_ip", "publicly_accessible")


@pytest.mark.parametrize("switch", PUBLIC_SWITCHES)
def test_nothing_has_a_public_address(stacks: Stacks, switch: str) -> None:
    for where, _, resource in resources(stacks):
        assert f'"{switch}": true' not in json.dumps(resource), where


def test_public_addresses_are_those_of_nat_gateways(stacks: Stacks) -> None:
    for id_, stack in stacks.items():
        used = {gateway["allocation_id"] for gateway in stack.all("aws_nat_gateway")}
        made = {f"${{{address}.id}}" for address in stack.addresses if address.startswith("aws_eip.")}
        assert made == used, id_


def test_no_load_balancer_faces_the_internet(stacks: Stacks) -> None:
    for where, type_, resource in resources(stacks):
        if type_ == "aws_lb":
            assert resource.get("internal") is True, where
