"""The roles of the stacks: each has the permissions boundary, which belongs to bootstrap."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.iam_role import IamRole
from constructs import Construct

from modules.common.policies import Account
from settings.naming import Naming


def boundary_name(names: Naming) -> str:
    """Name of the boundary; an ephemeral environment uses the original's."""
    return Naming(names.project, names.stage).name("boundary")


def boundary_arn(names: Naming, account: Account) -> str:
    """ARN of the boundary, known before it is created."""
    return f"arn:{account.partition}:iam::{account.id}:policy/{boundary_name(names)}"


def platform_role(
    scope: Construct, id_: str, *, names: Naming, account: Account, purpose: str, description: str, trust: str
) -> IamRole:
    """A role with the boundary, which limits its policies. The deploy role can create no other roles."""
    return IamRole(
        scope,
        id_,
        name=names.name(purpose),
        description=description,
        assume_role_policy=trust,
        permissions_boundary=boundary_arn(names, account),
    )
