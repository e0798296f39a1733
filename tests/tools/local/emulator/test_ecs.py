from typing import Any

import pytest

from tests.tools.local.emulator.conftest import Client


@pytest.fixture
def cluster(client: Client, name: str) -> str:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "app", "image": "app", "memory": 128}])
    return name


def _service(client: Client, cluster: str) -> Any:
    return client("ecs").describe_services(cluster=cluster, services=[cluster])["services"][0]


def test_a_task_definition_is_completed(client: Client, name: str) -> None:
    ecs = client("ecs")
    app = {"name": "app", "image": "app", "memory": 128, "portMappings": [{"containerPort": 8080}]}
    side = {"name": "side", "image": "side", "memory": 128, "environment": [{"name": "A", "value": "1"}]}

    ecs.register_task_definition(family=name, networkMode="awsvpc", containerDefinitions=[app, side])

    first, second = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["containerDefinitions"]
    assert first["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert (first["environment"], first["mountPoints"], first["volumesFrom"]) == ([], [], [])
    assert (second["environment"], second["portMappings"]) == (side["environment"], [])


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


def _register(client: Client, family: str, image: str) -> str:
    answer = client("ecs").register_task_definition(
        family=family, containerDefinitions=[{"name": "app", "image": image, "memory": 128}]
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def test_the_circuit_breaker_goes_back_from_an_image_that_cannot_be_pulled(client: Client, cluster: str) -> None:
    ecs = client("ecs")
    before = _register(client, cluster, "registry.example.com/app:1")
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    ecs.create_service(
        cluster=cluster, serviceName=cluster, taskDefinition=before, desiredCount=2, deploymentConfiguration=breaker
    )
    broken = _register(client, cluster, "registry.invalid/app:2")

    ecs.update_service(cluster=cluster, service=cluster, taskDefinition=broken)

    service = _service(client, cluster)
    (deployment,) = service["deployments"]
    assert service["taskDefinition"] == deployment["taskDefinition"] == before
    assert (service["runningCount"], deployment["rolloutState"]) == (2, "COMPLETED")
    mended = _register(client, cluster, "registry.example.com/app:2")
    ecs.update_service(cluster=cluster, service=cluster, taskDefinition=mended)
    assert _service(client, cluster)["taskDefinition"] == mended


@pytest.mark.parametrize(
    ("alarms", "state", "goes_back"),
    [
        ({"enable": True, "rollback": True}, "OK", True),
        ({"enable": True, "rollback": False}, "OK", False),
        ({"enable": False, "rollback": True}, "OK", False),
        ({"enable": True, "rollback": True}, "ALARM", False),  # on already: watched no more
    ],
)
def test_an_alarm_that_goes_on_takes_a_deployment_back(
    client: Client, cluster: str, alarms: dict[str, bool], state: str, goes_back: bool
) -> None:
    ecs, watch = client("ecs"), client("cloudwatch")
    names = [f"{cluster}-{metric}" for metric in ("MemoryUtilization", "UnHealthyHostCount")]
    for name in names:
        watch.put_metric_alarm(
            AlarmName=name,
            MetricName=name.rpartition("-")[2],
            Namespace="AWS/ECS",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=95,
            ComparisonOperator="GreaterThanThreshold",
        )
    watch.set_alarm_state(AlarmName=names[0], StateValue=state, StateReason="played")
    before, greedy, other = (
        _register(client, cluster, f"registry.{domain}/app:1") for domain in ("example.com", "test", "example.org")
    )
    configuration = {"alarms": {"alarmNames": names, **alarms}}
    ecs.create_service(
        cluster=cluster,
        serviceName=cluster,
        taskDefinition=before,
        desiredCount=2,
        deploymentConfiguration=configuration,
    )

    ecs.update_service(cluster=cluster, service=cluster, taskDefinition=greedy)

    service = _service(client, cluster)
    assert service["taskDefinition"] == (before if goes_back else greedy)
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (2, "COMPLETED")
    # WHEN it is another image, nothing rings
    ecs.update_service(cluster=cluster, service=cluster, taskDefinition=other)
    assert _service(client, cluster)["taskDefinition"] == other


def test_a_first_deployment_of_an_image_that_cannot_be_pulled_is_never_steady(client: Client, cluster: str) -> None:
    broken = _register(client, cluster, "registry.invalid:5000/app:1")
    client("ecs").create_service(cluster=cluster, serviceName=cluster, taskDefinition=broken, desiredCount=2)

    service = _service(client, cluster)
    assert (service["runningCount"], service["pendingCount"]) == (0, 2)
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_a_task_whose_image_cannot_be_pulled_stops_without_an_exit_code(client: Client, cluster: str) -> None:
    ecs = client("ecs")
    arns = [
        ecs.run_task(cluster=cluster, launchType="FARGATE", taskDefinition=_register(client, cluster, image))["tasks"][
            0
        ]["taskArn"]
        for image in ("registry.invalid/app:1", "registry.example.com/app:1")
    ]
    for _ in range(5):
        tasks = {task["taskArn"]: task for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]}

    failed, ended = (tasks[arn] for arn in arns)
    assert (failed["lastStatus"], failed["stoppedReason"].partition(":")[0]) == ("STOPPED", "CannotPullContainerError")
    assert "exitCode" not in failed["containers"][0]
    assert (ended["lastStatus"], ended["containers"][0]["exitCode"]) == ("STOPPED", 0)


def test_a_fargate_task_needs_no_memory_of_its_containers(client: Client, name: str) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    containers = [{"name": "app", "image": "app"}]
    ecs.register_task_definition(family=name, cpu="256", memory="512", containerDefinitions=containers)

    answer = ecs.run_task(cluster=name, launchType="FARGATE", taskDefinition=name)

    assert len(answer["tasks"]) == 1
    (container,) = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["containerDefinitions"]
    assert "memory" not in container
