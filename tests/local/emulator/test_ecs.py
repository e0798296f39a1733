from typing import Any

import pytest

from tests.local.emulator.conftest import Client


@pytest.fixture
def cluster(client: Client, name: str) -> str:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "app", "image": "app", "memory": 128}])
    return name


def _service(client: Client, cluster: str) -> Any:
    return client("ecs").describe_services(cluster=cluster, services=[cluster])["services"][0]


def test_service_keeps_its_attributes(client: Client, cluster: str) -> None:
    attributes = {
        "availabilityZoneRebalancing": "ENABLED",
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50},
        "enableECSManagedTags": True,
        "enableExecuteCommand": True,
        "healthCheckGracePeriodSeconds": 30,
    }
    client("ecs").create_service(
        cluster=cluster, serviceName=cluster, taskDefinition=cluster, desiredCount=2, **attributes
    )
    service = _service(client, cluster)
    assert {key: service[key] for key in attributes} == attributes


def test_service_is_steady_at_once_and_after_a_change(client: Client, cluster: str) -> None:
    ecs = client("ecs")
    ecs.create_service(cluster=cluster, serviceName=cluster, taskDefinition=cluster, desiredCount=2)
    for count in (2, 3):
        ecs.update_service(cluster=cluster, service=cluster, desiredCount=count)
        service = _service(client, cluster)
        assert (service["runningCount"], service["pendingCount"]) == (count, 0)
        assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert service["availabilityZoneRebalancing"] == "DISABLED"


def test_cluster_counts_the_running_tasks(client: Client, cluster: str) -> None:
    ecs = client("ecs")

    def counts() -> tuple[int, int]:
        found = ecs.describe_clusters(clusters=[cluster])["clusters"][0]
        return found["runningTasksCount"], found["pendingTasksCount"]

    ecs.create_service(cluster=cluster, serviceName=cluster, taskDefinition=cluster, desiredCount=2)
    assert counts() == (2, 0)
    ecs.update_service(cluster=cluster, service=cluster, desiredCount=3)
    assert counts() == (3, 0)
    ecs.update_service(cluster=cluster, service=cluster, enableExecuteCommand=True)
    assert counts() == (3, 0)
    ecs.delete_service(cluster=cluster, service=cluster, force=True)
    assert counts() == (0, 0)


def test_capacity_provider_takes_the_place_of_the_launch_type(client: Client, cluster: str) -> None:
    client("ecs").create_service(
        cluster=cluster,
        serviceName=cluster,
        taskDefinition=cluster,
        desiredCount=1,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    service = _service(client, cluster)
    assert "launchType" not in service
    assert service["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
