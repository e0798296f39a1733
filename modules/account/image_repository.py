"""The registry of the service's container images."""

from __future__ import annotations

import json

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecr_lifecycle_policy import EcrLifecyclePolicy
from cdktf_cdktf_provider_aws.ecr_repository import (
    EcrRepository,
    EcrRepositoryEncryptionConfiguration,
    EcrRepositoryImageScanningConfiguration,
)
from constructs import Construct

# Enough to roll back for months, without paying for every build.
_KEPT_IMAGES = 100


class ImageRepository(Construct):
    """An ECR repository with immutable tags, scanned on push, under the given key; the last 100 images are kept."""

    def __init__(self, scope: Construct, id_: str, *, name: str, key_arn: str, protected: bool) -> None:
        super().__init__(scope, id_)
        repository = EcrRepository(
            self,
            "repository",
            name=name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=EcrRepositoryImageScanningConfiguration(scan_on_push=True),
            encryption_configuration=[EcrRepositoryEncryptionConfiguration(encryption_type="KMS", kms_key=key_arn)],
            force_delete=not protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        self.url = repository.repository_url
        expire_old = {
            "rulePriority": 1,
            "description": f"Keep the last {_KEPT_IMAGES} images",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT_IMAGES},
            "action": {"type": "expire"},
        }
        EcrLifecyclePolicy(self, "lifecycle", repository=repository.name, policy=json.dumps({"rules": [expire_old]}))
