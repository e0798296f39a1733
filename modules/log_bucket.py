"""The bucket into which a load balancer writes its access log: S3 is the only place that it can write to."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
)
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from constructs import Construct

from environments.base import RetentionDays
from modules.policies import Account, deny_without_tls, document, statement


class LoadBalancerLogBucket(Construct):
    """A private bucket, encrypted with S3's own key, whose objects expire with the logs' `retention_days`.

    Not versioned: log objects are written once. A `protected` one is destroyed only when it is empty, any other with
    all its objects. Whoever logs into it needs `policy` first: AWS tries to write when logging is switched on.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, account: Account, retention_days: RetentionDays, protected: bool
    ) -> None:
        super().__init__(scope, id_)
        bucket = S3Bucket(self, "bucket", bucket=name, force_destroy=not protected)
        self.name = bucket.id
        closed = S3BucketPublicAccessBlock(
            self,
            "public-access-block",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=bucket.id,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=bucket.id,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire-logs",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=retention_days)],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
                    ],
                )
            ],
        )
        self.policy = S3BucketPolicy(
            self, "policy", bucket=bucket.id, policy=log_bucket_policy(bucket.arn, account), depends_on=[closed]
        )


def log_bucket_policy(bucket_arn: str, account: Account) -> str:
    """AWS's log delivery may write what it delivers for this account in this region, and nothing without TLS."""
    delivery = {"Service": "delivery.logs.amazonaws.com"}
    for_account = {
        "StringEquals": {"aws:SourceAccount": account.id},
        "ArnLike": {"aws:SourceArn": account.arn("logs", "*")},
    }
    return document(
        deny_without_tls(bucket_arn),
        statement(
            "LogDeliveryLooks",
            principals=delivery,
            actions=["s3:GetBucketAcl"],
            resources=[bucket_arn],
            conditions=for_account,
        ),
        statement(
            "LogDeliveryWrites",
            principals=delivery,
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/AWSLogs/{account.id}/*"],
            conditions={
                **for_account,
                "StringEquals": {**for_account["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"},
            },
        ),
    )
