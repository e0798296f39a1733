"""Workers: tasks beside the service that no load balancer reaches, and what scales them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from service_parts import QUEUES, container, links, synthesize_beside
from synthesized import Synthesized

from modules.service import Worker
from settings.service import VolumeSettings, WorkerSettings

NAME = "shop-worker-mail-dev"
LINKED = links(queues=QUEUES)


def synthesize(*, changed: dict[str, Any] | None = None, **own: Any) -> Synthesized:
    """A worker of these settings, beside a service of changed ones."""
    settings = WorkerSettings(**{"command": ("run", "mail"), **own})
    return synthesize_beside(Worker, "mail", linked=LINKED, own=settings, **(changed or {}))


def scaling(made: Synthesized) -> dict[str, Any]:
    address = made.address("aws_ecs_service", name=NAME)
    (target,) = (
        f"aws_appautoscaling_target.{id_}"
        for id_, found in made.json["resource"]["aws_appautoscaling_target"].items()
        if address in found["resource_id"]
    )
    (policy,) = made.all("aws_appautoscaling_policy", resource_id=f"${{{target}.resource_id}}")
    found: dict[str, Any] = policy["target_tracking_scaling_policy_configuration"]
    return found


def test_it_runs_in_the_services_cluster_subnets_and_group_behind_no_load_balancer() -> None:
    made = synthesize()
    worker = made.one("aws_ecs_service", name=NAME)

    assert worker["cluster"] == f"${{{made.address('aws_ecs_cluster')}.arn}}"
    assert worker["network_configuration"] == {
        "subnets": ["private-a", "private-b"],
        "security_groups": [f"${{{made.address('aws_security_group')}.id}}"],
        "assign_public_ip": False,
    }
    assert not {"load_balancer", "health_check_grace_period_seconds", "alarms", "volume_configuration"} & worker.keys()
    assert worker["task_definition"] == f"${{{made.address('aws_ecs_task_definition', family=NAME)}.arn}}"
    assert worker["deployment_circuit_breaker"] == {"enable": True, "rollback": True}


def test_it_waits_for_its_rights_and_the_paths_of_the_service() -> None:
    made = synthesize()
    waits_for = set(made.one("aws_ecs_service", name=NAME)["depends_on"])

    roles = {made.address("aws_iam_role", name=f"shop-worker-mail-{kind}-dev") for kind in ("task", "execution")}
    policies = {
        f"aws_iam_role_policy.{id_}"
        for id_, found in made.json["resource"]["aws_iam_role_policy"].items()
        if any(role in found["role"] for role in roles)
    }
    paths = {address for address in made.addresses if address.startswith("aws_vpc_security_group_")}
    assert len(policies) == 2
    assert waits_for == policies | paths


def test_what_it_does_not_say_is_as_in_the_service() -> None:
    made = synthesize(changed={"environment": {"LOG_LEVEL": "info"}, "cpu": 512, "memory_mb": 1024})
    inside, service = container(made, "worker-mail"), container(made, "service")

    assert inside["image"] == service["image"]
    assert inside["command"] == ["run", "mail"]
    assert inside["portMappings"] == []
    variables = [{found["name"]: found["value"] for found in one["environment"]} for one in (inside, service)]
    assert variables[0] == {name: value for name, value in variables[1].items() if name != "PORT"}
    definition = made.one("aws_ecs_task_definition", family=NAME)
    assert (definition["cpu"], definition["memory"]) == ("512", "1024")


def test_what_it_says_counts_for_itself_alone() -> None:
    made = synthesize(
        image="registry.example.com/mail:1",
        cpu=256,
        memory_mb=512,
        environment={"SENDER": "a@example.com", "LOG_LEVEL": "debug"},
        changed={"environment": {"LOG_LEVEL": "info"}},
    )
    inside, service = container(made, "worker-mail"), container(made, "service")

    assert inside["image"] == "registry.example.com/mail:1" != service["image"]
    assert {"name": "SENDER", "value": "a@example.com"} in inside["environment"]
    assert {"name": "LOG_LEVEL", "value": "debug"} in inside["environment"]
    assert {"name": "LOG_LEVEL", "value": "info"} in service["environment"]
    definition = made.one("aws_ecs_task_definition", family=NAME)
    assert (definition["cpu"], definition["memory"]) == ("256", "512")


def test_it_writes_a_log_of_its_own() -> None:
    made = synthesize()
    log = made.address("aws_cloudwatch_log_group", name="/shop/dev/worker-mail")

    assert container(made, "worker-mail")["logConfiguration"]["options"]["awslogs-group"] == f"${{{log}.name}}"
    assert made.one("aws_cloudwatch_log_group", name="/shop/dev/worker-mail")["kms_key_id"] == "arn:logs-key"


def test_the_volume_is_the_services_alone() -> None:
    made = synthesize(changed={"volume": VolumeSettings(path="/mnt/work", size_gb=10)})

    definition = made.one("aws_ecs_task_definition", family=NAME)
    assert not [volume for volume in definition["volume"] if volume.get("configure_at_launch")]
    assert not [mount for mount in container(made, "worker-mail")["mountPoints"] if mount["sourceVolume"] == "volume"]


def test_it_is_scaled_by_cpu_where_it_names_no_queue() -> None:
    made = synthesize(min_count=2, max_count=5, cpu_target_percent=70)

    assert scaling(made)["predefined_metric_specification"] == {
        "predefined_metric_type": "ECSServiceAverageCPUUtilization"
    }
    assert scaling(made)["target_value"] == 70
    assert made.one("aws_ecs_service", name=NAME)["desired_count"] == 2
    assert made.one("aws_appautoscaling_target", max_capacity=5)["min_capacity"] == 2


def test_it_is_scaled_by_the_messages_that_wait_for_each_task() -> None:
    made = synthesize(queue="orders", messages_per_task=50)
    found = scaling(made)
    queries = {query["id"]: query for query in found["customized_metric_specification"]["metrics"]}

    assert found["target_value"] == 50
    assert "predefined_metric_specification" not in found
    assert queries["share"] == {
        "id": "share", "expression": "waiting / running", "label": "Messages per task", "return_data": True,
    }  # fmt: skip
    assert [id_ for id_, query in queries.items() if query["return_data"]] == ["share"]
    cluster, worker = made.address("aws_ecs_cluster"), made.address("aws_ecs_service", name=NAME)
    assert queries["waiting"]["metric_stat"] == {
        "metric": {
            "namespace": "AWS/SQS",
            "metric_name": "ApproximateNumberOfMessagesVisible",
            "dimensions": [{"name": "QueueName", "value": "orders"}],
        },
        "stat": "Sum",
    }
    assert queries["running"]["metric_stat"] == {
        "metric": {
            "namespace": "ECS/ContainerInsights",
            "metric_name": "RunningTaskCount",
            "dimensions": [
                {"name": "ClusterName", "value": f"${{{cluster}.name}}"},
                {"name": "ServiceName", "value": f"${{{worker}.name}}"},
            ],
        },
        "stat": "Average",
    }


@pytest.mark.parametrize("redeploys", [True, False])
def test_it_is_started_anew_after_a_rotation_as_the_service_is(redeploys: bool) -> None:
    made = synthesize(changed={"redeploy_after_rotation": redeploys})
    runbooks = {runbook["name"] for runbook in made.all("aws_ssm_document")}

    assert runbooks == ({"shop-service-redeploy-dev", "shop-worker-mail-redeploy-dev"} if redeploys else set())
    if not redeploys:
        return
    worker = made.address("aws_ecs_service", name=NAME)
    targets = [json.loads(target["input"])["Service"] for target in made.all("aws_cloudwatch_event_target")]
    assert [f"${{{worker}.name}}"] in targets
    allowed = [
        statement["Resource"]
        for found in made.all("aws_iam_role_policy", name="redeploy")
        for statement in json.loads(found["policy"])["Statement"]
    ]
    assert [f"arn:aws:ecs:ca-central-1:333333333333:service/shop-service-dev/{NAME}"] in allowed
    assert len({rule["name"] for rule in made.all("aws_cloudwatch_event_rule")}) == 2
