"""What the plan role may do: read the configuration of what the stacks make, read states and write their locks.

It is written from the calls of a plan of every stack, which the embedded AWS records, and those of `make drift`. A
policy of AWS such as ReadOnlyAccess reads data, too.
"""

from __future__ import annotations

from modules.account.deploy_policy import Bootstrap
from modules.common.policies import Account, statement
from settings.naming import Naming

# Configuration alone: no action here returns rows, messages, objects, log lines, requests, parameters or secrets.
CONFIGURATION = (
    "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies",
    "application-autoscaling:ListTagsForResource",
    "backup:DescribeBackupVault", "backup:DescribeRegionSettings", "backup:GetBackupPlan", "backup:GetBackupSelection",
    "backup:ListBackupVaults", "backup:ListTags",
    "budgets:ListTagsForResource", "budgets:ViewBudget",
    "cloudformation:DescribeStacks", "cloudformation:GetTemplate",
    "cloudfront:GetDistribution", "cloudfront:GetOriginAccessControl", "cloudfront:ListTagsForResource",
    "cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
    "ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute", "ec2:DescribeFlowLogs", "ec2:DescribeInternetGateways",
    "ec2:DescribeManagedPrefixLists", "ec2:DescribeNatGateways", "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribePrefixLists", "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs", "ec2:GetManagedPrefixListEntries",
    "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
    "ecs:DescribeClusters", "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListServices",
    "elasticache:DescribeCacheClusters", "elasticache:DescribeCacheParameterGroups",
    "elasticache:DescribeCacheParameters", "elasticache:DescribeCacheSubnetGroups",
    "elasticache:DescribeReplicationGroups", "elasticache:DescribeUserGroups", "elasticache:DescribeUsers",
    "elasticache:ListTagsForResource",
    "elasticfilesystem:DescribeAccessPoints", "elasticfilesystem:DescribeBackupPolicy",
    "elasticfilesystem:DescribeFileSystemPolicy", "elasticfilesystem:DescribeFileSystems",
    "elasticfilesystem:DescribeLifecycleConfiguration", "elasticfilesystem:DescribeMountTargetSecurityGroups",
    "elasticfilesystem:DescribeMountTargets",
    "elasticloadbalancing:DescribeCapacityReservation", "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule",
    "iam:GetOpenIDConnectProvider", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
    "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionUrlConfig", "lambda:GetPolicy",
    "lambda:ListEventSourceMappings", "lambda:ListVersionsByFunction",
    "logs:DescribeLogGroups", "logs:DescribeMetricFilters", "logs:GetDelivery", "logs:GetDeliveryDestination",
    "logs:GetDeliverySource", "logs:ListTagsForResource",
    "rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterParameters", "rds:DescribeDBClusters",
    "rds:DescribeDBInstances", "rds:DescribeDBParameterGroups", "rds:DescribeDBParameters",
    "rds:DescribeDBSubnetGroups", "rds:DescribeGlobalClusters", "rds:ListTagsForResource",
    "route53:GetHostedZone", "route53:ListResourceRecordSets",
    "scheduler:GetSchedule",
    "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
    "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic",
    "sns:ListTagsForResource",
    "sqs:GetQueueAttributes", "sqs:ListQueueTags",
    "ssm:DescribeDocument", "ssm:DescribeDocumentPermission", "ssm:GetDocument",
    "states:DescribeStateMachine", "states:ListStateMachineVersions", "states:ListTagsForResource",
    "wafv2:GetIPSet", "wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:GetWebACLForResource",
    "wafv2:ListTagsForResource",
)  # fmt: skip
BUCKETS = (
    "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls", "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning",
    "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration", "s3:ListBucket",
)  # fmt: skip
_PATHS = ("account", "domainnames/*", "restapis/*", "usageplans", "usageplans/*", "vpclinks/*")
# Reading a key, or its place in a usage plan, reads its value: IAM knows no difference.
_KEYS = ("apikeys", "apikeys/*", "usageplans/*/keys", "usageplans/*/keys/*")


def plan_statements(names: Naming, account: Account, bootstrap: Bootstrap) -> list[dict[str, object]]:
    """Of the inline policy: no data but the states, in which no password and no key of a client is."""
    # Copies keep their states under names of their own in the same bucket.
    states = [f"{bootstrap.bucket}/{names.environment}/*", f"{bootstrap.bucket}/{names.environment}-*"]
    gateway = f"arn:{account.partition}:apigateway:{account.region}::"
    return [
        statement("Configuration", actions=CONFIGURATION, resources=["*"]),
        statement(
            "ConfigurationOfBuckets",
            actions=BUCKETS,
            resources=[f"arn:{account.partition}:s3:::{names.project}-*-{names.ending}-*"],
        ),
        statement(
            "ConfigurationOfApis", actions=["apigateway:GET"], resources=[f"{gateway}/{path}" for path in _PATHS]
        ),
        statement(
            "NoKeysOfClients",
            effect="Deny",
            actions=["apigateway:GET"],
            resources=[f"{gateway}/{path}" for path in _KEYS],
        ),
        statement("ReadStates", actions=["s3:GetObject"], resources=states),
        statement(
            "Lock",
            actions=["s3:DeleteObject", "s3:PutObject"],
            resources=[f"{key}.tflock" for key in states],
        ),
        statement(
            "StateKey",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=[bootstrap.key],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{account.region}.amazonaws.com"}},
        ),
        *_first_version(names, account),
    ]


def _first_version(names: Naming, account: Account) -> list[dict[str, object]]:
    """Terraform refreshes the secret's first version, which has no password.

    IAM cannot tell versions apart by an id that is not known yet: the policy of the secret denies every other.
    """
    name = names.path("database").removeprefix("/")
    secret = account.arn("secretsmanager", f"secret:{name}-*")
    return [
        statement("FirstVersion", actions=["secretsmanager:GetSecretValue"], resources=[secret]),
        statement(
            "SecretKey",
            actions=["kms:Decrypt"],
            resources=[account.arn("kms", "key/*")],
            conditions={
                "StringEquals": {"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"},
                "StringLike": {"kms:EncryptionContext:SecretARN": secret},
            },
        ),
    ]
