"""The data stack of every shipped environment."""

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

HOLDS_DATA = (
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_elasticache_replication_group",
    "aws_efs_file_system",
    "aws_s3_bucket",
    "aws_sqs_queue",
)


def data(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-data")


@pytest.mark.parametrize("environment", environment_names())
def test_aurora_waits_for_neither_nat_nor_endpoints_nor_redis_nor_efs(app_outdir: Path, environment: str) -> None:
    needed = needed_by(app_outdir, f"{environment}-data", "aws_rds_cluster_instance")

    types = {address.split("/")[1].split(".")[0] for address in needed}
    assert {"aws_rds_cluster", "aws_db_subnet_group", "aws_vpc", "aws_kms_key"} <= types
    slow = ("aws_nat_gateway", "aws_eip", "aws_vpc_endpoint", "aws_elasticache_", "aws_efs_")
    assert not [type_ for type_ in types if type_.startswith(slow)]


@pytest.mark.parametrize("environment", environment_names())
def test_the_stack_waits_for_the_network_alone(app_outdir: Path, environment: str) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["stacks"][f"{environment}-data"]["dependencies"] == [f"{environment}-network"]


@pytest.mark.parametrize("environment", environment_names())
def test_no_rule_opens_the_tier(app_outdir: Path, environment: str) -> None:
    stack = data(app_outdir, environment)

    assert not [address for address in stack.addresses if "security_group_" in address and "rule" in address]
    for group in stack.all("aws_security_group"):
        assert not {"ingress", "egress"} & group.keys()


@pytest.mark.parametrize("environment", ["iot-dev", "globecart-dev"])
def test_development_is_one_instance_and_one_node(app_outdir: Path, environment: str) -> None:
    stack = data(app_outdir, environment)

    stack.one("aws_rds_cluster_instance")
    assert _nodes(stack.one("aws_elasticache_replication_group")) == 1


@pytest.mark.parametrize("environment", ["iot-prod", "globecart-prod"])
def test_production_spans_zones_with_failover(app_outdir: Path, environment: str) -> None:
    stack = data(app_outdir, environment)

    zones = {instance["availability_zone"] for instance in stack.all("aws_rds_cluster_instance")}
    assert len(zones) >= 2
    cache = stack.one("aws_elasticache_replication_group")
    assert (cache["multi_az_enabled"], cache["automatic_failover_enabled"]) == (True, True)
    assert _nodes(cache) >= 2


def _nodes(group: dict[str, Any]) -> int:
    return int(
        group.get("num_cache_clusters") or group.get("num_node_groups", 0) * (1 + group["replicas_per_node_group"])
    )


@pytest.mark.parametrize("environment", environment_names())
def test_what_holds_data_is_protected_where_the_environment_is(app_outdir: Path, environment: str) -> None:
    stack = data(app_outdir, environment)
    protected = load(environment).protected

    for type_ in HOLDS_DATA:
        for resource in stack.all(type_):
            assert resource.get("lifecycle", {}).get("prevent_destroy", False) is protected, type_
    assert stack.one("aws_rds_cluster")["deletion_protection"] is protected


def test_unprotecting_changes_the_protection_and_nothing_else(app_outdir: Path, tmp_path: Path) -> None:
    build_app([load("globecart-prod", unprotected=True)], tmp_path).synth()
    free, protected = data(tmp_path, "globecart-prod").json, data(app_outdir, "globecart-prod").json

    def unprotect(resources: dict[str, Any]) -> dict[str, Any]:
        for of_type in resources.values():
            for resource in of_type.values():
                resource.pop("//", None)  # holds reasons for the security gate
                for switch in ("deletion_protection", "force_destroy"):
                    resource.pop(switch, None)
                kept = resource.get("lifecycle", {})
                if kept.pop("prevent_destroy", None) and not kept:
                    del resource["lifecycle"]
        return resources

    assert unprotect(free["resource"]) == unprotect(protected["resource"])


@pytest.mark.parametrize("environment", environment_names())
def test_files_only_where_an_access_point_is_named(app_outdir: Path, environment: str) -> None:
    stack = data(app_outdir, environment)
    named = bool(load(environment).storage.access_points)

    assert bool([address for address in stack.addresses if address.startswith("aws_efs_")]) is named
    assert ("file_system_id" in stack.outputs) is named


@pytest.mark.parametrize("environment", environment_names())
def test_outputs_for_people(app_outdir: Path, environment: str) -> None:
    outputs = {name: output["value"] for name, output in data(app_outdir, environment).outputs.items()}

    assert outputs["database_writer_endpoint"] != outputs["database_reader_endpoint"]
    assert ("cache_reader_endpoint" in outputs) is (load(environment).cache.form == "replicated")


@pytest.mark.parametrize("environment", environment_names())
def test_no_password_is_written_down(app_outdir: Path, environment: str) -> None:
    arguments = set(re.findall(r'"(\w+)": "', json.dumps(data(app_outdir, environment).json["resource"])))

    assert not arguments & {"master_password", "master_password_wo", "password", "auth_token", "secret_string"}
