"""Application Auto Scaling: targets of ElastiCache, tags of scalable targets."""

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, FakeScalableTarget
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.elasticache.models import elasticache_backends

from tools.local.emulator.registry import add, extend


@extend(ApplicationAutoscalingBackend, "__init__", unless="tag")
def start_without_tags(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto keeps no tags; the provider reads them on every refresh (default_tags reach these resources
    too).
    """
    stock(self, region_name, account_id)
    self.target_tags = {}


# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
_CACHE_DIMENSIONS = ("elasticache:replication-group:NodeGroups", "elasticache:replication-group:Replicas")


@extend(ApplicationAutoScalingResponse, "_validate_params", because="ScalableDimensionValueSet")
def allow_caches(stock: Any, self: Any) -> None:
    """moto knows neither the namespace of ElastiCache nor its dimensions."""
    if self._get_param("ServiceNamespace") != "elasticache":
        stock(self)
    elif self._get_param("ScalableDimension") not in (None, *_CACHE_DIMENSIONS):
        raise AWSValidationException("Unsupported service namespace, resource type or scalable dimension")


@extend(ApplicationAutoscalingBackend, "register_scalable_target", because="_target_params_are_valid")
def register_caches(
    stock: Any,
    self: Any,
    namespace: str,
    r_id: str,
    dimension: str,
    min_capacity: int | None,
    max_capacity: int | None,
    role_arn: str,
    suspended_state: str,
) -> Any:
    """The same once more, in the model; a replication group must exist, as a service of ECS must."""
    settings = (min_capacity, max_capacity, role_arn, suspended_state)
    if namespace != "elasticache":
        return stock(self, namespace, r_id, dimension, *settings)
    kind, _, group = r_id.partition("/")
    groups = elasticache_backends[self.account_id][self.region_name].replication_groups
    if kind != "replication-group" or group not in groups:
        raise AWSValidationException(f"ElastiCache replication group doesn't exist: {r_id}")
    if not self._scalable_target_exists(r_id, dimension):
        self._add_scalable_target(FakeScalableTarget(self, namespace, r_id, dimension, *settings))
    target = self.targets[dimension][r_id]
    target.update(min_capacity, max_capacity, suspended_state)
    return target


def _tags(response: Any, arn: str) -> dict[str, str]:
    tags: dict[str, str] = response.applicationautoscaling_backend.target_tags.setdefault(arn, {})
    return tags


@extend(ApplicationAutoScalingResponse, unless="Tags")
def register_scalable_target(stock: Any, self: Any) -> str:
    """moto drops the tags of the call."""
    answer: str = stock(self)
    _tags(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags") or {})
    return answer


@add(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: Any) -> str:
    """Not in moto."""
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


@add(ApplicationAutoScalingResponse)
def tag_resource(self: Any) -> str:
    """Not in moto."""
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
    return "{}"


@add(ApplicationAutoScalingResponse)
def untag_resource(self: Any) -> str:
    """Not in moto."""
    for key in self._get_param("TagKeys"):
        _tags(self, self._get_param("ResourceARN")).pop(key, None)
    return "{}"
