"""How many tasks run: target tracking on CPU, and on memory where the settings want it."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from settings.naming import Naming
from settings.service import ServiceSettings

# Grows with the next minute's metric, shrinks only when five minutes were calm.
_SCALE_OUT_SECONDS = 60
_SCALE_IN_SECONDS = 300


class ServiceScaling(Construct):
    """Between the settings' least and most tasks; the policy that wants more of them wins."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        names: Naming,
        cluster_name: str,
        service_name: str,
    ) -> None:
        super().__init__(scope, id_)
        target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{cluster_name}/{service_name}",
            min_capacity=settings.min_count,
            max_capacity=settings.max_count,
        )
        for metric, percent in (("CPU", settings.cpu_target_percent), ("Memory", settings.memory_target_percent)):
            if percent is None:
                continue
            AppautoscalingPolicy(
                self,
                metric.lower(),
                name=names.name(f"service-{metric.lower()}"),
                policy_type="TargetTrackingScaling",
                service_namespace=target.service_namespace,
                scalable_dimension=target.scalable_dimension,
                resource_id=target.resource_id,
                target_tracking_scaling_policy_configuration=AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                    target_value=percent,
                    scale_out_cooldown=_SCALE_OUT_SECONDS,
                    scale_in_cooldown=_SCALE_IN_SECONDS,
                    predefined_metric_specification=(
                        AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                            predefined_metric_type=f"ECSServiceAverage{metric}Utilization"
                        )
                    ),
                ),
            )
