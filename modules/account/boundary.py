"""The permissions boundary of every role that the stacks make: what none of them may exceed.

Bootstrap owns it, so it changes only where people deploy: a workflow can extend no role beyond it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from constructs import Construct

from modules.common.accept import accept
from modules.common.policies import Account, document, statement
from modules.common.roles import boundary_name
from settings.naming import Naming
from settings.service import AllowSettings

# What some role of a stack may do, those with a policy of AWS included; `tests/stacks/test_roles.py` compares.
ACTIONS = (
    "backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:DescribeBackupVault", "backup:TagResource",
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses", "ec2:AttachVolume", "ec2:CreateNetworkInterface", "ec2:CreateTags",
    "ec2:CreateVolume", "ec2:DeleteNetworkInterface", "ec2:DeleteVolume", "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DescribeVolumes",
    "ec2:DetachVolume", "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
    "ecs:DescribeTasks", "ecs:ListTasks", "ecs:RunTask", "ecs:StopTask", "ecs:TagResource", "ecs:UpdateService",
    "elasticache:Connect",
    "elasticfilesystem:Backup", "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite",
    "elasticfilesystem:DescribeTags",
    "events:DescribeRule", "events:PutRule", "events:PutTargets",
    "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncrypt*",
    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
    "logs:GetLogEvents", "logs:PutLogEvents", "logs:PutRetentionPolicy",
    "rds-db:connect",
    "rds:AddTagsToResource", "rds:CopyDBClusterSnapshot", "rds:CreateDBClusterSnapshot", "rds:DeleteDBClusterSnapshot",
    "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:ListTagsForResource",
    "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
    "sns:Publish",
    "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
    "sqs:ReceiveMessage", "sqs:SendMessage",
    "ssm:StartAutomationExecution",
    "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "states:StartExecution",
    "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
)  # fmt: skip
# What these roles themselves pass others to: tasks that Step Functions runs, runbooks that EventBridge starts.
PASSED_ON_TO = ("ecs-tasks.amazonaws.com", "ssm.amazonaws.com")


def role_arns(names: Naming, account: Account) -> list[str]:
    """Every role of the environment, and of its copies."""
    name = f"arn:{account.partition}:iam::{account.id}:role/{names.project}-*-{names.ending}"
    return [name, f"{name}-*"]


class PlatformBoundary(Construct):
    """What the stacks' roles may do at most; `further` is what the settings allow the tasks beside it.

    It names actions, not resources: of these the roles' own policies say which. The states are nobody's at run time.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Naming,
        account: Account,
        state_bucket: str,
        further: Sequence[AllowSettings],
    ) -> None:
        super().__init__(scope, id_)
        bucket = f"arn:{account.partition}:s3:::{state_bucket}"
        policy = IamPolicy(
            self,
            "policy",
            name=boundary_name(names),
            description="What no role of the platform may exceed",
            policy=document(
                statement("AtMost", actions=ACTIONS, resources=["*"]),
                statement(
                    "PassRoles",
                    actions=["iam:PassRole"],
                    resources=role_arns(names, account),
                    conditions={"StringEquals": {"iam:PassedToService": list(PASSED_ON_TO)}},
                ),
                *(
                    statement(f"Further{number}", actions=allowed.actions, resources=allowed.resources)
                    for number, allowed in enumerate(further, start=1)
                ),
                statement("NoStates", effect="Deny", actions=["s3:*"], resources=[bucket, f"{bucket}/*"]),
            ),
        )
        accept(
            policy,
            {"Resource": "*"},
            PARLIAMENT_RESOURCE_STAR__AtMost="a boundary gives no right: the policies of each role name resources",
        )
