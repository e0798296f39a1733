"""Roles keep the policies of the code only."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct
from synthesized import Synthesized, synthesize_module

from modules.common.role_policies import no_other_policies

_MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


def synthesize(*, inline: bool = False, managed: bool = False) -> Synthesized:
    def build(scope: Construct) -> None:
        role = IamRole(scope, "role", name="a", assume_role_policy="{}")
        policies: list[IamRolePolicy | IamRolePolicyAttachment] = []
        if managed:
            policies.append(IamRolePolicyAttachment(scope, "managed", role=role.name, policy_arn=_MANAGED))
        if inline:
            policies.append(IamRolePolicy(scope, "inline", name="own", role=role.id, policy="{}"))
        no_other_policies(scope, "role", role=role, policies=policies)

    return synthesize_module(build)


def test_each_kind_lists_the_policies_of_the_code_and_waits_for_them() -> None:
    made = synthesize(inline=True, managed=True)
    role = f"${{{made.address('aws_iam_role')}.name}}"

    inline = made.one("aws_iam_role_policies_exclusive")
    assert inline["role_name"] == role
    assert inline["policy_names"] == [f"${{{made.address('aws_iam_role_policy')}.name}}"]
    managed = made.one("aws_iam_role_policy_attachments_exclusive")
    assert managed["role_name"] == role
    assert managed["policy_arns"] == [f"${{{made.address('aws_iam_role_policy_attachment')}.policy_arn}}"]


def test_a_role_without_policies_of_a_kind_is_to_have_none() -> None:
    made = synthesize(inline=True)

    assert made.one("aws_iam_role_policy_attachments_exclusive")["policy_arns"] == []
    assert synthesize(managed=True).one("aws_iam_role_policies_exclusive")["policy_names"] == []
