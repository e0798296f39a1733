"""The permission that a call takes, by the names of botocore's models."""

from __future__ import annotations

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {"efs": "elasticfilesystem", "elbv2": "elasticloadbalancing", "monitoring": "cloudwatch"}
# Of S3: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_NAMES = {
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
    "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
}


def permission(service: str, operation: str) -> str:
    """API Gateway's permissions are methods, of which a plan needs GET alone."""
    if service == "apigateway":
        return "apigateway:GET" if operation.startswith("Get") else f"apigateway:{operation}"
    name = f"{_PREFIXES.get(service, service)}:{operation}"
    return _NAMES.get(name, name)
