"""What the two platforms guarantee, row by row: the tables of docs/guarantees.md name these tests."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from api_modules import keys_and_places
from synthesized import Attributes, Synthesized, read_stack
from watched import REMOTE

from settings import Environment, environment_names, load

ROOT = Path(__file__).parents[2]
IOT, SHOP = ("iot-dev", "iot-prod"), ("globecart-dev", "globecart-prod")
SHIPPED = (*IOT, *SHOP)
STATEFUL = ("aws_rds_cluster", "aws_rds_cluster_instance", "aws_elasticache_replication_group", "aws_efs_file_system")
NAMES = ("name", "function_name", "cluster_identifier", "replication_group_id", "identifier", "alarm_name")
NAMED = (
    *(
        "aws_iam_role",
        "aws_lambda_function",
        "aws_rds_cluster",
        "aws_rds_cluster_instance",
        "aws_lb",
        "aws_ecs_cluster",
    ),
    *("aws_elasticache_replication_group", "aws_api_gateway_rest_api", "aws_secretsmanager_secret"),
    *("aws_ecs_cluster", "aws_security_group", "aws_cloudwatch_metric_alarm", "aws_sns_topic"),
)


def promised(*names: str) -> pytest.MarkDecorator:
    """The environments that a guarantee holds for: docs/guarantees.md says the same."""
    return pytest.mark.parametrize("name", names)


every = promised(*SHIPPED)
production = promised("iot-prod", "globecart-prod")
development = promised("iot-dev", "globecart-dev")
shop = promised(*SHOP)
shop_production = promised("globecart-prod")


@pytest.fixture
def outdir(app_outdir: Path) -> Path:
    return app_outdir


def stack(outdir: Path, name: str, component: str) -> Synthesized:
    return read_stack(outdir, f"{name}-{component}")


@every
def test_region_comes_from_the_settings(
    stacks: dict[str, Synthesized], environment_of: dict[str, tuple[Environment, str]], name: str
) -> None:
    for id_, found in stacks.items():
        environment, component = environment_of[id_]
        if environment.name == name and component != "front":  # CloudFront's own region
            assert found.json["provider"]["aws"][0]["region"] == environment.region


@every
def test_vpc_over_several_zones(outdir: Path, name: str) -> None:
    network = stack(outdir, name, "network")
    network.one("aws_vpc", enable_dns_hostnames=True)
    for tier in ("public", "private", "data"):
        found = [item for item in network.all("aws_subnet") if tier in item["tags"]["Name"].split("-")]
        zones = {subnet["availability_zone"] for subnet in found}
        assert zones == set(load(name).zones), tier
        assert len(zones) > 1, tier


@every
def test_rest_api_with_deployment_and_stage_apart(outdir: Path, name: str) -> None:
    api, stage = stack(outdir, name, "api"), stack(outdir, name, "stage")
    deployment = stage.one("aws_api_gateway_deployment")
    assert "stage_name" not in deployment
    assert api.one("aws_api_gateway_rest_api")
    assert deployment["rest_api_id"] == stage.one("aws_api_gateway_stage")["rest_api_id"]
    made = stage.address("aws_api_gateway_deployment")
    assert stage.one("aws_api_gateway_stage")["deployment_id"] == f"${{{made}.id}}"


@every
def test_usage_plan_of_200_requests_a_second_binds_every_key_to_the_stage(outdir: Path, name: str) -> None:
    api, stage = stack(outdir, name, "api"), stack(outdir, name, "stage")
    plan = stage.one("aws_api_gateway_usage_plan")
    assert plan["throttle_settings"] == {"rate_limit": 200, "burst_limit": 400}
    assert plan["api_stages"][0]["stage"] == f"${{{stage.address('aws_api_gateway_stage')}.stage_name}}"
    made, bound = keys_and_places(api)[0], keys_and_places(stage)[1]
    assert len({each["KeyId"] for each in bound}) == len(made) > 0
    assert any(method["api_key_required"] for method in api.all("aws_api_gateway_method"))


@every
def test_credentials_rotate_every_30_days(outdir: Path, name: str) -> None:
    secrets = stack(outdir, name, "secrets")
    secret = f"${{{secrets.address('aws_secretsmanager_secret')}.arn}}"
    rotation = secrets.one("aws_secretsmanager_secret_rotation", secret_id=secret)
    assert rotation["rotation_rules"]["automatically_after_days"] == 30
    assert not [key for key in secrets.one("aws_secretsmanager_secret") if key.startswith("rotation_")]


@every
def test_rotation_function_exists_with_its_handler_and_psycopg2(outdir: Path, name: str) -> None:
    function = stack(outdir, name, "rotation").one("aws_lambda_function")
    package = outdir / "stacks" / f"{name}-rotation" / function["filename"]
    assert base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode() == function["source_code_hash"]
    module, handler = function["handler"].rsplit(".", 1)
    with zipfile.ZipFile(package) as content:
        assert f"def {handler}(" in content.read(f"{module.replace('.', '/')}.py").decode()
        assert any(re.fullmatch(r"psycopg2/_psycopg.*\.so", file) for file in content.namelist())


@every
def test_aurora_postgresql_serverless_v2(outdir: Path, name: str) -> None:
    data = stack(outdir, name, "data")
    cluster = data.one("aws_rds_cluster", engine="aurora-postgresql")
    assert cluster["serverlessv2_scaling_configuration"]["max_capacity"] > 1
    assert data.all("aws_rds_cluster_instance", instance_class="db.serverless")


@production
def test_an_aurora_instance_in_every_zone(outdir: Path, name: str) -> None:
    instances = stack(outdir, name, "data").all("aws_rds_cluster_instance")
    assert {instance["availability_zone"] for instance in instances} == set(load(name).zones)
    assert len(load(name).zones) == 3


@every
def test_redis_without_a_password(outdir: Path, name: str) -> None:
    redis = stack(outdir, name, "data").one("aws_elasticache_replication_group", engine="redis")
    assert redis["user_group_ids"]
    assert "auth_token_enabled" not in redis
    assert "auth_token" not in redis


@production
def test_redis_with_failover(outdir: Path, name: str) -> None:
    redis = stack(outdir, name, "data").one("aws_elasticache_replication_group")
    assert redis["automatic_failover_enabled"] is redis["multi_az_enabled"] is True


def test_one_suffix_in_every_name(
    stacks: dict[str, Synthesized], environment_of: dict[str, tuple[Environment, str]]
) -> None:
    # The suffix is the stage, at the end or, where something must follow it, as a part of its own.
    seen = 0
    for id_, found in stacks.items():
        environment, _ = environment_of[id_]
        for type_ in NAMED:
            for resource in found.all(type_):
                for value in (resource[key] for key in NAMES if not resource.get(key, "$").startswith("$")):
                    seen += 1
                    assert environment.stage in re.split(r"[-/]", value), f"{id_}: {type_} {value}"
    assert seen > 100


@development
def test_development_is_quick_to_create(outdir: Path, name: str) -> None:
    data = stack(outdir, name, "data")
    data.one("aws_rds_cluster_instance")
    redis = data.one("aws_elasticache_replication_group")
    assert redis.get("num_cache_clusters", 1) * redis.get("num_node_groups", 1) == 1
    assert redis.get("replicas_per_node_group", 0) == 0
    assert len(stack(outdir, name, "egress").all("aws_nat_gateway")) == 1


def _service_task(outdir: Path, name: str) -> Attributes:
    """The task definition of the service, among those of workers and jobs."""
    return stack(outdir, name, "service").one("aws_ecs_task_definition", family=load(name).names.name("service"))


def _service_scaling(service: Synthesized, name: str) -> Attributes:
    ecs = service.address("aws_ecs_service", name=load(name).names.name("service"))
    (target,) = (found for found in service.all("aws_appautoscaling_target") if ecs in found["resource_id"])
    return target


@shop
def test_fargate_scales_with_its_cpu(outdir: Path, name: str) -> None:
    service = stack(outdir, name, "service")
    ecs = service.one("aws_ecs_service", launch_type="FARGATE", name=load(name).names.name("service"))
    assert ecs["lifecycle"]["ignore_changes"] == ["desired_count"]
    cpu = service.one("aws_appautoscaling_policy", name=load(name).names.name("service-cpu"))
    policy = cpu["target_tracking_scaling_policy_configuration"]
    assert policy["predefined_metric_specification"]["predefined_metric_type"] == "ECSServiceAverageCPUUtilization"
    target = _service_scaling(service, name)
    assert 1 <= target["min_capacity"] < target["max_capacity"]


@shop_production
def test_a_task_in_every_zone(outdir: Path, name: str) -> None:
    target = _service_scaling(stack(outdir, name, "service"), name)
    assert target["min_capacity"] >= len(load(name).zones) == 3


@shop
def test_files_by_access_point_only(outdir: Path, name: str) -> None:
    data, task = stack(outdir, name, "data"), _service_task(outdir, name)
    assert data.one("aws_efs_access_point")["posix_user"]["uid"] > 0
    assert len(data.all("aws_efs_mount_target")) == len(load(name).zones)
    (volume,) = (found["efs_volume_configuration"] for found in task["volume"] if "efs_volume_configuration" in found)
    assert volume["transit_encryption"] == "ENABLED"
    assert volume["authorization_config"]["iam"] == "ENABLED"
    assert "aws_efs_access_point" in volume["authorization_config"]["access_point_id"]


@shop
def test_redis_in_cluster_mode(outdir: Path, name: str) -> None:
    data = stack(outdir, name, "data")
    redis = data.one("aws_elasticache_replication_group")
    assert redis["num_node_groups"] >= 1
    parameters = data.one("aws_elasticache_parameter_group")["parameter"]
    assert {"name": "cluster-enabled", "value": "yes"} in parameters


@shop_production
def test_redis_has_shards_with_replicas(outdir: Path, name: str) -> None:
    redis = stack(outdir, name, "data").one("aws_elasticache_replication_group")
    assert redis["num_node_groups"] > 1
    assert redis["replicas_per_node_group"] >= 1


@shop
def test_encrypted_at_rest_under_own_keys(outdir: Path, name: str) -> None:
    data, network = stack(outdir, name, "data"), stack(outdir, name, "network")
    key = network.address("aws_kms_key", description=f"Database, cache and files of {name}")
    assert data.one("aws_rds_cluster")["storage_encrypted"] is True
    for type_ in ("aws_rds_cluster", "aws_elasticache_replication_group", "aws_efs_file_system"):
        reference = REMOTE.fullmatch(data.one(type_)["kms_key_id"])
        assert reference is not None
        assert reference[1] == f"{name}-network"
        assert network.outputs[reference[2]]["value"] == f"${{{key}.arn}}"


@shop
def test_data_is_encrypted_in_transit(outdir: Path, name: str) -> None:
    data = stack(outdir, name, "data")
    redis = data.one("aws_elasticache_replication_group")
    assert redis["transit_encryption_enabled"] is True
    assert redis["transit_encryption_mode"] == "required"
    family = f"aurora-postgresql{data.one('aws_rds_cluster')['engine_version']}"
    parameters = data.one("aws_rds_cluster_parameter_group", family=family)["parameter"]
    assert {"rds.force_ssl": "1"}.items() <= {item["name"]: item["value"] for item in parameters}.items()
    assert "aws:SecureTransport" in data.one("aws_efs_file_system_policy")["policy"]


@shop_production
def test_the_load_balancer_speaks_tls(outdir: Path, name: str) -> None:
    assert stack(outdir, name, "entry").one("aws_lb_listener")["protocol"] == "TLS"


@shop_production
def test_redis_snapshots_are_kept_5_days(outdir: Path, name: str) -> None:
    assert stack(outdir, name, "data").one("aws_elasticache_replication_group")["snapshot_retention_limit"] == 5


@shop
def test_writer_and_reader_endpoints_apart(outdir: Path, name: str) -> None:
    outputs = stack(outdir, name, "data").outputs
    assert outputs["database_writer_endpoint"]["value"].endswith(".endpoint}")
    assert outputs["database_reader_endpoint"]["value"].endswith(".reader_endpoint}")
    task = _service_task(outdir, name)
    variables = {item["name"]: item["value"] for item in json.loads(task["container_definitions"])[0]["environment"]}
    assert variables["DATABASE_HOST"] != variables["DATABASE_READER_HOST"]


@shop_production
def test_nothing_that_holds_data_goes_unasked(outdir: Path, name: str) -> None:
    data = stack(outdir, name, "data")
    cluster = data.one("aws_rds_cluster")
    assert cluster["deletion_protection"] is True
    assert cluster["skip_final_snapshot"] is False
    assert cluster["backup_retention_period"] >= 7
    # A plan of the environment's own backs the files up, instead of AWS's default plan.
    assert data.one("aws_efs_backup_policy")["backup_policy"]["status"] == "DISABLED"
    selected = " ".join(stack(outdir, name, "backup").one("aws_backup_selection")["resources"])
    assert "aws_rds_cluster" in selected
    assert "aws_efs_file_system" in selected
    for type_ in STATEFUL:
        assert data.all(type_), type_
        for resource in data.all(type_):
            assert resource["lifecycle"]["prevent_destroy"] is True, type_


def test_requirements_of_pci_dss_name_their_checks() -> None:
    # Its rows are held against settings, resources and checks by tests/tools/scan/test_pages.py.
    page = (ROOT / "docs" / "pci-dss.md").read_text(encoding="utf-8")
    assert {"1.", "2.", "3.", "4.", "7.", "8.", "10."} <= set(re.findall(r"\b(\d+\.)\d", page))


@shop
def test_every_part_has_alarms(outdir: Path, name: str) -> None:
    monitoring = stack(outdir, name, "monitoring")
    assert len(monitoring.all("aws_cloudwatch_metric_alarm")) > 20
    monitoring.one("aws_cloudwatch_composite_alarm")
    monitoring.one("aws_cloudwatch_dashboard")


@shop_production
def test_alarms_tell_somebody(outdir: Path, name: str) -> None:
    assert stack(outdir, name, "monitoring").all("aws_sns_topic_subscription")


# How docs/guarantees.md says for which environments a guarantee holds, in each of its two tables.
_FOR = {"every": SHIPPED, "production": production.args[1], "development": development.args[1]}


def test_the_page_names_every_one_of_these_and_the_environments_that_it_holds_for() -> None:
    iot, shops = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8").split("## GlobeCart")
    rows = {
        test: [name for name in _FOR[environments] if name in allowed]
        for promises, allowed in ((iot, SHIPPED), (shops, SHOP))
        for environments, test in re.findall(r"\| (\w+) \| `(test_\w+)` \|$", promises, re.MULTILINE)
    }
    module = sys.modules[__name__]
    here = {name: function for name, function in vars(module).items() if name.startswith("test_")}
    del here["test_the_page_names_every_one_of_these_and_the_environments_that_it_holds_for"]
    assert rows.keys() == here.keys()
    for test, function in here.items():
        marks = [mark for mark in getattr(function, "pytestmark", []) if mark.args[0] == "name"]
        # Without a mark it reads all environments, or the page about all of them.
        assert rows[test] == list(marks[0].args[1] if marks else rows[test]), test
    types = set(re.findall(r"`(aws_\w+)`", iot + shops))
    assert len(types) > 15
    made = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "app" / "addresses").iterdir())
    assert all(f"{type_}." in made for type_ in types)
    assert set(SHIPPED) <= set(environment_names())
