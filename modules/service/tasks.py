"""The ECS service: common code of the service and the workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable, Op, Postcondition, TerraformResourceLifecycle, TerraformSelf
from cdktf_cdktf_provider_aws.ecs_service import (
    EcsService,
    EcsServiceCapacityProviderStrategy,
    EcsServiceDeploymentCircuitBreaker,
    EcsServiceNetworkConfiguration,
)
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

from modules.network import Network
from modules.service.cluster import Cluster
from settings.service import ServiceSettings


def running_tasks(
    scope: Construct,
    *,
    name: str,
    settings: ServiceSettings,
    cluster: Cluster,
    definition: EcsTaskDefinition,
    network: Network,
    security_group_id: str,
    least: int,
    waits_for: Sequence[ITerraformDependable],
    **further: Any,
) -> EcsService:
    """Tasks in the private subnets; ECS spreads them over the zones. `further` arguments are those of `EcsService`.

    A deployment starts new tasks beside the old ones (100 to 200 percent) and stops the old when the new are healthy.
    If they do not become healthy, the circuit breaker rolls back to the old definition. The provider then reports
    success, because the service is stable again (hashicorp/terraform-provider-aws #20858). So a postcondition checks
    that the running definition is the deployed one. The old definition is kept until then, for the rollback.

    `least` is the initial number of tasks; after that autoscaling manages the number.
    """
    return EcsService(
        scope,
        "service",
        name=name,
        cluster=cluster.arn,
        task_definition=definition.arn,
        desired_count=least,
        launch_type=None if settings.spot_percent else "FARGATE",
        capacity_provider_strategy=_strategy(settings.spot_percent),
        platform_version="LATEST",
        availability_zone_rebalancing="ENABLED",
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        deployment_circuit_breaker=EcsServiceDeploymentCircuitBreaker(enable=True, rollback=True),
        wait_for_steady_state=True,
        enable_execute_command=bool(settings.exec),
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        network_configuration=EcsServiceNetworkConfiguration(
            subnets=network.subnet_ids("private"), security_groups=[security_group_id], assign_public_ip=False
        ),
        lifecycle=TerraformResourceLifecycle(
            ignore_changes=["desired_count"],
            postcondition=[
                Postcondition(
                    condition=Op.eq(TerraformSelf.get_string("task_definition"), definition.arn),
                    error_message=(
                        f"{name} runs an older task definition than the one deployed: the new tasks did not become "
                        "healthy, so ECS rolled back. Read the service's events and its log, fix the cause, and "
                        "deploy again."
                    ),
                )
            ],
        ),
        depends_on=[*waits_for, *cluster.all],
        **further,
    )


def _strategy(spot_percent: int) -> list[EcsServiceCapacityProviderStrategy] | None:
    """The percentage of Spot, of all tasks except the first, which is not on Spot; with 100 percent all tasks are.

    A capacity provider with weight 0 places no task, so it is omitted.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    """
    if not spot_percent:
        return None
    spot = EcsServiceCapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=spot_percent)
    if spot_percent == 100:
        return [spot]
    return [EcsServiceCapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=100 - spot_percent), spot]
