"""The controls of every bucket: no public access, no ACLs, encryption."""

from __future__ import annotations

from typing import NamedTuple

from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
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


class Closure(NamedTuple):
    """The resources that protect a bucket."""

    encryption: S3BucketServerSideEncryptionConfigurationA
    policy: S3BucketPolicy


def close(scope: Construct, bucket: S3Bucket, *, policy: str, key_arn: str | None) -> Closure:
    """Allow only the access that `policy` and IAM allow. `key_arn` None means SSE-S3."""
    closed = S3BucketPublicAccessBlock(
        scope,
        "public-access-block",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    S3BucketOwnershipControls(
        scope,
        "ownership",
        bucket=bucket.id,
        rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
    )
    encryption = S3BucketServerSideEncryptionConfigurationA(
        scope,
        "encryption",
        bucket=bucket.id,
        rule=[
            S3BucketServerSideEncryptionConfigurationRuleA(
                apply_server_side_encryption_by_default=(
                    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                        sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
                    )
                ),
                bucket_key_enabled=None if key_arn is None else True,
            )
        ],
    )
    # S3 refuses a policy and a public access block at the same time.
    return Closure(encryption, S3BucketPolicy(scope, "policy", bucket=bucket.id, policy=policy, depends_on=[closed]))
