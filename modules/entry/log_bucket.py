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
from constructs import Construct

from modules.common.accept import accept
from modules.common.buckets import close
from modules.common.policies import Account, deny_without_tls, document, statement
from settings.base import RetentionDays


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
        delivered = "load balancers deliver to buckets under S3's own key only"
        once = "log objects are written once, under new names, by AWS alone"
        accept(
            bucket,
            {"bucket": name},
            CKV_AWS_145=delivered,
            CKV_AWS_21=once,
            CKV_AWS_18="it is the log; who reads it is recorded by the account's trail, a prerequisite",
            CKV_AWS_144="kept in the region of what it tells about",
            CKV2_AWS_62="nothing acts upon a written log",
        )
        self.name = bucket.id
        _, self.policy = close(self, bucket, policy=log_bucket_policy(bucket.arn, account), key_arn=None)
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
