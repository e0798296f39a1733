"""What a box says of the resources behind it, by resource type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tools.pages.diagram.apis import methods, own
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Resource

Facts = Callable[[Platform, Resource], Iterable[str]]


def title(resource: Resource) -> str:
    """A person's name for the resource; a type that is not known here gives its own."""
    if resource.type == "aws_lb":
        return f"{str(resource.values.get('load_balancer_type', 'application')).title()} Load Balancer"
    return resource_types().of(resource.type).title or resource.type.removeprefix("aws_").replace("_", " ")


def rank(resource: Resource) -> int:
    """The lower, the more a box is named after it: after the cluster, not its instances."""
    return resource_types().of(resource.type).rank


def facts(platform: Platform, resource: Resource) -> list[str]:
    """Sizes and numbers, a line each."""
    return list(_FACTS[resource.type](platform, resource)) if resource.type in _FACTS else []


def spread(platform: Platform, resource: Resource) -> str:
    """How many there are of what AWS itself distributes over the zones; empty for what has a place in each."""
    if resource.type == "aws_ecs_service":
        target = next((t for t in platform.all("aws_appautoscaling_target") if _scales(platform, t, resource)), None)
        least, most = (target.values["min_capacity"], target.values["max_capacity"]) if target else (0, 0)
        least = least or resource.values.get("desired_count", 1)
        return f"{least} to {most} tasks" if most > least else _counted(least, "task")
    if resource.type == "aws_elasticache_replication_group":
        groups = resource.values.get("num_node_groups")
        if groups:
            replicas = resource.values.get("replicas_per_node_group", 0)
            return f"{_counted(groups, 'shard')}, {_counted(groups * (1 + replicas), 'node')}"
        return _counted(resource.values.get("num_cache_clusters", 1), "node")
    return ""


def _scales(platform: Platform, target: Resource, service: Resource) -> bool:
    return service in platform.referred(target.stack, target.values.get("resource_id"))


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _aurora(_: Platform, cluster: Resource) -> Iterable[str]:
    yield f"{cluster.values['engine']} {cluster.values['engine_version']}"
    scaling = cluster.value("serverlessv2_scaling_configuration") or {}
    if scaling:
        yield f"{scaling['min_capacity']:g} to {scaling['max_capacity']:g} ACU"


def _cache(_: Platform, group: Resource) -> Iterable[str]:
    yield f"{group.values['engine']} {group.values['engine_version']}, {group.values['node_type']}"


def _task(platform: Platform, service: Resource) -> Iterable[str]:
    for definition in platform.referred(service.stack, service.values.get("task_definition")):
        yield f"{definition.values['cpu']} CPU units, {definition.values['memory']} MB"


def _function(platform: Platform, function: Resource) -> Iterable[str]:
    yield f"{function.values['runtime']}, {', '.join(function.values.get('architectures', ()))}"
    callers = sorted(
        {
            str(permission.values["principal"]).removesuffix(".amazonaws.com")
            for permission in platform.all("aws_lambda_permission")
            if function in platform.referred(permission.stack, permission.values["function_name"])
        }
    )
    if callers:
        yield f"called by {', '.join(callers)}"


def _endpoint(_: Platform, endpoint: Resource) -> Iterable[str]:
    yield service_of(endpoint)


def service_of(endpoint: Resource) -> str:
    """`ecr.api` of `com.amazonaws.ca-central-1.ecr.api`."""
    return str(endpoint.values["service_name"]).split(".", 3)[-1]


def _balancer(platform: Platform, balancer: Resource) -> Iterable[str]:
    for listener in platform.all("aws_lb_listener"):
        if balancer in platform.referred(listener.stack, listener.values["load_balancer_arn"]):
            yield f"listens on {listener.values['protocol']} {listener.values['port']}"


def _api(platform: Platform, api: Resource) -> Iterable[str]:
    stages = own(platform, api, "aws_api_gateway_stage")
    asked = methods(platform, api)
    yield f"{_counted(len(asked), 'method')}, " + ", ".join(f"stage {stage.values['stage_name']}" for stage in stages)
    mocks = [part for part in own(platform, api, "aws_api_gateway_integration") if part.values["type"] == "MOCK"]
    answered = {method for mock in mocks for method in platform.referred(mock.stack, mock.values["http_method"])}
    if number := len(answered & set(asked)):
        yield f"{number} of them answered by API Gateway itself"
    for plan in platform.all("aws_api_gateway_usage_plan"):
        throttle = plan.value("throttle_settings")
        if throttle and set(stages) & set(platform.referred(plan.stack, plan.values["api_stages"])):
            yield f"{throttle['rate_limit']:g} requests/s, bursts of {throttle['burst_limit']:g}"
    for association in platform.all("aws_wafv2_web_acl_association"):
        if set(stages) & set(platform.referred(association.stack, association.values["resource_arn"])):
            yield "behind a web application firewall"


_FACTS: dict[str, Facts] = {
    "aws_api_gateway_rest_api": _api,
    "aws_lb": _balancer,
    "aws_ecs_service": _task,
    "aws_lambda_function": _function,
    "aws_rds_cluster": _aurora,
    "aws_elasticache_replication_group": _cache,
    "aws_vpc_endpoint": _endpoint,
}
