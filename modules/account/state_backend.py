"""The bucket that keeps the Terraform states of one environment and of its short-lived copies."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from modules.common.accept import accept
from modules.common.buckets import close
from modules.common.policies import deny_without_tls, document
from settings.state import StateSettings


class StateBucket(Construct):
    """A versioned, encrypted, private bucket, which Terraform never destroys, in development either.

    Overwritten states can be restored for `noncurrent_version_days`. Locks are files in the bucket (`use_lockfile`),
    so it has no Object Lock, which would stop Terraform from deleting them.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: StateSettings, name: str, key_arn: str) -> None:
        super().__init__(scope, id_)
        bucket = S3Bucket(self, "bucket", bucket=name, lifecycle=TerraformResourceLifecycle(prevent_destroy=True))
        accept(
            bucket,
            {"bucket": name},
            CKV2_AWS_62="no process depends on events of the state bucket",
            CKV_AWS_18="the account's CloudTrail trail (a prerequisite) records reads; states contain no password",
            CKV_AWS_144="a copy elsewhere is useless: the resources are in this region; the bucket is versioned",
        )
        self.arn = bucket.arn
        close(self, bucket, policy=document(deny_without_tls(bucket.arn)), key_arn=key_arn)
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire-overwritten-states",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=settings.noncurrent_version_days
                        )
                    ],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
                    ],
                )
            ],
            depends_on=[versioning],
        )
