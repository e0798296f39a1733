"""The alarms with which ECS monitors a deployment. They notify nobody; the monitoring stack has its own alarms."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from modules.entry import Entry
from settings.naming import Naming
from settings.service import ServiceSettings


def deployment_alarms(scope: Construct, *, settings: ServiceSettings, names: Naming, entry: Entry) -> list[str]:
    """Returns their names. ECS ignores an alarm that is already on when a deployment starts.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    There are few, with short periods, because ECS monitors them for some time after the last task is healthy, and the
    deployment lasts until then.
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
