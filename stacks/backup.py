"""Backups of the data, and their copies in a second region; only where the settings have a table [backup]."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.backup import BackupPlan, BackupVault, backups_row
from modules.common.policies import Account
from settings import Environment
from settings.backup import BackupSettings
from stacks.base import BaseStack
from stacks.data import DataStack
from stacks.network import NetworkStack


class BackupStack(BaseStack):
    """Comes after the data; nothing but the alarms comes after it.

    Redis is in no plan: AWS Backup does not support ElastiCache
    (https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html).
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        settings: BackupSettings,
        network: NetworkStack,
        data: DataStack,
    ) -> None:
        super().__init__(scope, f"{environment.name}-backup", environment=environment, component="backup")
        vault = BackupVault(
            self,
            "backup",
            settings=settings,
            encryption=environment.encryption,
            names=self.names,
            account=self.account,
            protected=environment.protected,
        )
        copies = None
        if settings.copy_to is not None:
            copies = BackupVault(
                self,
                "copies",
                settings=settings,
                encryption=environment.encryption,
                names=self.names,
                account=Account(environment.account_id, settings.copy_to),
                protected=environment.protected,
                provider=self.aws_provider(settings.copy_to, alias="copies"),
            )
        files = data.storage if environment.storage.backup else None
        BackupPlan(
            self,
            "plan",
            settings=settings,
            names=self.names,
            account=self.account,
            cluster_arn=data.database.cluster_arn,
            file_system_arn=files.file_system_arn if files else None,
            data_key_arn=network.keys.data,
            vault=vault,
            copies=copies,
        )
        self.rows.append(backups_row(settings, vault=vault.name, has_files=files is not None))
        TerraformOutput(self, "vault_arn", value=vault.arn, description="The vault of the backups")
        if copies is not None:
            TerraformOutput(self, "copies_vault_arn", value=copies.arn, description="The vault in the second region")
