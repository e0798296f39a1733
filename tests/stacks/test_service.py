"""The service stack of every shipped environment: what it comes after, and that other stacks admit it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load
from dependencies import needed_by
from synthesized import Synthesized, read_stack

from main import build_app
from settings import Environment

every_environment = pytest.mark.parametrize("environment", environment_names())
WITH_FILES = [name for name in environment_names() if load(name).service.mounts]


def service(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-service")


@every_environment
def test_the_stack_comes_after_all_that_a_task_needs(app_outdir: Path, environment: str) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))

    needed = set(manifest["stacks"][f"{environment}-service"]["dependencies"])
    assert {f"{environment}-{other}" for other in ("data", "egress", "entry", "network", "secrets")} == needed


@pytest.mark.parametrize("environment", WITH_FILES)
def test_a_service_with_files_waits_for_every_mount_target(app_outdir: Path, environment: str) -> None:
    # The whole of data comes first; within it, a target for every zone.
    targets = read_stack(app_outdir, f"{environment}-data").all("aws_efs_mount_target")
    assert len(targets) == len(load(environment).zones)
    needed = needed_by(app_outdir, f"{environment}-service", "aws_ecs_service")
    types = {address.split("/")[1].split(".")[0] for address in needed}
    assert {"aws_efs_access_point", "aws_rds_cluster", "aws_elasticache_replication_group"} <= types


def _policy_of_secret(secrets: Synthesized) -> str:
    secret = secrets.address("aws_secretsmanager_secret")
    return str(secrets.one("aws_secretsmanager_secret_policy", secret_arn=f"${{{secret}.arn}}")["policy"])


@every_environment
def test_the_secret_admits_the_roles_of_the_tasks_and_those_of_the_settings(app_outdir: Path, environment: str) -> None:
    roles = {role["name"] for role in service(app_outdir, environment).all("aws_iam_role")}
    policy = _policy_of_secret(read_stack(app_outdir, f"{environment}-secrets"))

    denied = json.loads(policy)["Statement"][0]
    readers = denied["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    settings = load(environment)
    # ECS itself reads what it hands out, by the role that starts tasks.
    kinds = ["task", *(["execution"] if settings.service.injects_database_login else [])]
    own = [
        f"arn:aws:iam::{settings.account_id}:role/{_name(environment, f'{workload}-{kind}')}"
        for workload in settings.workloads
        for kind in kinds
    ]
    assert len(own) == (1 + len(settings.workers) + len(settings.jobs)) * len(kinds)
    others = [*settings.rotation.consumer_role_arns, *filter(None, [settings.rotation.break_glass_role_arn])]
    assert [arn for arn in readers if ":role/" in arn] == [*own, *others]
    assert {arn.rpartition("/")[2] for arn in own} <= roles


def _name(environment: str, purpose: str) -> str:
    return load(environment).names.name(purpose)


@every_environment
def test_no_login_is_handed_out_but_by_setting(app_outdir: Path, environment: str) -> None:
    definitions = service(app_outdir, environment).all("aws_ecs_task_definition")

    assert {definition["family"] for definition in definitions} == {
        _name(environment, workload) for workload in load(environment).workloads
    }
    for definition in definitions:
        container, *sidecars = json.loads(definition["container_definitions"])
        assert {secret["name"] for secret in container.get("secrets", ())} == load(environment).service.secrets.keys()
        names = {variable["name"] for variable in container["environment"]}
        assert "DATABASE_SECRET_ARN" in names
        assert not [name for name in names if "PASSWORD" in name]
        assert not [sidecar for sidecar in sidecars if "secrets" in sidecar]


@every_environment
def test_tasks_run_in_every_zone_and_in_production_from_a_digest_behind_tls(app_outdir: Path, environment: str) -> None:
    settings = load(environment)
    stack = service(app_outdir, environment)
    images = {
        definition["family"]: [container["image"] for container in json.loads(definition["container_definitions"])]
        for definition in stack.all("aws_ecs_task_definition")
    }
    listener = read_stack(app_outdir, f"{environment}-entry").one("aws_lb_listener")

    assert images[_name(environment, "service")][0] == settings.service.image
    assert (listener["protocol"] == "TLS") is (settings.service.certificate_arn is not None)
    if settings.tier == "production":
        assert all("@sha256:" in image for of_task in images.values() for image in of_task)
        assert listener["protocol"] == "TLS"
        assert stack.one("aws_ecs_service", name=_name(environment, "service"))["desired_count"] >= 2
    for made in stack.all("aws_ecs_service"):
        assert len(made["network_configuration"]["subnets"]) == len(settings.zones)


@every_environment
def test_what_is_open_beyond_the_vpc_is_what_the_settings_say(app_outdir: Path, environment: str) -> None:
    stack, settings = service(app_outdir, environment), load(environment)
    rules = stack.all("aws_vpc_security_group_egress_rule")
    opened = [
        (rule.get("cidr_ipv4"), rule.get("prefix_list_id"), rule["from_port"])
        for rule in rules
        if "cidr_ipv4" in rule or not rule.get("prefix_list_id", "$").startswith("$")
    ]

    assert sorted(opened, key=str) == sorted(
        ((rule.cidr, rule.prefix_list, rule.port) for rule in settings.service.outbound), key=str
    )
    # Where nothing is open, endpoints lead to all that is called: a rule of the settings holds it.
    assert settings.network.nat != "none" or not opened
    assert all((rule["ip_protocol"], rule["to_port"]) == ("tcp", rule["from_port"]) for rule in rules)


@every_environment
def test_the_layers_of_images_are_reached_by_the_endpoint_of_s3(app_outdir: Path, environment: str) -> None:
    rules = service(app_outdir, environment).all("aws_vpc_security_group_egress_rule")
    outputs = read_stack(app_outdir, f"{environment}-network").outputs

    (reference,) = (rule["prefix_list_id"] for rule in rules if rule.get("prefix_list_id", "").startswith("$"))
    value = outputs[reference.removesuffix("}").rpartition(".")[2]]["value"]
    assert re.fullmatch(r"\$\{aws_vpc_endpoint\.network_s3-endpoint_\w+\.prefix_list_id\}", value)


@every_environment
def test_every_table_of_the_settings_is_made(app_outdir: Path, environment: str) -> None:
    settings = load(environment)
    stack, data = service(app_outdir, environment), read_stack(app_outdir, f"{environment}-data")

    def names(of: Synthesized, type_: str, key: str = "name") -> set[str]:
        return {made[key] for made in of.all(type_)}

    assert names(stack, "aws_ecs_service") == {
        _name(environment, purpose) for purpose in ("service", *(f"worker-{name}" for name in settings.workers))
    }
    jobs = {_name(environment, f"job-{name}") for name in settings.jobs}
    assert names(stack, "aws_sfn_state_machine") == names(stack, "aws_scheduler_schedule") == jobs
    assert names(data, "aws_sqs_queue") == {
        _name(environment, f"{kind}-{name}") for name in settings.service.queues for kind in ("queue", "dead-letters")
    }
    assert names(data, "aws_s3_bucket", "bucket") == {
        f"{_name(environment, f'bucket-{name}')}-{settings.account_id}" for name in settings.service.buckets
    }
    variables = {
        variable["name"]
        for definition in stack.all("aws_ecs_task_definition")
        for variable in json.loads(definition["container_definitions"])[0]["environment"]
        if variable["name"].startswith(("QUEUE_", "BUCKET_"))
    }
    assert variables == {
        *(f"QUEUE_{name.upper().replace('-', '_')}_URL" for name in settings.service.queues),
        *(f"BUCKET_{name.upper().replace('-', '_')}_NAME" for name in settings.service.buckets),
    }


@pytest.mark.parametrize("environment", ["iot-dev", "iot-prod"])
def test_the_iot_service_is_started_anew_after_a_rotation(app_outdir: Path, environment: str) -> None:
    stack = service(app_outdir, environment)

    assert stack.one("aws_ssm_document")["name"] == _name(environment, "service-redeploy")
    assert stack.one("aws_cloudwatch_event_target")["arn"].startswith("arn:aws:ssm:")


@every_environment
def test_outputs_for_people(app_outdir: Path, environment: str) -> None:
    outputs = service(app_outdir, environment).outputs

    assert {name for name in outputs if not name.startswith("cross-stack")} == {
        "protected",
        "cluster_name",
        "service_name",
        "service_log_group",
    }


def test_a_login_handed_out_by_ecs_admits_the_role_that_starts_tasks(tmp_path: Path) -> None:
    build_app([_handing_out(load("iot-dev"))], tmp_path).synth()

    policy = _policy_of_secret(read_stack(tmp_path, "iot-dev-secrets"))
    readers = json.loads(policy)["Statement"][0]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert [arn.rpartition("/")[2] for arn in readers[1:]] == ["iot-service-task-dev", "iot-service-execution-dev"]


def _handing_out(environment: Environment) -> Environment:
    changed: dict[str, Any] = {"secrets": {"DATABASE_PASSWORD": "database:password"}}
    return environment.model_copy(update={"service": environment.service.model_copy(update=changed)})
