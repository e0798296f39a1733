"""Application Auto Scaling: targets of ElastiCache, tags of scalable targets."""

import json
from typing import Any

from moto.applicationautoscaling import models
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.elasticache.models import elasticache_backends

from tools.local.emulator.additions.elasticache_replication import REPLICATION_GROUPS
from tools.local.emulator.kept import keep_tags, tag
from tools.local.emulator.registry import extend

# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
_CACHE_DIMENSIONS = ("elasticache:replication-group:NodeGroups", "elasticache:replication-group:Replicas")
_REFUSED = "Unsupported service namespace, resource type or scalable dimension"

keep_tags(ApplicationAutoScalingResponse, "Tags", "TagKeys", as_map=True)


@extend(ApplicationAutoScalingResponse, "_validate_params", because="ScalableDimensionValueSet")
def allow_caches(stock: Any, self: Any) -> None:
    """moto knows neither the namespace of ElastiCache nor its dimensions."""
    if self._get_param("ServiceNamespace") != "elasticache":
        stock(self)
    elif self._get_param("ScalableDimension") not in (None, *_CACHE_DIMENSIONS):
        raise AWSValidationException(_REFUSED)


@extend(models, "_target_params_are_valid", because="ServiceNamespaceValueSet")
def allow_existing_caches(stock: Any, namespace: str, r_id: str, dimension: str) -> bool:
    """The same once more, in the model."""
    return namespace == "elasticache" or bool(stock(namespace, r_id, dimension))


@extend(models.ApplicationAutoscalingBackend, "register_scalable_target", unless="elasticache")
def find_caches(stock: Any, self: Any, namespace: str, r_id: str, **settings: Any) -> Any:
    """A replication group must exist, as a service of ECS must."""
    groups = REPLICATION_GROUPS.all(elasticache_backends[self.account_id][self.region_name])
    if namespace == "elasticache" and r_id not in {f"replication-group/{name}" for name in groups}:
        raise AWSValidationException(f"ElastiCache replication group doesn't exist: {r_id}")
    return stock(self, namespace, r_id, **settings)


@extend(ApplicationAutoScalingResponse, unless="Tags")
def register_scalable_target(stock: Any, self: Any) -> str:
    """moto drops the tags of the call."""
    answer: str = stock(self)
    tag(json.loads(answer)["ScalableTargetARN"], self._get_param("Tags"))
    return answer
