"""What the deploy role may do: use the platform's services, make roles within the boundary; not change bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from modules.account.boundary import role_arns
from modules.common.policies import Account, statement
from modules.common.roles import boundary_arn
from settings.naming import Naming

# Every service of which a stack has a resource; a vault takes `backup-storage`, the tags of a deployment `tag`.
SERVICES = (
    "apigateway", "application-autoscaling", "backup", "backup-storage", "budgets", "cloudformation", "cloudfront",
    "cloudwatch", "ec2", "ecs", "elasticache", "elasticfilesystem", "elasticloadbalancing", "events", "kms", "lambda",
    "logs", "rds", "route53", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "states", "tag", "wafv2",
)  # fmt: skip
# Of services that belong to others: images, certificates, who is asking.
READING = (
    "acm:DescribeCertificate", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer", "sts:GetCallerIdentity",
)  # fmt: skip
# Every AWS service that one of the platform's roles is for. Enhanced Monitoring's own principal is
# `monitoring.rds.amazonaws.com`; that it is RDS to which the role is passed is what some pages of AWS say.
PASSED_TO = (
    "backup.amazonaws.com", "ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "events.amazonaws.com",
    "lambda.amazonaws.com", "monitoring.rds.amazonaws.com", "rds.amazonaws.com", "scheduler.amazonaws.com",
    "ssm.amazonaws.com", "states.amazonaws.com", "vpc-flow-logs.amazonaws.com",
)  # fmt: skip
# The policies of AWS that a role of a stack may have: by path and name.
ATTACHED = (
    "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
    "service-role/AmazonRDSEnhancedMonitoringRole",
)
# Roles that AWS makes for itself when a service is first used in an account.
SERVICE_LINKED = (
    "backup.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
    "elasticache.amazonaws.com", "elasticache.application-autoscaling.amazonaws.com",
    "elasticfilesystem.amazonaws.com", "elasticloadbalancing.amazonaws.com", "ops.apigateway.amazonaws.com",
    "rds.amazonaws.com", "rds.application-autoscaling.amazonaws.com", "wafv2.amazonaws.com",
)  # fmt: skip
READ_ROLES = (
    "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies", "iam:ListRoleTags",
)  # fmt: skip
# Those which IAM binds to no boundary: they extend no right. Who may take a role of the platform then has its rights.
_KEEP_ROLES = (
    "iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)  # fmt: skip
_BOUND = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary",
          "iam:PutRolePolicy")  # fmt: skip
# What Terraform's backend does with the bucket and its key, and reading. Everything else is denied there.
_USE_STATES = ("s3:DeleteObject", "s3:Get*", "s3:List*", "s3:PutObject")
_USE_STATE_KEY = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Get*", "kms:List*")


class Bootstrap(NamedTuple):
    """What bootstrap makes, by ARN."""

    bucket: str
    key: str
    key_alias: str
    roles: Sequence[str]


def deploy_statements(names: Naming, account: Account, bootstrap: Bootstrap) -> list[dict[str, object]]:
    """Of the inline policy. Whoever may use a service may destroy what is in it: approval in GitHub guards that."""
    return [
        statement("Services", actions=[f"{service}:*" for service in SERVICES], resources=["*"]),
        statement("Reading", actions=READING, resources=["*"]),
        *_roles(names, account),
        *_not_bootstrap(account, bootstrap),
    ]


def _roles(names: Naming, account: Account) -> list[dict[str, object]]:
    """Roles are made, and given policies, only within the boundary."""
    own = role_arns(names, account)
    bound = {"iam:PermissionsBoundary": boundary_arn(names, account)}
    attached = [f"arn:{account.partition}:iam::aws:policy/{name}" for name in ATTACHED]
    return [
        statement("ReadAndKeepRoles", actions=[*READ_ROLES, *_KEEP_ROLES], resources=own),
        statement("MakeRoles", actions=_BOUND, resources=own, conditions={"StringEquals": bound}),
        statement(
            "AttachPolicies",
            actions=["iam:AttachRolePolicy"],
            resources=own,
            conditions={"StringEquals": bound, "ArnEquals": {"iam:PolicyARN": attached}},
        ),
        statement(
            "PassRoles",
            actions=["iam:PassRole"],
            resources=own,
            conditions={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        ),
        statement(
            "ServiceLinkedRoles",
            actions=["iam:CreateServiceLinkedRole"],
            resources=[f"arn:{account.partition}:iam::{account.id}:role/aws-service-role/*"],
            conditions={"StringEquals": {"iam:AWSServiceName": list(SERVICE_LINKED)}},
        ),
    ]


def _not_bootstrap(account: Account, bootstrap: Bootstrap) -> list[dict[str, object]]:
    """Denials: the roles of bootstrap, its bucket, its state, its key and alias, the account's setting of API Gateway.

    Image repository, boundary, and GitHub's provider need none: no statement allows to change any.
    """
    return [
        statement("NotRolesOfBootstrap", effect="Deny", actions=["iam:*"], resources=bootstrap.roles),
        {
            "Sid": "NotStateBucket",
            "Effect": "Deny",
            "NotAction": list(_USE_STATES),
            "Resource": [bootstrap.bucket, f"{bootstrap.bucket}/*"],
        },
        statement(
            "NotBootstrapState",
            effect="Deny",
            actions=["s3:DeleteObject", "s3:PutObject"],
            resources=[f"{bootstrap.bucket}/*/bootstrap.tfstate*"],
        ),
        {"Sid": "NotStateKey", "Effect": "Deny", "NotAction": list(_USE_STATE_KEY), "Resource": [bootstrap.key]},
        statement("NotStateKeyAlias", effect="Deny", actions=["kms:*"], resources=[bootstrap.key_alias]),
        statement(
            "NotAccountOfApiGateway",
            effect="Deny",
            actions=["apigateway:PATCH"],
            resources=[f"arn:{account.partition}:apigateway:{account.region}::/account"],
        ),
    ]
