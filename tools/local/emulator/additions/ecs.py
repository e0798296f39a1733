"""ECS: task definitions as AWS completes them, attributes of services, services that are running as soon as they exist,
and images that cannot be pulled.
"""

from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from tools.local.emulator.kept import keep
from tools.local.emulator.registry import extend

# https://docs.aws.amazon.com/cli/latest/reference/ecs/describe-task-definition.html
_EMPTY = ("environment", "mountPoints", "portMappings", "volumesFrom")
_CANNOT_PULL = "CannotPullContainerError: the registry of the image does not exist"


def _can_start(backend: Any, task_definition: str) -> bool:
    """Whether every image could be pulled: none can from a registry below `.invalid`, which is in no DNS (RFC 2606)."""
    return not _is_from(backend, task_definition, ".invalid")


def _is_from(backend: Any, task_definition: str, domain: str) -> bool:
    """Whether the image of any container is of a registry below this domain."""
    containers = backend.describe_task_definition(task_definition).container_definitions
    return any(container["image"].partition("/")[0].partition(":")[0].endswith(domain) for container in containers)


def _rings(backend: Any, task_definition: str, alarms: Any) -> bool:
    """Whether one of a deployment's alarms goes on: those of memory do for an image below `.test` (RFC 2606).

    One that is on already when the deployment begins is not watched.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    """
    if not alarms.get("enable") or not _is_from(backend, task_definition, ".test"):
        return False
    known = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    watched = [known[name] for name in alarms["alarmNames"] if name in known]
    return any(alarm.metric_name == "MemoryUtilization" and alarm.state_value != "ALARM" for alarm in watched)


def _complete(response: Any, service: Any, counted: int) -> None:
    """`counted` of the service's tasks are in the cluster's number of running tasks already."""
    keep(service, response._get_params(), "taskDefinition")
    if not hasattr(service, "availability_zone_rebalancing"):
        service.availability_zone_rebalancing = "DISABLED"
    if strategy := getattr(service, "capacity_provider_strategy", None):
        service.launch_type = None
        service.platform_version = service.platform_version or "LATEST"
        service.capacity_provider_strategy = [{"base": 0, **provider} for provider in strategy]
    backend = response.ecs_backend
    if service.task_definition and not _can_start(backend, service.task_definition):
        return  # its tasks stay pending, and the deployment in progress
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


@extend(EC2ContainerServiceBackend, because="container_definitions")
def register_task_definition(stock: Any, self: Any, **kwargs: Any) -> Any:
    """moto answers what it was given. AWS answers lists that are empty, and the defaults of a port:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    """
    containers = [{**{name: [] for name in _EMPTY}, **each} for each in kwargs["container_definitions"]]
    for container in containers if kwargs.get("network_mode") == "awsvpc" else ():
        container["portMappings"] = [
            {"hostPort": port["containerPort"], "protocol": "tcp", **port} for port in container["portMappings"]
        ]
    return stock(self, **kwargs | {"container_definitions": containers})


@extend(EC2ContainerServiceResponse, unless="availabilityZoneRebalancing")
def create_service(stock: Any, self: Any) -> Any:
    """moto drops most attributes of a service, which the provider then plans to set again.

    It also leaves the tasks pending, so that `wait_for_steady_state` would never end; as it does on AWS for an image
    that cannot be pulled.
    """
    answer = stock(self)
    _complete(self, answer.result["service"], counted=0)
    return answer


@extend(EC2ContainerServiceResponse, unless="availabilityZoneRebalancing")
def update_service(stock: Any, self: Any) -> Any:
    """As `create_service`. moto counts the tasks anew only when their number is part of the call.

    moto has no deployments that fail. With an image that cannot be pulled, or one at which an alarm goes on, this one
    does as AWS: where the circuit breaker or the alarms roll back, the service is steady again with the definition that
    it had.
    """
    cluster, name = self._get_param("cluster"), self._get_param("service").split("/")[-1]
    before = self.ecs_backend._get_service(cluster, name).task_definition
    answer = stock(self)
    service = answer.result["service"]
    deployment = self._get_param("deploymentConfiguration") or getattr(service, "deployment_configuration", {})
    breaker, alarms = deployment.get("deploymentCircuitBreaker", {}), deployment.get("alarms", {})
    if not _can_start(self.ecs_backend, service.task_definition):
        fails = breaker.get("rollback")
    else:
        fails = alarms.get("rollback") and _rings(self.ecs_backend, service.task_definition, alarms)
    if fails:
        service.task_definition = before
    _complete(self, service, counted=0 if self._get_param("desiredCount") is None else service.desired_count)
    return answer


@extend(EC2ContainerServiceBackend, unless="CannotPullContainerError")
def run_task(stock: Any, self: Any, **kwargs: Any) -> Any:
    """moto lets every task end well. One whose image cannot be pulled stops without an exit code, as on AWS.

    It also adds up the memory of the containers, which on Fargate have none of their own. They must not keep what they
    are given for that: the provider would plan to take it away.
    """
    definition = self.describe_task_definition(kwargs["task_definition_str"])
    containers = definition.container_definitions
    definition.container_definitions = [{"memory": 0, **container} for container in containers]
    try:
        tasks = stock(self, **kwargs)
    finally:
        definition.container_definitions = containers
    for task in tasks:
        if not _can_start(self, task.task_definition_arn):
            task.last_status = task.desired_status = "STOPPED"
            task.stopped_reason = _CANNOT_PULL
            for container in task.containers:
                container.exitCode = None
    return tasks
