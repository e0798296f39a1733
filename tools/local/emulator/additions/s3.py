"""S3: bucket policies."""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, S3Backend

from tools.local.emulator.policies import saved
from tools.local.emulator.registry import extend


@extend(FakeBucket, because="is_action_permitted(action, resource)")
def get_permission(_: Any, self: Any, action: str, resource: str) -> PermissionResult:
    """moto reads a bucket policy without its conditions, so that the statement which denies access without TLS denies
    every access. No policy of another service is enforced here, and a bucket's is not, either.
    """
    return PermissionResult.NEUTRAL


@extend(S3Backend, because=".policy = policy")
def put_bucket_policy(stock: Any, self: Any, bucket_name: str, policy: bytes) -> None:
    """moto answers the text that it was given."""
    stock(self, bucket_name, saved(policy.decode()).encode())
