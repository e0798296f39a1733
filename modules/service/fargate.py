"""The service: an ECS cluster on Fargate, what a task is, and the deployment that keeps tasks running."""

from __future__ import annotations

import json

from cdktf import ITerraformDependable, Op, Postcondition, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster, EcsClusterSetting
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceLoadBalancer,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import (
    EcsTaskDefinition,
    EcsTaskDefinitionRuntimePlatform,
    EcsTaskDefinitionVolume,
    EcsTaskDefinitionVolumeEfsVolumeConfiguration,
    EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig,
)
from constructs import Construct

from modules.common.encryption import log_group
from modules.common.place import Place
from modules.entry import Entry
from modules.network import Network
from modules.service.container import CONTAINER, container_definition, files_volume, scratch_volume, variables
from modules.service.links import ServiceLinks
from modules.service.path import ServicePath
from modules.service.redeployment import RedeploymentAfterRotation
from modules.service.roles import ServiceRoles
from modules.service.scaling import ServiceScaling
from settings.cache import CacheSettings
from settings.network import NetworkSettings
from settings.service import ServiceSettings


class Service(Construct):
    """Tasks in the private subnets, behind the entry's target group, spread over the zones by ECS.

    A deployment starts new tasks beside the old ones (100 to 200 percent) and stops the old when the new are healthy.
    When they do not become so, the circuit breaker puts the old definition back. The provider then reports success,
    because the service is steady again (hashicorp/terraform-provider-aws #20858); the postcondition does not: what
    runs must be what was deployed. The old definition stays until then, so that there is one to go back to.

    The settings' least number of tasks is where the service begins; from then on autoscaling owns the number.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        network_settings: NetworkSettings,
        cache_settings: CacheSettings,
        place: Place,
        network: Network,
        entry: Entry,
        links: ServiceLinks,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._storage = links.storage
        name = place.names.name("service")
        log = log_group(
            self,
            "log-group",
            name=place.names.path("service"),
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        # Container Insights makes this one itself, without key and for a day, where it does not exist.
        insights_log = log_group(
            self,
            "insights-log-group",
            name=f"/aws/ecs/containerinsights/{name}/performance",
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        cluster = EcsCluster(
            self,
            "cluster",
            name=name,
            setting=[EcsClusterSetting(name="containerInsights", value=settings.container_insights)],
            depends_on=[insights_log],
        )
        roles = ServiceRoles(
            self,
            "roles",
            settings=settings,
            place=place,
            log_group_arn=log.arn,
            links=links,
        )
        path = ServicePath(
            self,
            "path",
            settings=settings,
            network_settings=network_settings,
            place=place,
            network=network,
            load_balancer_group_id=entry.security_group_id,
            links=links,
        )
        container = container_definition(
            settings,
            variables=variables(
                settings,
                database=links.database,
                secret_arn=links.secret_arn,
                cache_settings=cache_settings,
                cache=links.cache,
            ),
            secret_arn=links.secret_arn,
            log_group=log.name,
            region=place.account.region,
        )
        service = self._service(
            name,
            cluster_arn=cluster.arn,
            definition=self._definition(name, container, roles),
            subnet_ids=network.subnet_ids("private"),
            security_group_id=path.security_group_id,
            target_group_arn=entry.target_group_arn,
            waits_for=[*roles.all, *path.all],
        )
        ServiceScaling(
            self, "scaling", settings=settings, names=place.names, cluster_name=cluster.name, service_name=service.name
        )
        if settings.redeploy_after_rotation:
            RedeploymentAfterRotation(
                self,
                "redeployment",
                names=place.names,
                account=place.account,
                secret_arn=links.secret_arn,
                cluster_name=cluster.name,
                service_name=service.name,
                service_arn=place.account.arn("ecs", f"service/{name}/{name}"),
            )
        self.cluster_name = cluster.name
        self.service_name = service.name
        self.security_group_id = path.security_group_id
        self.log_group_name = log.name
        self.min_count = settings.min_count
        self.max_count = settings.max_count

    def _definition(self, name: str, container: dict[str, object], roles: ServiceRoles) -> EcsTaskDefinition:
        settings = self._settings
        return EcsTaskDefinition(
            self,
            "task-definition",
            family=name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(settings.cpu),
            memory=str(settings.memory_mb),
            runtime_platform=EcsTaskDefinitionRuntimePlatform(
                cpu_architecture=settings.architecture, operating_system_family="LINUX"
            ),
            task_role_arn=roles.task_arn,
            execution_role_arn=roles.execution_arn,
            container_definitions=json.dumps([container]),
            volume=self._volumes(),
            # The circuit breaker goes back to the old one, so that must outlast the deployment of the new.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _volumes(self) -> list[EcsTaskDefinitionVolume]:
        """EFS through its access points, with TLS and the task's role; and what a task may write for itself."""
        volumes = [EcsTaskDefinitionVolume(name=scratch_volume(path)) for path in self._settings.scratch_paths]
        if self._storage is None:
            return volumes
        return volumes + [
            EcsTaskDefinitionVolume(
                name=files_volume(access_point),
                efs_volume_configuration=EcsTaskDefinitionVolumeEfsVolumeConfiguration(
                    file_system_id=self._storage.file_system_id,
                    transit_encryption="ENABLED",
                    authorization_config=EcsTaskDefinitionVolumeEfsVolumeConfigurationAuthorizationConfig(
                        access_point_id=self._storage.access_point_ids[access_point], iam="ENABLED"
                    ),
                ),
            )
            for access_point in sorted(self._settings.mounts)
        ]

    def _service(
        self,
        name: str,
        *,
        cluster_arn: str,
        definition: EcsTaskDefinition,
        subnet_ids: list[str],
        security_group_id: str,
        target_group_arn: str,
        waits_for: list[ITerraformDependable],
    ) -> EcsService:
        settings = self._settings
        return EcsService(
            self,
            "service",
            name=name,
            cluster=cluster_arn,
            task_definition=definition.arn,
            desired_count=settings.min_count,
            launch_type="FARGATE",
            platform_version="LATEST",
            availability_zone_rebalancing="ENABLED",
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(enable=True, rollback=True),
            wait_for_steady_state=True,
            health_check_grace_period_seconds=settings.health_check_grace_seconds,
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            network_configuration=EcsServiceNetworkConfiguration(
                subnets=subnet_ids, security_groups=[security_group_id], assign_public_ip=False
            ),
            load_balancer=[
                EcsServiceLoadBalancer(
                    target_group_arn=target_group_arn, container_name=CONTAINER, container_port=settings.port
                )
            ],
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["desired_count"],
                postcondition=[
                    Postcondition(
                        condition=Op.eq(TerraformSelf.get_string("task_definition"), definition.arn),
                        error_message=(
                            f"{name} runs an older task definition than the one deployed: the new tasks did not become "
                            "healthy and ECS rolled back. See the service's events and its log, mend the cause, "
                            "deploy again."
                        ),
                    )
                ],
            ),
            depends_on=waits_for,
        )
