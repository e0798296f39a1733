"""The backup plan: its resources, schedule, vaults and role."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.backup_plan import BackupPlan as Plan
from cdktf_cdktf_provider_aws.backup_plan import (
    BackupPlanRule,
    BackupPlanRuleCopyAction,
    BackupPlanRuleCopyActionLifecycle,
    BackupPlanRuleLifecycle,
)
from cdktf_cdktf_provider_aws.backup_region_settings import BackupRegionSettings
from cdktf_cdktf_provider_aws.backup_selection import BackupSelection
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from modules.backup.vault import KEY_SERVICES, BackupVault
from modules.common.policies import Account, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from settings.backup import BackupSettings
from settings.naming import Naming

# The provider's own values are 60 and 180, after which AWS Backup gives up: too short for a cluster that is just being
# changed, and for the first backup of many files. AWS's default is 7 days to complete.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html
_START_MINUTES = 180
_COMPLETE_MINUTES = 7 * 24 * 60


class BackupPlan(Construct):
    """A daily backup of the cluster and of the file system, if there is one.

    It may overlap Aurora's windows, unlike those of other databases (see the page above). Aurora itself keeps
    point-in-time recovery: AWS Backup would take over the retention from the cluster's settings.

    Aurora is left out of every plan until the account opts in, for each region, and is not by default
    (https://repost.aws/knowledge-center/aws-backup-troubleshoot-scheduled-backup-plans). The opt-in applies to
    all environments of the account; each sets the same value, and destroying the resource changes nothing. The provider
    reads back every service, so differences are ignored; the alarm on missing backups detects an opt-out.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: BackupSettings,
        names: Naming,
        account: Account,
        cluster_arn: str,
        file_system_arn: str | None,
        data_key_arn: str,
        vault: BackupVault,
        copies: BackupVault | None,
    ) -> None:
        super().__init__(scope, id_)
        role = platform_role(
            self,
            "role",
            names=names,
            account=account,
            purpose="backup",
            description="AWS Backup: backs up Aurora and EFS, and copies to another region",
            trust=service_trust("backup.amazonaws.com", None),
        )
        policy = IamRolePolicy(
            self,
            "policy",
            name="backup",
            role=role.id,
            policy=backup_policy(
                account,
                copy_to=settings.copy_to,
                cluster_arn=cluster_arn,
                file_system_arn=file_system_arn,
                vault_arns=[vault.arn, *([copies.arn] if copies else [])],
                key_arns=[data_key_arn, vault.key_arn, *([copies.key_arn] if copies else [])],
            ),
        )
        no_other_policies(self, "role", role=role, policies=[policy])
        opt_in = BackupRegionSettings(
            self,
            "opt-in",
            resource_type_opt_in_preference={"Aurora": True, "EFS": True},
            lifecycle=TerraformResourceLifecycle(ignore_changes=["resource_type_opt_in_preference"]),
        )
        hour, minute = settings.start.split(":")
        plan = Plan(
            self,
            "plan",
            name=names.name("backup"),
            rule=[
                BackupPlanRule(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    schedule=f"cron({int(minute)} {int(hour)} * * ? *)",
                    start_window=_START_MINUTES,
                    completion_window=_COMPLETE_MINUTES,
                    lifecycle=BackupPlanRuleLifecycle(delete_after=settings.retention_days),
                    copy_action=_copy(copies, settings.copy_retention_days) if copies else None,
                )
            ],
        )
        BackupSelection(
            self,
            "selection",
            name=names.name("backup"),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[cluster_arn, *([file_system_arn] if file_system_arn else [])],
            depends_on=[policy, opt_in],
        )


def _copy(copies: BackupVault, retention_days: int) -> list[BackupPlanRuleCopyAction]:
    return [
        BackupPlanRuleCopyAction(
            destination_vault_arn=copies.arn, lifecycle=BackupPlanRuleCopyActionLifecycle(delete_after=retention_days)
        )
    ]


def backup_policy(
    account: Account,
    *,
    copy_to: str | None,
    cluster_arn: str,
    file_system_arn: str | None,
    vault_arns: list[str],
    key_arns: list[str],
) -> str:
    """The permissions of AWS's managed policy for Aurora and EFS, restricted to this environment's resources.

    Permissions for continuous backups, sharing between accounts and other services are left out.
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    """
    places = [account, *([Account(account.id, copy_to, account.partition)] if copy_to else [])]
    # AWS Backup gives its snapshots this prefix.
    snapshots = [place.arn("rds", "cluster-snapshot:awsbackup:*") for place in places]
    recovery_points = [place.arn("backup", "recovery-point:*") for place in places]
    files = (
        [
            statement(
                "BackUpFiles",
                actions=["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"],
                resources=[file_system_arn],
            )
        ]
        if file_system_arn
        else []
    )
    return document(
        statement(
            "BackUpAurora",
            actions=["rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:ListTagsForResource"],
            resources=[cluster_arn, *snapshots],
        ),
        statement(
            "CopyAndExpireAurora",
            actions=["rds:CopyDBClusterSnapshot", "rds:DeleteDBClusterSnapshot"],
            resources=snapshots,
        ),
        statement(
            "FindAurora",
            actions=["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters"],
            resources=[place.arn("rds", kind) for place in places for kind in ("cluster:*", "cluster-snapshot:*")],
        ),
        *files,
        statement(
            "UseVaults", actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], resources=vault_arns
        ),
        statement(
            "CopyBackups",
            actions=["backup:CopyFromBackupVault"],
            resources=[*vault_arns, *recovery_points, *snapshots],
        ),
        statement("TagBackups", actions=["backup:TagResource"], resources=recovery_points),
        statement("SeeKeys", actions=["kms:DescribeKey"], resources=key_arns),
        statement(
            "GrantKeys",
            actions=["kms:CreateGrant"],
            resources=key_arns,
            conditions={
                "Bool": {"kms:GrantIsForAWSResource": "true"},
                "StringEquals": {
                    "kms:ViaService": [
                        f"{name}.{place.region}.amazonaws.com" for place in places for name in KEY_SERVICES
                    ]
                },
            },
        ),
    )
