"""AWS Backup: vaults, the daily plan over Aurora and EFS, and what is watched of it."""

from modules.backup.plan import BackupPlan
from modules.backup.row import backups_row
from modules.backup.vault import BackupVault

__all__ = ["BackupPlan", "BackupVault", "backups_row"]
