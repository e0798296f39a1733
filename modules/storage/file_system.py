"""EFS: files that the tasks of all zones share, only through access points."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.efs_access_point import (
    EfsAccessPoint,
    EfsAccessPointPosixUser,
    EfsAccessPointRootDirectory,
    EfsAccessPointRootDirectoryCreationInfo,
)
from cdktf_cdktf_provider_aws.efs_backup_policy import EfsBackupPolicy, EfsBackupPolicyBackupPolicy
from cdktf_cdktf_provider_aws.efs_file_system import EfsFileSystem, EfsFileSystemLifecyclePolicy
from cdktf_cdktf_provider_aws.efs_file_system_policy import EfsFileSystemPolicy
from cdktf_cdktf_provider_aws.efs_mount_target import EfsMountTarget
from constructs import Construct

from modules.common.policies import document, statement
from modules.common.security_groups import closed_security_group
from settings.naming import Naming
from settings.storage import AccessPointSettings, StorageSettings

_PORT = 2049


class Storage(Construct):
    """A file system, encrypted with the data key, with a mount target in every zone.

    Clients of an access point act as its POSIX user and see only its directory, which EFS creates at the first mount.
    Files that are not read for the configured days move to Infrequent Access, and return when they are read.

    AWS's default plan backs up the file system, unless the environment has its own plan (`has_plan`): with both, each
    backup would be stored and charged twice. Existing backups of the default plan are kept for their 35 days.

    Consumers must depend on all of it, because a zone without a mount target has no address to mount.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: StorageSettings,
        protected: bool,
        names: Naming,
        vpc_id: str,
        subnet_ids: Mapping[str, str],
        data_key_arn: str,
        has_plan: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        name = names.name("files")
        file_system = EfsFileSystem(
            self,
            "file-system",
            creation_token=name,
            encrypted=True,
            kms_key_id=data_key_arn,
            throughput_mode=settings.throughput_mode,
            lifecycle_policy=[
                EfsFileSystemLifecyclePolicy(transition_to_ia=_after(settings.infrequent_access_after_days)),
                EfsFileSystemLifecyclePolicy(transition_to_primary_storage_class="AFTER_1_ACCESS"),
            ],
            tags={"Name": name},
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        EfsFileSystemPolicy(self, "policy", file_system_id=file_system.id, policy=file_system_policy(file_system.arn))
        by_default_plan = settings.backup and not has_plan
        EfsBackupPolicy(
            self,
            "backup",
            file_system_id=file_system.id,
            backup_policy=EfsBackupPolicyBackupPolicy(status="ENABLED" if by_default_plan else "DISABLED"),
        )
        group = closed_security_group(
            self, "security-group", name=name, description="EFS; callers add their own rule", vpc_id=vpc_id
        )
        for zone, subnet_id in subnet_ids.items():
            EfsMountTarget(
                self,
                f"mount-target-{zone}",
                file_system_id=file_system.id,
                subnet_id=subnet_id,
                security_groups=[group.id],
            )
        access_points = {
            purpose: self._access_point(purpose, point, names, file_system.id)
            for purpose, point in sorted(settings.access_points.items())
        }
        self.file_system_id = file_system.id
        self.file_system_arn = file_system.arn
        self.port = _PORT
        self.access_point_ids = {purpose: point.id for purpose, point in access_points.items()}
        self.access_point_arns = {purpose: point.arn for purpose, point in access_points.items()}
        self.security_group_id = group.id

    def _access_point(
        self, purpose: str, settings: AccessPointSettings, names: Naming, file_system_id: str
    ) -> EfsAccessPoint:
        return EfsAccessPoint(
            self,
            f"access-point-{purpose}",
            file_system_id=file_system_id,
            posix_user=EfsAccessPointPosixUser(uid=settings.uid, gid=settings.gid),
            root_directory=EfsAccessPointRootDirectory(
                path=settings.path,
                creation_info=EfsAccessPointRootDirectoryCreationInfo(
                    owner_uid=settings.uid, owner_gid=settings.gid, permissions=settings.permissions
                ),
            ),
            tags={"Name": names.name(purpose)},
        )


def _after(days: int) -> str:
    return "AFTER_1_DAY" if days == 1 else f"AFTER_{days}_DAYS"


def file_system_policy(file_system_arn: str) -> str:
    """Denies access without TLS (PCI DSS 4.2.1) and access without an access point; roles need a permission.

    This policy allows nothing itself, so IAM policies of roles decide. Without any policy, every host that reaches a
    mount target would have access as root.
    """
    client = [f"elasticfilesystem:Client{action}" for action in ("Mount", "RootAccess", "Write")]
    everyone = {"AWS": "*"}
    return document(
        statement(
            "DenyWithoutTls",
            effect="Deny",
            principals=everyone,
            actions=client,
            resources=[file_system_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        statement(
            "DenyWithoutAccessPoint",
            effect="Deny",
            principals=everyone,
            actions=client,
            resources=[file_system_arn],
            conditions={"Null": {"elasticfilesystem:AccessPointArn": "true"}},
        ),
    )
