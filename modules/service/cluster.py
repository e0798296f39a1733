"""The ECS cluster of the service, workers and jobs."""

from __future__ import annotations

from typing import NamedTuple

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.ecs_cluster import (
    EcsCluster,
    EcsClusterConfiguration,
    EcsClusterConfigurationExecuteCommandConfiguration,
    EcsClusterConfigurationExecuteCommandConfigurationLogConfiguration,
    EcsClusterSetting,
)
from cdktf_cdktf_provider_aws.ecs_cluster_capacity_providers import EcsClusterCapacityProviders
from constructs import Construct

from modules.common.accept import accept
from modules.common.encryption import log_group
from modules.common.place import Place
from settings.service import ServiceSettings


class Cluster(NamedTuple):
    """`name` and `arn` of the cluster. An ECS service in it must depend on `all`."""

    name: str
    arn: str
    all: tuple[ITerraformDependable, ...]


def ecs_cluster(scope: Construct, *, settings: ServiceSettings, place: Place) -> Cluster:
    """A cluster with Container Insights, and with a log of ECS Exec sessions if `exec` is set."""
    name = place.names.name("service")
    # If this log group does not exist, Container Insights creates it, without a key and with one day of retention.
    insights = log_group(
        scope,
        "insights-log-group",
        name=f"/aws/ecs/containerinsights/{name}/performance",
        retention_days=place.log_retention_days,
        key_arn=place.logs_key_arn,
    )
    cluster = EcsCluster(
        scope,
        "cluster",
        name=name,
        setting=[EcsClusterSetting(name="containerInsights", value=settings.container_insights)],
        configuration=_shell_log(scope, place) if settings.exec else None,
        depends_on=[insights],
    )
    if settings.exec:
        logged = {"configuration.execute_command_configuration.kms_key_id": None}
        accept(cluster, logged, CKV_AWS_224="sessions use TLS, and their log is encrypted with the key for logs")
    if not settings.spot_percent:
        return Cluster(cluster.name, cluster.arn, ())
    # A strategy may only use capacity providers of the cluster:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    capacity = EcsClusterCapacityProviders(
        scope, "capacity", cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"]
    )
    return Cluster(cluster.name, cluster.arn, (capacity,))


def _shell_log(scope: Construct, place: Place) -> EcsClusterConfiguration:
    log = log_group(
        scope,
        "exec-log-group",
        name=place.names.path("exec"),
        retention_days=place.log_retention_days,
        key_arn=place.logs_key_arn,
    )
    return EcsClusterConfiguration(
        execute_command_configuration=EcsClusterConfigurationExecuteCommandConfiguration(
            logging="OVERRIDE",
            log_configuration=EcsClusterConfigurationExecuteCommandConfigurationLogConfiguration(
                cloud_watch_encryption_enabled=True, cloud_watch_log_group_name=log.name
            ),
        )
    )
