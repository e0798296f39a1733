"""AWS Backup: vaults, the daily plan for Aurora and EFS, and its alarms."""

from modules.backup.plan import BackupPlan
from modules.backup.row import backups_row
from modules.backup.vault import BackupVault

__all__ = ["BackupPlan", "BackupVault", "backups_row"]
