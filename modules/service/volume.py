"""An EBS volume for every task of the service, which ECS makes, attaches and deletes with a role of its own."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.ecs_service import (
    EcsServiceVolumeConfiguration,
    EcsServiceVolumeConfigurationManagedEbsVolume,
)
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.place import Place
from modules.common.policies import document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.service.container import EBS_VOLUME
from settings.encryption import EncryptionSettings
from settings.service import ServiceSettings


def task_volume(
    scope: Construct, settings: ServiceSettings, encryption: EncryptionSettings, place: Place
) -> EcsServiceVolumeConfiguration | None:
    """The volume under a key of its own. None where the settings name no volume.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html
    """
    if settings.volume is None:
        return None
    key = EncryptionKey(
        scope,
        "volume-key",
        settings=encryption,
        account=place.account,
        alias=place.names.name("volume"),
        description=f"Volumes of the tasks of {place.names.environment}",
        via_services=["ec2"],
    )
    role = IamRole(
        scope,
        "volume-role",
        name=place.names.name("service-volume"),
        description="What ECS does to attach volumes to tasks of the service",
        assume_role_policy=service_trust(
            "ecs.amazonaws.com", place.account, source_arns=[place.account.arn("ecs", "*")]
        ),
    )
    managed = IamRolePolicyAttachment(
        scope,
        "volume-role-managed",
        role=role.name,
        policy_arn=(
            f"arn:{place.account.partition}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
        ),
    )
    use_key = IamRolePolicy(
        scope,
        "volume-role-policy",
        name="use-key",
        role=role.id,
        policy=document(
            statement(
                "UseKey",
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
                resources=[key.arn],
            ),
            statement(
                "GrantToEc2",
                actions=["kms:CreateGrant"],
                resources=[key.arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ),
    )
    no_other_policies(scope, "volume-role", role=role, policies=[managed, use_key])
    return EcsServiceVolumeConfiguration(
        name=EBS_VOLUME,
        managed_ebs_volume=EcsServiceVolumeConfigurationManagedEbsVolume(
            role_arn=role.arn,
            encrypted=True,
            kms_key_id=key.arn,
            file_system_type="ext4",
            size_in_gb=settings.volume.size_gb,
            volume_type="gp3",
        ),
    )
