"""How many tasks run: target tracking on CPU, memory or the messages that wait for each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from constructs import Construct

from settings.naming import Naming

# Scales out with the next minute's metric; scales in after five minutes of low load.
_SCALE_OUT_SECONDS = 60
_SCALE_IN_SECONDS = 300


class TaskScaling(Construct):
    """Scales an ECS service between a minimum and a maximum.

    `follow` and `follow_queue` add policies; the policy with the most tasks wins."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Naming,
        cluster_name: str,
        service_name: str,
        purpose: str,
        bounds: tuple[int, int],
    ) -> None:
        super().__init__(scope, id_)
        self._names, self._purpose = names, purpose
        self._dimensions = {"ClusterName": cluster_name, "ServiceName": service_name}
        self._target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{cluster_name}/{service_name}",
            min_capacity=bounds[0],
            max_capacity=bounds[1],
        )

    def follow(self, metric: Literal["CPU", "Memory"], percent: int) -> None:
        """Keeps the tasks' average use at `percent`."""
        self._policy(
            metric.lower(),
            percent,
            predefined_metric_specification=(
                AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                    predefined_metric_type=f"ECSServiceAverage{metric}Utilization"
                )
            ),
        )

    def follow_queue(self, queue_name: str, messages_per_task: int) -> None:
        """Keeps the number of waiting messages per task at `messages_per_task`.

        https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
        """
        self._policy(
            "messages",
            messages_per_task,
            # Set as an override: the names of the provider's classes are longer than a line.
            customized_metric_specification={
                "metrics": [
                    _query(
                        "waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue_name}, "Sum"
                    ),
                    _query("running", "ECS/ContainerInsights", "RunningTaskCount", self._dimensions, "Average"),
                    {
                        "id": "share",
                        "expression": "waiting / running",
                        "label": "Messages per task",
                        "returnData": True,
                    },
                ]
            },
        )

    def _policy(self, id_: str, target_value: int, **specification: Any) -> None:
        AppautoscalingPolicy(
            self,
            id_,
            name=self._names.name(f"{self._purpose}-{id_}"),
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            target_tracking_scaling_policy_configuration=AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                target_value=target_value,
                scale_out_cooldown=_SCALE_OUT_SECONDS,
                scale_in_cooldown=_SCALE_IN_SECONDS,
                **specification,
            ),
        )


def _query(id_: str, namespace: str, name: str, dimensions: Mapping[str, str], statistic: str) -> dict[str, object]:
    return {
        "id": id_,
        "metricStat": {
            "metric": {
                "namespace": namespace,
                "metricName": name,
                "dimensions": [{"name": key, "value": value} for key, value in dimensions.items()],
            },
            "stat": statistic,
        },
        "returnData": False,
    }
