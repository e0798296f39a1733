"""ECS: attributes of services, and services that are running as soon as they exist."""

from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.ecs.responses import EC2ContainerServiceResponse

from local.emulator.registry import extend

_KEPT = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "propagateTags",
)


def _complete(response: Any, service: Any, counted: int) -> None:
    """`counted` of the service's tasks are in the cluster's number of running tasks already."""
    for parameter in _KEPT:
        value = response._get_param(parameter)
        if value is not None:
            setattr(service, camelcase_to_underscores(parameter), value)
    if not hasattr(service, "availability_zone_rebalancing"):
        service.availability_zone_rebalancing = "DISABLED"

    strategy = getattr(service, "capacity_provider_strategy", None)
    if strategy:
        service.launch_type = None
        service.platform_version = service.platform_version or "LATEST"
        for provider in strategy:
            provider.setdefault("base", 0)

    backend = response.ecs_backend
    cluster = backend._get_cluster(service.cluster_name)
    backend.update_cluster_resources(cluster, service.desired_count - counted)
    backend.update_cluster_resources(cluster, -service.pending_count, "PENDING")
    service.running_count = service.desired_count
    service.pending_count = 0
    for deployment in service.deployments:
        deployment.update(
            desiredCount=service.desired_count,
            runningCount=service.desired_count,
            pendingCount=0,
            rolloutState="COMPLETED",
            taskDefinition=service.task_definition,
        )
        if strategy:
            deployment.pop("launchType", None)
            deployment["capacityProviderStrategy"] = strategy


@extend(EC2ContainerServiceResponse, unless="availabilityZoneRebalancing")
def create_service(stock: Any, self: Any) -> Any:
    """moto drops ten attributes of a service, which the provider then plans to set again.

    It also leaves the tasks pending, so that `wait_for_steady_state` would never end.
    """
    answer = stock(self)
    _complete(self, answer.result["service"], counted=0)
    return answer


@extend(EC2ContainerServiceResponse, unless="availabilityZoneRebalancing")
def update_service(stock: Any, self: Any) -> Any:
    """As `create_service`. moto counts the tasks anew only when their number is part of the call."""
    answer = stock(self)
    service = answer.result["service"]
    _complete(self, service, counted=0 if self._get_param("desiredCount") is None else service.desired_count)
    return answer
