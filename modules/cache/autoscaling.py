"""Target tracking of Redis shards or replicas."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from settings.cache import CacheAutoscalingSettings
from settings.naming import Naming

# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoScaling-Scaling-Defining-Policy-API.html
_DIMENSIONS = {
    "shards": (
        "elasticache:replication-group:NodeGroups",
        "ElastiCachePrimaryEngineCPUUtilization",
        "num_node_groups",
    ),
    "replicas": (
        "elasticache:replication-group:Replicas",
        "ElastiCacheReplicaEngineCPUUtilization",
        "replicas_per_node_group",
    ),
}


def owned_count(settings: CacheAutoscalingSettings) -> str:
    """The attribute of the replication group that autoscaling manages; Terraform must ignore it."""
    return _DIMENSIONS[settings.dimension][2]


class CacheAutoscaling(Construct):
    """Keeps the engine's CPU at the target by adding and removing shards, or replicas of every shard."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: CacheAutoscalingSettings,
        names: Naming,
        replication_group_id: str,
    ) -> None:
        super().__init__(scope, id_)
        dimension, metric, _ = _DIMENSIONS[settings.dimension]
        target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="elasticache",
            scalable_dimension=dimension,
            resource_id=f"replication-group/{replication_group_id}",
            min_capacity=settings.min_count,
            max_capacity=settings.max_count,
        )
        AppautoscalingPolicy(
            self,
            "policy",
            name=names.name(f"redis-{settings.dimension}"),
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                target_value=settings.cpu_target_percent,
                predefined_metric_specification=(
                    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                        predefined_metric_type=metric
                    )
                ),
            ),
        )
