"""A role has only the policies in the code: a deployment removes policies that somebody has attached.

Otherwise Terraform knows only the policies that it has created, and neither shows nor removes others. Destroying these
resources changes nothing on AWS.
https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/iam_role_policies_exclusive
"""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policies_exclusive import IamRolePoliciesExclusive
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.iam_role_policy_attachments_exclusive import IamRolePolicyAttachmentsExclusive
from constructs import Construct


def no_other_policies(
    scope: Construct, id_: str, *, role: IamRole, policies: Sequence[IamRolePolicy | IamRolePolicyAttachment]
) -> None:
    """`role` has only `policies`, inline and managed. List the policies of all stacks."""
    inline = [policy.name for policy in policies if isinstance(policy, IamRolePolicy)]
    managed = [policy.policy_arn for policy in policies if isinstance(policy, IamRolePolicyAttachment)]
    no_other_inline_policies(scope, id_, role_name=role.name, names=inline)
    no_other_managed_policies(scope, id_, role_name=role.name, arns=managed)


def no_other_inline_policies(scope: Construct, id_: str, *, role_name: str, names: Sequence[str]) -> None:
    """Only for inline policies. If several stacks add policies to a role, call this in the last of these stacks."""
    IamRolePoliciesExclusive(scope, f"{id_}-inline-policies", role_name=role_name, policy_names=list(names))


def no_other_managed_policies(scope: Construct, id_: str, *, role_name: str, arns: Sequence[str] = ()) -> None:
    """Only for managed policies; by default the role has none."""
    IamRolePolicyAttachmentsExclusive(scope, f"{id_}-managed-policies", role_name=role_name, policy_arns=list(arns))
