"""The bucket of static files, which only one CloudFront distribution can read."""

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
from modules.common.place import Place
from modules.common.policies import deny_without_tls, document, statement

# Overwritten files can be restored for this time.
_NONCURRENT_DAYS = 30


class StaticFiles(Construct):
    """A versioned bucket with a `domain_name`; `open_to` gives CloudFront access. Never destroyed if protected."""

    def __init__(self, scope: Construct, id_: str, *, place: Place) -> None:
        super().__init__(scope, id_)
        # Bucket names are global, so they contain the account id.
        self._bucket = S3Bucket(
            self,
            "bucket",
            bucket=f"{place.names.name('static')}-{place.account.id}",
            force_destroy=not place.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if place.protected else None,
        )
        accept(
            self._bucket,
            {"bucket": f"{place.names.name('static')}-{place.account.id}"},
            CKV_AWS_145=_PUBLIC,
            CKV_AWS_18="CloudFront's log records reads of visitors, and the account's CloudTrail trail all others",
            CKV_AWS_144="the files are built from source, so they can be uploaded to any region",
            CKV2_AWS_62="no process depends on events of this bucket",
        )
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=self._bucket.id,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self._bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire-old-versions",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=_NONCURRENT_DAYS)
                    ],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
                    ],
                )
            ],
            depends_on=[versioning],
        )
        self.name = self._bucket.id
        self.domain_name = self._bucket.bucket_regional_domain_name

    def open_to(self, distribution_arn: str) -> None:
        """Allow only one distribution, which signs its requests, to read the bucket.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        """
        policy = document(
            deny_without_tls(self._bucket.arn),
            statement(
                "ReadByCloudFront",
                principals={"Service": "cloudfront.amazonaws.com"},
                actions=["s3:GetObject"],
                resources=[f"{self._bucket.arn}/*"],
                conditions={"StringEquals": {"aws:SourceArn": distribution_arn}},
            ),
        )
        close(self, self._bucket, policy=policy, key_arn=None)


_PUBLIC = "everybody may read these files through CloudFront, so a customer-managed key would protect nothing"
