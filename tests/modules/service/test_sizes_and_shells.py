"""What the settings add to tasks: a shell, sidecars, disks, Spot, and alarms that undo a deployment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from service_parts import ACCOUNT, container, containers, statements, synthesize, synthesize_beside
from synthesized import Synthesized

from modules.common.policies import key_policy
from modules.service import Worker
from settings.service import SidecarSettings, VolumeSettings, WorkerSettings

SHELL_PATHS = ("/var/lib/amazon/ssm", "/var/log/amazon/ssm")
ADOT = SidecarSettings.model_validate({"preset": "adot", "image": "public.ecr.aws/adot:1"})
PROXY = SidecarSettings(
    name="proxy", image="proxy:1", command=("serve",), environment={"B": "2", "A": "1"}, essential=True
)
VOLUME = VolumeSettings(path="/mnt/work", size_gb=20)


def mounts(made: Synthesized) -> dict[str, str]:
    return {mount["containerPath"]: mount["sourceVolume"] for mount in container(made)["mountPoints"]}


@pytest.mark.parametrize("opened", [True, False, "globecart-prod"])
def test_a_shell_is_opened_in_tasks_whose_root_stays_read_only(opened: bool | str) -> None:
    made = synthesize(exec=opened)

    assert made.one("aws_ecs_service")["enable_execute_command"] is bool(opened)
    assert container(made)["readonlyRootFilesystem"] is True
    assert mounts(made).keys() == {"/tmp", *(SHELL_PATHS if opened else ())}
    volumes = {volume["name"] for volume in made.one("aws_ecs_task_definition")["volume"]}
    assert set(mounts(made).values()) == volumes
    assert not [mount for mount in container(made)["mountPoints"] if mount["readOnly"]]


def test_what_is_typed_in_a_shell_is_written_to_a_log_under_the_key_of_logs() -> None:
    made = synthesize(exec=True)
    log = made.address("aws_cloudwatch_log_group", name="/shop/dev/exec")

    assert made.one("aws_cloudwatch_log_group", name="/shop/dev/exec")["kms_key_id"] == "arn:logs-key"
    assert made.one("aws_ecs_cluster")["configuration"] == {
        "execute_command_configuration": {
            "logging": "OVERRIDE",
            "log_configuration": {
                "cloud_watch_encryption_enabled": True,
                "cloud_watch_log_group_name": f"${{{log}.name}}",
            },
        }
    }
    assert "configuration" not in synthesize(exec=False).one("aws_ecs_cluster")


def test_a_shell_is_opened_in_workers_too() -> None:
    made = synthesize_beside(Worker, "mail", own=WorkerSettings(command=("run",)), exec=True)

    assert made.one("aws_ecs_service", name="shop-worker-mail-dev")["enable_execute_command"] is True


def test_a_sidecar_is_as_closed_as_the_first_container() -> None:
    made = synthesize(sidecars=(ADOT, PROXY))
    first, *sidecars = containers(made)

    assert [sidecar["name"] for sidecar in sidecars] == ["adot", "proxy"]
    for sidecar in sidecars:
        for key in ("user", "privileged", "readonlyRootFilesystem", "linuxParameters", "stopTimeout"):
            assert sidecar[key] == first[key], key
        options = sidecar["logConfiguration"]["options"]
        assert options == {
            **first["logConfiguration"]["options"],
            "awslogs-stream-prefix": sidecar["name"],
        }
        assert (sidecar["portMappings"], sidecar["mountPoints"]) == ([], [])
        assert "secrets" not in sidecar


def test_a_sidecar_is_what_its_table_says() -> None:
    proxy = containers(synthesize(sidecars=(ADOT, PROXY)))[2]

    assert (proxy["image"], proxy["command"], proxy["essential"]) == ("proxy:1", ["serve"], True)
    assert proxy["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    plain = containers(synthesize(sidecars=(SidecarSettings(name="plain", image="plain:1"),)))[1]
    assert "command" not in plain
    assert plain["essential"] is False


def test_the_preset_fills_in_what_the_table_does_not_say() -> None:
    # The configuration that writes traces alone: of metrics the tasks' roles may write none.
    assert (ADOT.name, ADOT.command) == ("adot", ("--config=/etc/ecs/ecs-xray.yaml",))
    own = SidecarSettings.model_validate(
        {"preset": "adot", "image": "adot:1", "name": "collector", "command": ["--config=/own.yaml"]}
    )
    assert (own.name, own.command) == ("collector", ("--config=/own.yaml",))


@pytest.mark.parametrize(("size", "storage"), [(None, None), (40, {"size_in_gib": 40})])
def test_the_disk_of_a_task_is_a_setting(size: int | None, storage: object) -> None:
    made = synthesize(ephemeral_storage_gb=size).one("aws_ecs_task_definition")

    assert made.get("ephemeral_storage") == storage


def test_a_task_has_a_volume_of_its_own_under_a_key_of_its_own() -> None:
    made = synthesize(volume=VOLUME)
    configuration = made.one("aws_ecs_service")["volume_configuration"]
    key, role = made.address("aws_kms_key"), made.address("aws_iam_role", name="shop-service-volume-dev")

    assert configuration["managed_ebs_volume"] == {
        "encrypted": True,
        "file_system_type": "ext4",
        "kms_key_id": f"${{{key}.arn}}",
        "role_arn": f"${{{role}.arn}}",
        "size_in_gb": 20,
        "tag_specifications": [{"propagate_tags": "SERVICE", "resource_type": "volume"}],
        "volume_type": "gp3",
    }
    (volume,) = (v for v in made.one("aws_ecs_task_definition")["volume"] if v.get("configure_at_launch"))
    assert mounts(made)["/mnt/work"] == volume["name"] == configuration["name"]
    assert made.one("aws_kms_key")["policy"] == key_policy(ACCOUNT, via_services=["ec2"])
    assert not synthesize().all("aws_kms_key")


def test_ecs_attaches_volumes_with_a_role_that_uses_one_key_through_ec2() -> None:
    made = synthesize(volume=VOLUME)
    key = f"${{{made.address('aws_kms_key')}.arn}}"
    found = statements(made.one("aws_iam_role_policy", name="use-key")["policy"])
    through = {"kms:ViaService": "ec2.ca-central-1.amazonaws.com"}

    assert {sid: one["Resource"] for sid, one in found.items()} == {"UseKey": [key], "GrantToEc2": [key]}
    assert found["UseKey"]["Condition"] == {"StringEquals": through}
    assert found["GrantToEc2"]["Action"] == ["kms:CreateGrant"]
    assert found["GrantToEc2"]["Condition"] == {
        "StringEquals": through,
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }
    managed = made.one("aws_iam_role_policy_attachment")
    assert managed["policy_arn"] == ("arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes")
    (trust,) = json.loads(made.one("aws_iam_role", name="shop-service-volume-dev")["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "ecs.amazonaws.com"}


def test_a_service_with_volumes_waits_for_the_rights_to_attach_and_delete_them() -> None:
    made = synthesize(volume=VOLUME)

    assert {
        made.address("aws_iam_role_policy", name="use-key"),
        made.address("aws_iam_role_policy_attachment"),
    } <= set(made.one("aws_ecs_service")["depends_on"])


@pytest.mark.parametrize(
    ("percent", "strategy"),
    [
        (
            30,
            [
                {"capacity_provider": "FARGATE", "base": 1, "weight": 70},
                {"capacity_provider": "FARGATE_SPOT", "weight": 30},
            ],
        ),
        (
            99,
            [
                {"capacity_provider": "FARGATE", "base": 1, "weight": 1},
                {"capacity_provider": "FARGATE_SPOT", "weight": 99},
            ],
        ),
        # ECS places no task on a provider of weight 0.
        (100, [{"capacity_provider": "FARGATE_SPOT", "weight": 100}]),
    ],
)
def test_a_share_of_the_tasks_is_on_spot(percent: int, strategy: list[dict[str, Any]]) -> None:
    made = synthesize_beside(Worker, "mail", own=WorkerSettings(command=("run",)), spot_percent=percent)
    capacity = made.one("aws_ecs_cluster_capacity_providers")

    assert capacity["capacity_providers"] == ["FARGATE", "FARGATE_SPOT"]
    assert capacity["cluster_name"] == f"${{{made.address('aws_ecs_cluster')}.name}}"
    for service in made.all("aws_ecs_service"):
        assert service["capacity_provider_strategy"] == strategy
        assert "launch_type" not in service
        # ECS refuses a strategy that names what the cluster does not have yet.
        assert made.address("aws_ecs_cluster_capacity_providers") in service["depends_on"]


def test_without_a_share_of_spot_nothing_is_on_it() -> None:
    made = synthesize(spot_percent=0)

    assert not made.all("aws_ecs_cluster_capacity_providers")
    assert made.one("aws_ecs_service")["launch_type"] == "FARGATE"
    assert "capacity_provider_strategy" not in made.one("aws_ecs_service")


def test_a_deployment_is_undone_when_an_alarm_of_the_service_is_on() -> None:
    made = synthesize(rollback_on_alarm=True)
    alarms = {alarm["alarm_name"]: alarm for alarm in made.all("aws_cloudwatch_metric_alarm")}
    unhealthy, memory = alarms["shop-deployment-unhealthy-dev"], alarms["shop-deployment-memory-dev"]

    assert len(alarms) == 2
    addresses = [made.address("aws_cloudwatch_metric_alarm", alarm_name=name) for name in alarms]
    said = made.one("aws_ecs_service")["alarms"]
    assert (said["enable"], said["rollback"]) == (True, True)
    assert set(said["alarm_names"]) == {f"${{{address}.alarm_name}}" for address in addresses}
    assert (unhealthy["namespace"], unhealthy["metric_name"]) == ("AWS/NetworkELB", "UnHealthyHostCount")
    assert unhealthy["dimensions"] == {"LoadBalancer": "net/shop", "TargetGroup": "targetgroup/shop"}
    assert (memory["namespace"], memory["metric_name"]) == ("AWS/ECS", "MemoryUtilization")
    assert memory["dimensions"] == {"ClusterName": "shop-service-dev", "ServiceName": "shop-service-dev"}
    for alarm in alarms.values():
        assert (alarm["period"], alarm["evaluation_periods"], alarm["datapoints_to_alarm"]) == (60, 2, 2)
        assert alarm["comparison_operator"] == "GreaterThanThreshold"
        assert alarm["treat_missing_data"] == "notBreaching"
        # Whom to tell, the monitoring stack knows.
        assert "alarm_actions" not in alarm
    assert (unhealthy["threshold"], memory["threshold"]) == (0, 95)
    # References to the service would be a circle: it names the alarms.
    assert made.one("aws_ecs_cluster")["name"] == made.one("aws_ecs_service")["name"] == "shop-service-dev"


def test_without_the_setting_no_alarm_is_made_or_named() -> None:
    made = synthesize(rollback_on_alarm=False)

    assert not made.all("aws_cloudwatch_metric_alarm")
    assert "alarms" not in made.one("aws_ecs_service")
