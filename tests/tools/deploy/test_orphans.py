"""What is in no state is found by its tags, and only ids that may be a planned resource's are tried."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tools.deploy import orphans
from tools.synthesized.stacks import Stack

TAGS = {"Environment": "iot-dev", "Stack": "data"}
NAMED = {**TAGS, "Name": "iot-files-dev"}
EC2, RDS = "arn:aws:ec2:ca-central-1:111111111111", "arn:aws:rds:ca-central-1:111111111111"
LOGS = "arn:aws:logs:ca-central-1:111111111111"
KEY = "arn:aws:kms:ca-central-1:111111111111:key/1-2"
SECRET = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:iot/dev/own-AbCdEf"
FIREWALL = "arn:aws:wafv2:us-east-1:111111111111:global/webacl/iot-front-dev/1-2"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:ca-central-1:111111111111:loadbalancer/net/iot-entry-dev/0a"


class Pages:
    """A tagging API of several pages, one for each ARN."""

    def __init__(self, *arns: str) -> None:
        self._arns = arns

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "get_resources"
        return self

    def paginate(self, **asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert asked["TagFilters"] == [{"Key": "Environment", "Values": ["iot-dev"]}]
        tags = [*({"Key": key, "Value": value} for key, value in TAGS.items()), {"Key": "aws:ecs:x", "Value": "y"}]
        return [{"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags}]} for arn in self._arns]


class Bucket:
    """A state bucket in which every key has the same state."""

    def __init__(self, *attributes: dict[str, str] | None) -> None:
        resources = [{"instances": [{"attributes": each} for each in attributes]}]
        self._state = {"version": 4, "serial": 1, "lineage": "own", "outputs": {}, "resources": resources}

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(json.dumps(self._state).encode())}


def test_an_orphan_is_in_no_state_by_arn_nor_where_it_has_none_by_id(tmp_path: Path) -> None:
    backend = {"bucket": "states", "key": "iot-dev/data.tfstate"}
    providers = [{"region": "ca-central-1"}, {"region": "us-east-1", "alias": "edge"}]
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"provider": {"aws": providers}}))
    # GIVEN a NAT gateway, which has no ARN in a state, and a cluster that has one, and the name of another's
    state = Bucket({"id": "nat-1"}, {"arn": f"{RDS}:cluster:iot", "id": "iot"}, None)
    tagging = {
        "ca-central-1": Pages(
            f"{EC2}:natgateway/nat-1", f"{EC2}:natgateway/nat-2", f"{RDS}:cluster:iot", f"{RDS}:subgrp:iot"
        ),
        "us-east-1": Pages(FIREWALL),
    }

    found = orphans.find(
        "iot-dev", [Stack("iot-dev-data", tmp_path, backend)], client=lambda _, region: tagging[region], s3=state
    )

    assert found == {f"{EC2}:natgateway/nat-2": TAGS, f"{RDS}:subgrp:iot": TAGS, FIREWALL: TAGS}


@pytest.mark.parametrize(
    ("type_", "arn", "tags", "planned", "first"),
    [
        ("aws_eip", f"{EC2}:elastic-ip/eipalloc-1", NAMED, {}, "eipalloc-1"),
        ("aws_vpc_security_group_ingress_rule", f"{EC2}:security-group-rule/sgr-1", TAGS, {}, "sgr-1"),
        ("aws_kms_key", KEY, TAGS, {}, "1-2"),
        ("aws_api_gateway_rest_api", "arn:aws:apigateway:ca-central-1::/restapis/a1", TAGS, {}, "a1"),
        ("aws_rds_cluster", f"{RDS}:cluster:iot", TAGS, {"cluster_identifier": "iot"}, "iot"),
        ("aws_cloudwatch_log_group", f"{LOGS}:log-group:/ecs/iot", TAGS, {"name": "/ecs/iot"}, "/ecs/iot"),
        ("aws_s3_bucket", "arn:aws:s3:::iot-logs", TAGS, {"bucket": "iot-logs"}, "iot-logs"),
        ("aws_db_subnet_group", f"{RDS}:subgrp:iot", TAGS, {"name": "iot"}, "iot"),
    ],
)
def test_an_id_follows_from_tags_and_arn(
    type_: str, arn: str, tags: dict[str, str], planned: dict[str, str], first: str
) -> None:
    found = ids(type_, {arn: tags}, **planned, tags_all=tags)
    assert found[0] == first
    assert all(found)
    assert ids(type_, {arn: {**tags, "Stack": "other"}}, **planned, tags_all=tags) == []


@pytest.mark.parametrize(
    ("type_", "arn", "planned"),
    [("aws_secretsmanager_secret", SECRET, "iot/dev/own"), ("aws_lb", LOAD_BALANCER, "iot-entry-dev")],
)
def test_the_arn_itself_is_tried_last(type_: str, arn: str, planned: str) -> None:
    assert ids(type_, {arn: TAGS}, name=planned, tags_all=TAGS)[-1] == arn


def test_equal_tags_alone_make_no_candidate() -> None:
    assert ids("aws_rds_cluster", {KEY: TAGS}, cluster_identifier="iot", tags_all=TAGS) == []


@pytest.mark.parametrize(
    ("type_", "arn", "planned"),
    [
        ("aws_elasticache_parameter_group", SECRET, {"name": "iot-cache-dev"}),
        ("aws_elasticache_replication_group", SECRET, {"replication_group_id": "iot-redis-dev"}),
        ("aws_rds_cluster", f"{RDS}:cluster-snapshot:iot-final-dev", {"final_snapshot_identifier": "iot-final-dev"}),
    ],
)
def test_what_a_teardown_leaves_is_not_tried_as_something_else(type_: str, arn: str, planned: dict[str, str]) -> None:
    assert ids(type_, {arn: TAGS}, **planned, tags_all=TAGS) == []


def test_its_own_name_comes_before_a_word_of_its_type() -> None:
    other = "arn:aws:elasticache:ca-central-1:111111111111:subnetgroup:cache"
    assert ids("aws_db_subnet_group", {other: TAGS, f"{RDS}:subgrp:iot": TAGS}, name="iot", tags_all=TAGS)[0] == "iot"


@pytest.mark.parametrize(
    ("type_", "planned", "expected"),
    [
        ("aws_route", {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0"}, ["rtb-1_0.0.0.0/0"]),
        ("aws_route", {"route_table_id": None, "destination_cidr_block": "0.0.0.0/0"}, []),
        ("aws_iam_role", {"name": "a"}, ["a"]),
        ("aws_iam_role_policy", {"name": "a"}, []),
    ],
)
def test_what_the_tagging_api_does_not_list(type_: str, planned: dict[str, str], expected: list[str]) -> None:
    assert ids(type_, {}, **planned) == expected


@pytest.mark.parametrize(
    ("actions", "before", "after", "expected"),
    [
        (["no-op"], {"description": "a"}, {"description": "a"}, True),
        (["update"], {"description": "a", "rotation": False}, {"description": "a", "rotation": True}, True),
        (["update"], {"description": "a"}, {}, True),  # not known before the apply
        (["update"], {"skip_final_snapshot": True}, {"skip_final_snapshot": False}, True),
        (["update"], {"delete_automated_backups": True}, {"delete_automated_backups": False}, True),
        (["update"], {"engine_version": "16.4"}, {"engine_version": "16"}, True),
        (["update"], {"engine_version": "17.1"}, {"engine_version": "16"}, False),
        (["update"], {"description": "b"}, {"description": "a"}, False),
        (["update"], {"from_port": 80}, {"from_port": 443}, False),
        (["delete", "create"], {"name": "a"}, {"name": "a"}, False),
    ],
)
def test_an_import_fits_when_nothing_that_aws_knows_changes(
    actions: list[str], before: dict[str, Any], after: dict[str, Any], expected: bool
) -> None:
    assert orphans.fits({"change": {"actions": actions, "before": before, "after": after}}) is expected


def ids(type_: str, tagged: orphans.Tagged, **planned: Any) -> list[str]:
    return [id_ for id_, _ in orphans.import_ids({"type": type_, "change": {"after": planned}}, tagged)]
