"""A bucket for objects of the tasks."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
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
from modules.common.encryption import EncryptionKey
from modules.common.place import Place
from modules.common.policies import deny_without_tls, document
from settings.encryption import EncryptionSettings
from settings.service import BucketSettings


class ObjectBucket(Construct):
    """A private, versioned bucket with its own key. Offers `name`, `arn` and `key_arn`.

    Terraform never destroys a protected bucket; it destroys any other with all its objects.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: BucketSettings,
        encryption: EncryptionSettings,
        place: Place,
        purpose: str,
    ) -> None:
        super().__init__(scope, id_)
        # Bucket names are global, so they contain the account id.
        name = f"{place.names.name(f'bucket-{purpose}')}-{place.account.id}"
        key = EncryptionKey(
            self,
            "key",
            settings=encryption,
            account=place.account,
            alias=place.names.name(f"bucket-{purpose}"),
            description=f"Objects of {name}",
            via_services=["s3"],
            protected=place.protected,
        )
        bucket = S3Bucket(
            self,
            "bucket",
            bucket=name,
            force_destroy=not place.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if place.protected else None,
        )
        accept(
            bucket,
            {"bucket": name},
            CKV2_AWS_62="no process depends on events of this bucket",
            CKV_AWS_18="the account's CloudTrail trail (a prerequisite) records reads",
            CKV_AWS_144="the bucket is versioned; whether its data may be copied to another region is the owner's "
            "decision",
        )
        close(self, bucket, policy=document(deny_without_tls(bucket.arn)), key_arn=key.arn)
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        expiring = settings.expire_after_days
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire-objects",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=None
                    if expiring is None
                    else [S3BucketLifecycleConfigurationRuleExpiration(days=expiring)],
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
        self.name = bucket.id
        self.arn = bucket.arn
        self.key_arn = key.arn
