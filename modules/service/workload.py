"""The log group, roles and task definition of the service, a worker or a job."""

from __future__ import annotations

import json

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_task_definition import (
    EcsTaskDefinition,
    EcsTaskDefinitionEphemeralStorage,
    EcsTaskDefinitionRuntimePlatform,
    EcsTaskDefinitionVolume,
    EcsTaskDefinitionVolumeEfsVolumeConfiguration,
    EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig,
)
from constructs import Construct

from modules.common.encryption import log_group
from modules.common.place import Place
from modules.queue import Queue
from modules.service.container import EBS_VOLUME, containers, files_volume, scratch_volume, variables, writable_paths
from modules.service.links import ServiceLinks
from modules.service.roles import ServiceRoles
from settings.service import ServiceSettings


class Workload(Construct):
    """Offers `log`, `roles` and `definition` for `purpose` ("service", "worker-mail", "job-report").

    `listens`: the container gets the variable PORT. `consumes` is the queue from which it may receive.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        cache_form: str,
        place: Place,
        links: ServiceLinks,
        purpose: str,
        listens: bool,
        consumes: Queue | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.log = log_group(
            self,
            "log-group",
            name=place.names.path(purpose),
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        self.roles = ServiceRoles(
            self,
            "roles",
            settings=settings,
            place=place,
            purpose=purpose,
            log_group_arn=self.log.arn,
            links=links,
            consumes=consumes,
        )
        storage = settings.ephemeral_storage_gb
        self.definition = EcsTaskDefinition(
            self,
            "task-definition",
            family=place.names.name(purpose),
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(settings.cpu),
            memory=str(settings.memory_mb),
            runtime_platform=EcsTaskDefinitionRuntimePlatform(
                cpu_architecture=settings.architecture, operating_system_family="LINUX"
            ),
            ephemeral_storage=None if storage is None else EcsTaskDefinitionEphemeralStorage(size_in_gib=storage),
            task_role_arn=self.roles.task_arn,
            execution_role_arn=self.roles.execution_arn,
            container_definitions=json.dumps(
                containers(
                    settings,
                    variables=variables(settings, links, cache_form=cache_form, listens=listens),
                    listens=listens,
                    secret_arn=links.secret_arn,
                    log_group=self.log.name,
                    region=place.account.region,
                )
            ),
            volume=_volumes(settings, links),
            # The circuit breaker rolls back to the old definition, so it must exist until the deployment has ended.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )


def _volumes(settings: ServiceSettings, links: ServiceLinks) -> list[EcsTaskDefinitionVolume]:
    """EFS through its access points, with TLS and the task's role; and the writable directories."""
    volumes = [EcsTaskDefinitionVolume(name=scratch_volume(path)) for path in writable_paths(settings)]
    if settings.volume is not None:
        volumes.append(EcsTaskDefinitionVolume(name=EBS_VOLUME, configure_at_launch=True))
    storage = links.storage
    if storage is None:
        return volumes
    return volumes + [
        EcsTaskDefinitionVolume(
            name=files_volume(access_point),
            efs_volume_configuration=EcsTaskDefinitionVolumeEfsVolumeConfiguration(
                file_system_id=storage.file_system_id,
                transit_encryption="ENABLED",
                authorization_config=EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig(
                    access_point_id=storage.access_point_ids[access_point], iam="ENABLED"
                ),
            ),
        )
        for access_point in sorted(settings.mounts)
    ]
