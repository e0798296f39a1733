"""An EBS volume for every task of the service. ECS creates, attaches and deletes it with its own role."""

from __future__ import annotations

from typing import NamedTuple

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsServiceVolumeConfiguration,
    EcsServiceVolumeConfigurationManagedEbsVolume,
    EcsServiceVolumeConfigurationManagedEbsVolumeTagSpecifications,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.place import Place
from modules.common.policies import document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from modules.service.container import EBS_VOLUME
from settings.encryption import EncryptionSettings
from settings.service import ServiceSettings


class TaskVolume(NamedTuple):
    """The volume configuration of an ECS service, or None without a volume. The service must depend on `all`.

    Without these permissions ECS could neither attach a volume nor delete it when the service is destroyed.
    """

    configuration: EcsServiceVolumeConfiguration | None = None
    all: tuple[ITerraformDependable, ...] = ()


def task_volume(
    scope: Construct, settings: ServiceSettings, encryption: EncryptionSettings, place: Place
) -> TaskVolume:
    """The volume with its own key.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html
    """
    if settings.volume is None:
        return TaskVolume()
    key = EncryptionKey(
        scope,
        "volume-key",
        settings=encryption,
        account=place.account,
        alias=place.names.name("volume"),
        description=f"Volumes of the tasks of {place.names.environment}",
        via_services=["ec2"],
    )
    role = platform_role(
        scope,
        "volume-role",
        names=place.names,
        account=place.account,
        purpose="service-volume",
        description="What ECS does to attach volumes to tasks of the service",
        # Of ECS as the owner of volumes, unlike ECS as the owner of tasks, no page of AWS shows a condition.
        trust=service_trust("ecs.amazonaws.com", None),
    )
    managed = IamRolePolicyAttachment(
        scope,
        "volume-role-managed",
        role=role.name,
        policy_arn=(
            f"arn:{place.account.partition}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
        ),
    )
    through_ec2 = {"kms:ViaService": f"ec2.{place.account.region}.amazonaws.com"}
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
                conditions={"StringEquals": through_ec2},
            ),
            statement(
                "GrantToEc2",
                actions=["kms:CreateGrant"],
                resources=[key.arn],
                conditions={"StringEquals": through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ),
    )
    no_other_policies(scope, "volume-role", role=role, policies=[managed, use_key])
    configuration = EcsServiceVolumeConfiguration(
        name=EBS_VOLUME,
        managed_ebs_volume=EcsServiceVolumeConfigurationManagedEbsVolume(
            role_arn=role.arn,
            encrypted=True,
            kms_key_id=key.arn,
            file_system_type="ext4",
            size_in_gb=settings.volume.size_gb,
            volume_type="gp3",
            # The budget counts resources with the environment's tags.
            tag_specifications=[
                EcsServiceVolumeConfigurationManagedEbsVolumeTagSpecifications(
                    resource_type="volume", propagate_tags="SERVICE"
                )
            ],
        ),
    )
    return TaskVolume(configuration, (managed, use_key))
