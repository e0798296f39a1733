"""The S3 bucket for the access log of a load balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html: a network load balancer
logs only TLS connections. Its bucket may have SSE-S3 or a customer-managed key; here it has SSE-S3.
"""

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
    """A private bucket, encrypted with SSE-S3, whose objects expire after `retention_days`.

    It is not versioned, because log objects are written once. A `protected` bucket can be destroyed only when it is
    empty; any other is destroyed with its objects. The load balancer must depend on `policy`, because AWS writes a test
    object when logging is enabled.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, account: Account, retention_days: RetentionDays, protected: bool
    ) -> None:
        super().__init__(scope, id_)
        bucket = S3Bucket(self, "bucket", bucket=name, force_destroy=not protected)
        delivered = "SSE-S3 is enough for connection logs, which contain addresses and times but no payload"
        once = "only AWS writes log objects, once each and under new names"
        accept(
            bucket,
            {"bucket": name},
            CKV_AWS_145=delivered,
            CKV_AWS_21=once,
            CKV_AWS_18="this is the log bucket; the account's CloudTrail trail (a prerequisite) records reads",
            CKV_AWS_144="a log is kept in the region of its load balancer",
            CKV2_AWS_62="no process depends on events of the log bucket",
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
    """AWS's log delivery may write logs of this account and region; access without TLS is denied."""
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
