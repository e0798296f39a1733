"""What a task is, how it is deployed and scaled, and what keeps a deployment that failed from looking well."""

from __future__ import annotations

from typing import Any

import pytest
from service_parts import SECRET, container, synthesize

PAYMENT = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:payment-Ab12Cd"


def test_the_container_may_write_nowhere_and_has_no_privilege() -> None:
    made = container(synthesize())

    assert made["readonlyRootFilesystem"] is True
    assert made["privileged"] is False
    assert made["user"] == "1000:1000"
    assert made["linuxParameters"] == {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}


def test_a_task_has_as_long_to_stop_as_the_load_balancer_has_to_let_it_go() -> None:
    made = container(synthesize())

    assert made["stopTimeout"] == 30
    assert made["essential"] is True
    assert made["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]


def test_a_log_that_stands_still_does_not_stop_the_task() -> None:
    options = container(synthesize())["logConfiguration"]["options"]

    assert {key: options[key] for key in ("mode", "max-buffer-size", "awslogs-region", "awslogs-stream-prefix")} == {
        "mode": "non-blocking",
        "max-buffer-size": "25m",
        "awslogs-region": "ca-central-1",
        "awslogs-stream-prefix": "task",
    }


def test_it_is_told_where_everything_is_and_no_password() -> None:
    made = container(synthesize(environment={"LOG_LEVEL": "info"}, database_iam_user="reporting"))

    assert {variable["name"]: variable["value"] for variable in made["environment"]} == {
        "DATABASE_HOST": "writer.rds",
        "DATABASE_IAM_USER": "reporting",
        "DATABASE_NAME": "shop",
        "DATABASE_PORT": "5432",
        "DATABASE_READER_HOST": "reader.rds",
        "DATABASE_SECRET_ARN": SECRET,
        "LOG_LEVEL": "info",
        "PORT": "8080",
        "REDIS_FORM": "cluster",
        "REDIS_HOST": "primary.redis",
        "REDIS_PORT": "6379",
        "REDIS_READER_HOST": "replicas.redis",
        "REDIS_REPLICATION_GROUP": "shop-redis-dev",
        "REDIS_USER": "shop-redis-app-dev",
    }
    assert "secrets" not in made


def test_secrets_are_arns_with_the_key_that_is_meant() -> None:
    made = container(
        synthesize(
            secrets={"DATABASE_PASSWORD": "database:password", "PAYMENT": PAYMENT, "PAYMENT_TOKEN": f"{PAYMENT}:token"}
        )
    )

    assert made["secrets"] == [
        {"name": "DATABASE_PASSWORD", "valueFrom": f"{SECRET}:password::"},
        {"name": "PAYMENT", "valueFrom": PAYMENT},
        {"name": "PAYMENT_TOKEN", "valueFrom": f"{PAYMENT}:token::"},
    ]


def test_the_log_group_is_made_first_and_named_by_reference() -> None:
    synthesized = synthesize()
    address = synthesized.address("aws_cloudwatch_log_group", name="/shop/dev/service")

    options = container(synthesized)["logConfiguration"]["options"]
    assert options["awslogs-group"] == f"${{{address}.name}}"
    for group in synthesized.all("aws_cloudwatch_log_group"):
        assert (group["kms_key_id"], group["retention_in_days"]) == ("arn:logs-key", 365)
    insights = synthesized.address(
        "aws_cloudwatch_log_group", name="/aws/ecs/containerinsights/shop-service-dev/performance"
    )
    assert synthesized.one("aws_ecs_cluster")["depends_on"] == [insights]


@pytest.mark.parametrize("insights", ["enhanced", "enabled"])
def test_container_insights_is_a_setting(insights: str) -> None:
    made = synthesize(container_insights=insights).one("aws_ecs_cluster")

    assert made["setting"] == [{"name": "containerInsights", "value": insights}]


def test_files_are_mounted_by_access_point_with_tls_and_the_tasks_role() -> None:
    synthesized = synthesize(mounts={"media": "/mnt/media", "exports": "/mnt/exports"}, scratch_paths=("/var/run.d",))

    volumes = {volume["name"]: volume for volume in synthesized.one("aws_ecs_task_definition")["volume"]}
    assert volumes.pop("scratch-var-run_d") == {"name": "scratch-var-run_d"}
    assert volumes.keys() == {"files-media", "files-exports"}
    for purpose in ("media", "exports"):
        assert volumes[f"files-{purpose}"]["efs_volume_configuration"] == {
            "file_system_id": "fs-1",
            "transit_encryption": "ENABLED",
            "authorization_config": {"access_point_id": f"fsap-{purpose}", "iam": "ENABLED"},
        }
    assert {mount["sourceVolume"]: mount["containerPath"] for mount in container(synthesized)["mountPoints"]} == {
        "files-media": "/mnt/media",
        "files-exports": "/mnt/exports",
        "scratch-var-run_d": "/var/run.d",
    }


def test_a_task_is_as_large_as_the_settings_say() -> None:
    made = synthesize(cpu=512, memory_mb=3072, architecture="X86_64").one("aws_ecs_task_definition")

    assert (made["cpu"], made["memory"], made["requires_compatibilities"]) == ("512", "3072", ["FARGATE"])
    assert made["runtime_platform"] == {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"}
    assert made["network_mode"] == "awsvpc"


def test_the_command_is_the_images_own_unless_one_is_named() -> None:
    assert "command" not in container(synthesize())
    assert container(synthesize(command=("serve", "--fast")))["command"] == ["serve", "--fast"]


def test_a_deployment_that_fails_is_rolled_back_and_fails_the_apply() -> None:
    synthesized = synthesize()
    made = synthesized.one("aws_ecs_service")
    definition = synthesized.address("aws_ecs_task_definition")

    assert made["deployment_circuit_breaker"] == {"enable": True, "rollback": True}
    assert made["wait_for_steady_state"] is True
    assert made["task_definition"] == f"${{{definition}.arn}}"
    (condition,) = made["lifecycle"]["postcondition"]
    assert condition["condition"] == f"${{(self.task_definition == {definition}.arn)}}"
    assert "rolled back" in condition["error_message"]
    # What is rolled back to must still be there.
    assert synthesized.one("aws_ecs_task_definition")["lifecycle"] == {"create_before_destroy": True}
    assert (made["deployment_minimum_healthy_percent"], made["deployment_maximum_percent"]) == (100, 200)


def test_tasks_run_privately_on_the_named_platform_spread_over_the_zones() -> None:
    synthesized = synthesize()
    made = synthesized.one("aws_ecs_service")

    assert (made["launch_type"], made["platform_version"]) == ("FARGATE", "LATEST")
    assert made["availability_zone_rebalancing"] == "ENABLED"
    assert made["enable_execute_command"] is False
    # Tasks carry the tags of their service, and with them its costs.
    assert (made["enable_ecs_managed_tags"], made["propagate_tags"]) == (True, "SERVICE")
    assert made["network_configuration"] == {
        "subnets": ["private-a", "private-b"],
        "security_groups": [f"${{{synthesized.address('aws_security_group')}.id}}"],
        "assign_public_ip": False,
    }
    assert made["load_balancer"] == [
        {"target_group_arn": "arn:target-group", "container_name": "service", "container_port": 8080}
    ]


def test_a_task_waits_for_its_permissions_and_its_paths() -> None:
    synthesized = synthesize(mounts={"media": "/mnt/media"})

    kinds = ("aws_iam_role_policy.", "aws_vpc_security_group_")
    needed = {address for address in synthesized.addresses if address.startswith(kinds)}
    assert needed == set(synthesized.one("aws_ecs_service")["depends_on"])
    assert len(needed) == 2 + 11


def test_autoscaling_owns_the_count_after_the_first() -> None:
    synthesized = synthesize(min_count=4, max_count=9, memory_target_percent=None, cpu_target_percent=55)
    made = synthesized.one("aws_ecs_service")

    assert made["desired_count"] == 4
    assert made["lifecycle"]["ignore_changes"] == ["desired_count"]
    target = synthesized.one("aws_appautoscaling_target")
    assert (target["min_capacity"], target["max_capacity"]) == (4, 9)
    cluster, service = synthesized.address("aws_ecs_cluster"), synthesized.address("aws_ecs_service")
    assert (target["service_namespace"], target["scalable_dimension"]) == ("ecs", "ecs:service:DesiredCount")
    assert synthesized.one("aws_appautoscaling_policy")["policy_type"] == "TargetTrackingScaling"
    assert target["resource_id"] == f"service/${{{cluster}.name}}/${{{service}.name}}"
    assert _tracked(synthesized.one("aws_appautoscaling_policy")) == ("ECSServiceAverageCPUUtilization", 55)


def test_memory_scales_where_it_is_asked_to() -> None:
    policies = synthesize(memory_target_percent=75).all("aws_appautoscaling_policy")

    assert sorted(map(_tracked, policies)) == [
        ("ECSServiceAverageCPUUtilization", 60),
        ("ECSServiceAverageMemoryUtilization", 75),
    ]


def _tracked(policy: dict[str, Any]) -> tuple[str, int]:
    tracking = policy["target_tracking_scaling_policy_configuration"]
    return tracking["predefined_metric_specification"]["predefined_metric_type"], tracking["target_value"]
