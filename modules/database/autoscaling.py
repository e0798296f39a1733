"""Target tracking of Aurora readers."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.appautoscaling_policy import (
    AppautoscalingPolicy,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration,
    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
)
from cdktf_cdktf_provider_aws.appautoscaling_target import AppautoscalingTarget
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from constructs import Construct

from settings.database import DatabaseAutoscalingSettings
from settings.naming import Naming


class ReaderAutoscaling(Construct):
    """Keeps the average CPU of the readers at the target. It does not remove the readers that Terraform created.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Integrating.AutoScaling.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: DatabaseAutoscalingSettings,
        names: Naming,
        cluster_identifier: str,
        instances: tuple[RdsClusterInstance, ...],
    ) -> None:
        super().__init__(scope, id_)
        target = AppautoscalingTarget(
            self,
            "target",
            service_namespace="rds",
            scalable_dimension="rds:cluster:ReadReplicaCount",
            resource_id=f"cluster:{cluster_identifier}",
            min_capacity=len(instances) - 1,
            max_capacity=settings.max_readers,
            depends_on=list(instances),
        )
        AppautoscalingPolicy(
            self,
            "policy",
            name=names.name("aurora-readers"),
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                target_value=settings.cpu_target_percent,
                predefined_metric_specification=(
                    AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                        predefined_metric_type="RDSReaderAverageCPUUtilization"
                    )
                ),
            ),
        )
