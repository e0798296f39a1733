"""Redis: three forms, IAM users, and no password."""

from __future__ import annotations

from typing import Any

import pytest
from cdktf import TerraformOutput
from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.cache import Cache
from settings import load
from settings.cache import CacheAutoscalingSettings
from settings.naming import SHORTEST_LIMIT, Naming

FORMS: dict[str, dict[str, Any]] = {
    "single": {"form": "single", "replicas_per_shard": 0},
    "replicated": {"form": "replicated", "replicas_per_shard": 2},
    "cluster": {"form": "cluster", "shards": 3, "replicas_per_shard": 1},
    "bare cluster": {"form": "cluster", "shards": 1, "replicas_per_shard": 0},
}


def synthesize(*, protected: bool = False, names: Naming | None = None, **changed: Any) -> Synthesized:
    def build(scope: Construct) -> None:
        cache = Cache(
            scope,
            "cache",
            settings=load("iot-prod").cache.model_copy(update=changed),
            place=place(
                protected=protected,
                names=names or Naming("iot", "prod"),
                logs_key_arn="arn:aws:kms:ca-central-1:222222222222:key/logs",
                log_retention_days=365,
            ),
            vpc_id="vpc-1",
            subnet_group="iot-cache-prod",
            data_key_arn="arn:aws:kms:ca-central-1:222222222222:key/data",
        )
        made = {"endpoint": cache.endpoint, "reader_endpoint": cache.reader_endpoint, "user_name": cache.user_name}
        TerraformOutput(scope, "made", value={**made, "connect_arns": list(cache.connect_arns)})

    return synthesize_module(build)


def group(form: str) -> dict[str, Any]:
    return synthesize(**FORMS[form]).one("aws_elasticache_replication_group")


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("single", {"num_cache_clusters": 1, "automatic_failover_enabled": False, "multi_az_enabled": False}),
        ("replicated", {"num_cache_clusters": 3, "automatic_failover_enabled": True, "multi_az_enabled": True}),
        (
            "cluster",
            {
                "num_node_groups": 3,
                "replicas_per_node_group": 1,
                "automatic_failover_enabled": True,
                "multi_az_enabled": True,
            },
        ),
        (
            "bare cluster",
            {
                "num_node_groups": 1,
                "replicas_per_node_group": 0,
                "automatic_failover_enabled": True,
                "multi_az_enabled": False,
            },
        ),
    ],
)
def test_shape(form: str, shape: dict[str, Any]) -> None:
    keys = {"num_cache_clusters", "num_node_groups", "replicas_per_node_group"} | shape.keys()

    assert {key: value for key, value in group(form).items() if key in keys} == shape


@pytest.mark.parametrize(
    ("form", "endpoint", "reader"),
    [
        ("single", "primary_endpoint_address", None),
        ("replicated", "primary_endpoint_address", "reader_endpoint_address"),
        ("cluster", "configuration_endpoint_address", None),
    ],
)
def test_the_endpoint_is_right_for_the_form(form: str, endpoint: str, reader: str | None) -> None:
    synthesized = synthesize(**FORMS[form])
    address = synthesized.address("aws_elasticache_replication_group")
    made = synthesized.outputs["made"]["value"]

    assert made["endpoint"] == f"${{{address}.{endpoint}}}"
    assert made.get("reader_endpoint") == (f"${{{address}.{reader}}}" if reader else None)


@pytest.mark.parametrize("form", FORMS)
def test_the_parameter_group_fits_the_form(form: str) -> None:
    synthesized = synthesize(**FORMS[form])
    parameters = synthesized.one("aws_elasticache_parameter_group")
    clustered = "cluster" in form

    assert parameters["name"] == ("iot-redis7-cluster-prod" if clustered else "iot-redis7-prod")
    assert parameters["family"] == "redis7"
    # "no" is the family's own: the provider reads back what differs from it, and would plan to add it for ever.
    assert parameters.get("parameter", []) == ([{"name": "cluster-enabled", "value": "yes"}] if clustered else [])
    assert parameters["lifecycle"] == {"create_before_destroy": True}


def test_the_engine_is_redis_and_its_patches_come_by_themselves() -> None:
    made = group("replicated")

    assert (made["engine"], made["engine_version"], made["port"]) == ("redis", "7.1", 6379)
    assert made["auto_minor_version_upgrade"] == "true"


@pytest.mark.parametrize("form", FORMS)
def test_encrypted_at_rest_and_in_transit(form: str) -> None:
    made = group(form)

    assert made["at_rest_encryption_enabled"] == "true"
    assert made["kms_key_id"].endswith("key/data")
    assert made["transit_encryption_enabled"] is True
    assert made["transit_encryption_mode"] == "required"


def test_users_log_in_with_iam_and_the_default_user_is_off() -> None:
    synthesized = synthesize()
    made = synthesized.outputs["made"]["value"]
    application = synthesized.one("aws_elasticache_user", user_name="iot-redis-app-prod")
    default = synthesized.one("aws_elasticache_user", user_name="default")

    assert application["user_id"] == application["user_name"] == made["user_name"]
    assert application["authentication_mode"] == {"type": "iam"}
    assert "-@dangerous" in application["access_string"]
    assert default["access_string"] == "off -@all"
    # A mode "no-password-required" is read back as "no-password", and every plan would change it.
    assert default["no_password_required"] is True
    assert "authentication_mode" not in default
    assert default["user_id"] != "default"  # that one belongs to AWS
    assert len(synthesized.one("aws_elasticache_user_group")["user_ids"]) == 2
    users = synthesized.one("aws_elasticache_replication_group")["user_group_ids"]
    assert users == [f"${{{synthesized.address('aws_elasticache_user_group')}.user_group_id}}"]
    assert made["connect_arns"] == [
        f"${{{synthesized.address('aws_elasticache_replication_group')}.arn}}",
        f"${{{synthesized.address('aws_elasticache_user', user_name='iot-redis-app-prod')}.arn}}",
    ]


def test_no_password_anywhere() -> None:
    synthesized = synthesize()

    assert not {"auth_token", "passwords"} & synthesized.one("aws_elasticache_replication_group").keys()
    assert all("passwords" not in user for user in synthesized.all("aws_elasticache_user"))


def test_logs_go_to_groups_made_first() -> None:
    synthesized = synthesize()
    deliveries = synthesized.one("aws_elasticache_replication_group")["log_delivery_configuration"]

    assert {delivery["log_type"] for delivery in deliveries} == {"engine-log", "slow-log"}
    assert {delivery["log_format"] for delivery in deliveries} == {"json"}
    for delivery in deliveries:
        made = synthesized.one(
            "aws_cloudwatch_log_group", name=f"/aws/vendedlogs/iot/prod/redis-{delivery['log_type']}"
        )
        assert made["retention_in_days"] == 365
        assert made["kms_key_id"].endswith("key/logs")
        assert delivery["destination"].startswith("${aws_cloudwatch_log_group.")


def test_timeouts_outlast_the_slowest_form() -> None:
    assert group("cluster")["timeouts"] == {"create": "60m", "update": "60m", "delete": "60m"}


def test_snapshots() -> None:
    synthesized = synthesize(final_snapshot=True)
    made = synthesized.one("aws_elasticache_replication_group")
    security_group = synthesized.address("aws_security_group")

    assert made["snapshot_retention_limit"] == 5
    assert made["final_snapshot_identifier"] == f"iot-redis-final-${{{security_group}.id}}-prod"
    assert "final_snapshot_identifier" not in synthesize(final_snapshot=False).one("aws_elasticache_replication_group")


@pytest.mark.parametrize(
    ("dimension", "scalable", "metric", "ignored"),
    [
        (
            "shards",
            "elasticache:replication-group:NodeGroups",
            "ElastiCachePrimaryEngineCPUUtilization",
            "num_node_groups",
        ),
        (
            "replicas",
            "elasticache:replication-group:Replicas",
            "ElastiCacheReplicaEngineCPUUtilization",
            "replicas_per_node_group",
        ),
    ],
)
@pytest.mark.parametrize("protected", [True, False])
def test_autoscaling_owns_its_count(dimension: str, scalable: str, metric: str, ignored: str, protected: bool) -> None:
    scaling = CacheAutoscalingSettings.model_validate(
        {"dimension": dimension, "min_count": 1, "max_count": 5, "cpu_target_percent": 55}
    )
    synthesized = synthesize(**FORMS["cluster"], autoscaling=scaling, protected=protected)

    lifecycle = synthesized.one("aws_elasticache_replication_group")["lifecycle"]
    assert lifecycle["ignore_changes"] == [ignored]
    assert lifecycle.get("prevent_destroy") is (True if protected else None)
    target = synthesized.one("aws_appautoscaling_target")
    assert (target["scalable_dimension"], target["min_capacity"], target["max_capacity"]) == (scalable, 1, 5)
    assert target["service_namespace"] == "elasticache"
    assert synthesized.one("aws_appautoscaling_policy")["policy_type"] == "TargetTrackingScaling"
    tracking = synthesized.one("aws_appautoscaling_policy")["target_tracking_scaling_policy_configuration"]
    assert tracking["predefined_metric_specification"] == {"predefined_metric_type": metric}
    assert tracking["target_value"] == 55


def test_without_autoscaling_or_protection_nothing_is_ignored() -> None:
    synthesized = synthesize()

    assert synthesized.all("aws_appautoscaling_target") == []
    assert "lifecycle" not in synthesized.one("aws_elasticache_replication_group")


def test_the_longest_names_fit_into_forty_characters() -> None:
    # `settings.rules` lets through no environment whose "entry" is longer than SHORTEST_LIMIT.
    room = SHORTEST_LIMIT - len("aaaaaaaaaaaa-entry-dev-")
    longest = Naming("a" * 12, "dev", "b" * room)
    assert len(longest.name("entry")) == SHORTEST_LIMIT
    synthesized = synthesize(names=longest)

    ids = [user["user_id"] for user in synthesized.all("aws_elasticache_user")]
    ids.append(synthesized.one("aws_elasticache_replication_group")["replication_group_id"])
    ids.append(synthesized.one("aws_elasticache_user_group")["user_group_id"])
    assert max(map(len, ids)) <= 40


def test_the_security_group_opens_nothing() -> None:
    synthesized = synthesize()

    assert not {"ingress", "egress"} & synthesized.one("aws_security_group").keys()
    assert not [address for address in synthesized.addresses if "rule" in address]
