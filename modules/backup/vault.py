"""A vault of AWS Backup, its key and its lock."""

from __future__ import annotations

from cdktf import TerraformProvider, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.backup_vault import BackupVault as Vault
from cdktf_cdktf_provider_aws.backup_vault_lock_configuration import BackupVaultLockConfiguration
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.policies import Account
from settings.backup import BackupSettings
from settings.encryption import EncryptionSettings
from settings.naming import Naming

# What encrypts under a vault's key: AWS Backup what it stores itself (EFS), RDS the copies of Aurora's snapshots.
# A snapshot of Aurora in its own region stays under the key of its cluster.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
KEY_SERVICES = ("backup", "elasticfilesystem", "rds")


class BackupVault(Construct):
    """Offers `arn`, `name` and `key_arn`. The vault has the same name in every region, and so have its metrics.

    A lock always names the shortest retention: the provider reads that back, so a lock that somebody has lifted is put
    back by the next deployment. Governance can be lifted by `backup:DeleteBackupVaultLockConfiguration`, compliance by
    nobody once its days of grace are over; then the vault stays until its last backup has expired.
    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html

    Terraform never destroys a protected vault and its key. AWS deletes only an empty one: without a lock a teardown
    empties it first, with one it fails as long as a backup is there.
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
            BackupVaultLockConfiguration(
                self,
                "lock",
                backup_vault_name=vault.name,
                min_retention_days=settings.lock_minimum_days,
                # With days of grace it is compliance, without it is governance.
                changeable_for_days=settings.lock_grace_days if settings.lock == "compliance" else None,
                provider=provider,
            )
        self.arn = vault.arn
        # By reference, so that whoever names the vault comes after it.
        self.name = vault.name
        self.key_arn = key.arn
