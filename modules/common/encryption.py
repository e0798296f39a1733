"""Customer-managed keys, and the log groups that are encrypted with them."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from modules.common.accept import accept
from modules.common.policies import Account, key_policy
from settings.base import RetentionDays
from settings.encryption import EncryptionSettings


class EncryptionKey(Construct):
    """A KMS key and its alias. Each class of data has its own key, so access to one class gives none to another.

    The key material rotates (a year by default, PCI DSS 3.7.4); a deleted key can be restored for
    `deletion_window_days`. Terraform never destroys a `protected` key. For a key in another region pass that
    region's `provider`, and an `account` with that region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: EncryptionSettings,
        account: Account,
        alias: str,
        description: str,
        via_services: Sequence[str],
        service_principals: Sequence[str] = (),
        protected: bool = False,
        provider: TerraformProvider | None = None,
    ) -> None:
        super().__init__(scope, id_)
        key = KmsKey(
            self,
            "key",
            description=description,
            enable_key_rotation=True,
            rotation_period_in_days=settings.rotation_period_days,
            deletion_window_in_days=settings.deletion_window_days,
            policy=key_policy(account, via_services=via_services, service_principals=service_principals),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
            provider=provider,
        )
        KmsAlias(self, "alias", name=f"alias/{alias}", target_key_id=key.key_id, provider=provider)
        self.arn = key.arn


def log_group(
    scope: Construct, id_: str, *, name: str, retention_days: RetentionDays, key_arn: str
) -> CloudwatchLogGroup:
    """A log group. Create it before the resource that writes to it, or AWS creates one without retention or key."""
    group = CloudwatchLogGroup(scope, id_, name=name, retention_in_days=retention_days, kms_key_id=key_arn)
    if retention_days < 365:
        shorter = {"retention_in_days": retention_days}
        accept(group, shorter, CKV_AWS_338="production requires one year; other tiers hold no audit evidence")
    return group
