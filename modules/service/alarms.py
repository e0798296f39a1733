"""The few alarms by which ECS judges a deployment. They tell nobody: those of the monitoring stack do."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from modules.entry import Entry
from settings.naming import Naming
from settings.service import ServiceSettings


def deployment_alarms(scope: Construct, *, settings: ServiceSettings, names: Naming, entry: Entry) -> list[str]:
    """Their names. An alarm that is on when a deployment begins is left out of it by ECS.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    They are few and quick, because ECS goes on watching for a while after the last task is healthy, and a deployment
    lasts until then.
    """
    targets = {"LoadBalancer": entry.load_balancer_arn_suffix, "TargetGroup": entry.target_group_arn_suffix}
    service = {"ClusterName": names.name("service"), "ServiceName": names.name("service")}
    rows = (
        (
            "unhealthy",
            "AWS/NetworkELB",
            "UnHealthyHostCount",
            targets,
            "Minimum",
            0,
            f"A task has failed the health check of {settings.health_check_path} for two minutes.",
        ),
        (
            "memory",
            "AWS/ECS",
            "MemoryUtilization",
            service,
            "Maximum",
            95,
            "A task uses more than 95 % of its memory; at 100 % ECS stops it.",
        ),
    )
    return [
        CloudwatchMetricAlarm(
            scope,
            f"deployment-{id_}",
            alarm_name=names.name(f"deployment-{id_}"),
            alarm_description=f"{meaning} During a deployment ECS rolls back.",
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            period=60,
            evaluation_periods=2,
            datapoints_to_alarm=2,
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            treat_missing_data="notBreaching",
        ).alarm_name
        for id_, namespace, metric, dimensions, statistic, threshold, meaning in rows
    ]
