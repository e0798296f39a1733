"""A vault of AWS Backup, its key and its lock."""

from __future__ import annotations

from cdktf import DataResource, TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.backup_vault import BackupVault as Vault
from cdktf_cdktf_provider_aws.backup_vault_lock_configuration import BackupVaultLockConfiguration
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.policies import Account
from settings.backup import BackupSettings
from settings.encryption import EncryptionSettings
from settings.naming import Naming

# Services that encrypt with a vault's key: AWS Backup for EFS, RDS for copies of Aurora's snapshots in another region.
# A snapshot of Aurora in its own region is encrypted with the cluster's key.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
KEY_SERVICES = ("backup", "elasticfilesystem", "rds")


class BackupVault(Construct):
    """Offers `arn`, `name` and `key_arn`. The vault has the same name in every region, and so have its metrics.

    A lock always sets the minimum retention: the provider reads it back, so the next deployment restores a lock that
    somebody has removed. `backup:DeleteBackupVaultLockConfiguration` removes a governance lock. Nobody can remove a
    compliance lock after its grace days; the vault then remains until its last backup has expired.
    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html

    Terraform never destroys a protected vault and its key. AWS deletes only an empty vault. A teardown empties a vault
    without a lock first; with a lock it fails while the vault contains a backup.

    The provider never reads the grace days back. Without `ignore_changes` it would replace the lock of a vault that is
    taken up again after a teardown, and nobody can replace a compliance lock. The kind of lock is therefore a resource
    of its own, which replaces the lock when the settings change.
    https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/backup/vault_lock_configuration.go
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: BackupSettings,
        encryption: EncryptionSettings,
        names: Naming,
        account: Account,
        protected: bool,
        provider: TerraformProvider | None = None,
    ) -> None:
        super().__init__(scope, id_)
        name = names.name("backup")
        key = EncryptionKey(
            self,
            "key",
            settings=encryption,
            account=account,
            alias=name,
            description=f"Backups of {names.environment}",
            via_services=KEY_SERVICES,
            protected=protected,
            provider=provider,
        )
        vault = Vault(
            self,
            "vault",
            name=name,
            kms_key_arn=key.arn,
            force_destroy=settings.lock == "none",
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
            provider=provider,
        )
        if settings.lock != "none":
            # With grace days it is a compliance lock, without them a governance lock.
            grace_days = settings.lock_grace_days if settings.lock == "compliance" else None
            kind = DataResource(self, "lock-kind", input={"grace_days": grace_days or 0})
            BackupVaultLockConfiguration(
                self,
                "lock",
                backup_vault_name=vault.name,
                min_retention_days=settings.lock_minimum_days,
                changeable_for_days=grace_days,
                lifecycle=TerraformResourceLifecycle(
                    ignore_changes=["changeable_for_days"],
                    replace_triggered_by=[f"terraform_data.{kind.friendly_unique_id}"],
                ),
                provider=provider,
            )
        self.arn = vault.arn
        # A reference, so that resources that use the vault are created after it.
        self.name = vault.name
        self.key_arn = key.arn
