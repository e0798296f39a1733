"""Aurora: what is made from which settings."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from cdktf import TerraformOutput
from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.database import Database
from modules.database.parameters import cluster_parameters
from settings import load
from settings.database import PostgresVersion
from settings.naming import Naming

VERSIONS = get_args(PostgresVersion)
# Each with the argument of the cluster that names one of its kind.
PARAMETER_GROUPS = {
    "aws_rds_cluster_parameter_group": "db_cluster_parameter_group_name",
    "aws_db_parameter_group": "db_instance_parameter_group_name",
}
ZONES = ("ca-central-1a", "ca-central-1b", "ca-central-1d")


def synthesize(environment: str = "iot-prod", *, protected: bool = True, **changed: Any) -> Synthesized:
    settings = load(environment).database.model_copy(update=changed)

    def build(scope: Construct) -> None:
        database = Database(
            scope,
            "database",
            settings=settings,
            place=place(
                protected=protected,
                names=Naming("iot", "prod"),
                account=Account("222222222222", "ca-central-1"),
                logs_key_arn="arn:aws:kms:ca-central-1:222222222222:key/logs",
                log_retention_days=365,
            ),
            zones=ZONES,
            vpc_id="vpc-1",
            subnet_group="iot-database-prod",
            data_key_arn="arn:aws:kms:ca-central-1:222222222222:key/data",
        )
        typed = (
            "writer_endpoint", "reader_endpoint", "cluster_identifier", "cluster_resource_id", "master_secret_arn",
            "name", "port",
        )  # fmt: skip
        made = {name: getattr(database, name) for name in typed} | {"instances": len(database.instances)}
        TerraformOutput(scope, "made", value=made)

    return synthesize_module(build)


def test_production_has_instances_in_every_zone_with_rising_promotion_tiers() -> None:
    instances = synthesize(instances=4).all("aws_rds_cluster_instance")

    assert [i["availability_zone"] for i in instances] == [*ZONES, ZONES[0]]
    assert [i["promotion_tier"] for i in instances] == [0, 1, 2, 3]
    assert [i["identifier"] for i in instances] == [f"iot-aurora-{n}-prod" for n in (1, 2, 3, 4)]
    assert all(i["publicly_accessible"] is False for i in instances)
    assert all(i["instance_class"] == "db.serverless" for i in instances)


def test_sixteen_instances_stay_within_the_fifteen_promotion_tiers() -> None:
    tiers = [i["promotion_tier"] for i in synthesize(instances=16).all("aws_rds_cluster_instance")]

    assert sorted(tiers) == list(range(16))


def test_development_has_one_instance_that_pauses() -> None:
    stack = synthesize("iot-dev", protected=False)

    stack.one("aws_rds_cluster_instance")
    scaling = stack.one("aws_rds_cluster")["serverlessv2_scaling_configuration"]
    assert scaling == {"min_capacity": 0, "max_capacity": 2, "seconds_until_auto_pause": 900}


def test_protection_covers_the_cluster_and_every_instance() -> None:
    protected, free = synthesize(protected=True), synthesize(protected=False)

    assert protected.one("aws_rds_cluster")["deletion_protection"] is True
    assert free.one("aws_rds_cluster")["deletion_protection"] is False
    for type_ in ("aws_rds_cluster", "aws_rds_cluster_instance"):
        assert all(resource["lifecycle"]["prevent_destroy"] is True for resource in protected.all(type_))
        assert not any("prevent_destroy" in resource.get("lifecycle", {}) for resource in free.all(type_))


@pytest.mark.parametrize("snapshot", [None, "iot-aurora-final-sg-1-prod"])
@pytest.mark.parametrize("protected", [True, False])
def test_a_snapshot_makes_a_cluster_and_never_replaces_one(snapshot: str | None, protected: bool) -> None:
    cluster = synthesize(restore_from=snapshot, protected=protected).one("aws_rds_cluster")

    assert cluster.get("snapshot_identifier") == snapshot
    # Named, changed or removed: also where no snapshot is named any longer.
    assert cluster["lifecycle"]["ignore_changes"] == ["snapshot_identifier"]


def test_an_empty_database_is_made_from_no_snapshot() -> None:
    assert "snapshot_identifier" not in synthesize(restore_from="empty").one("aws_rds_cluster")


def test_a_cluster_from_a_snapshot_has_the_settings_key_and_master_secret_of_any_other() -> None:
    plain, restored = synthesize().one("aws_rds_cluster"), synthesize(restore_from="a-snapshot").one("aws_rds_cluster")

    assert restored == {**plain, "snapshot_identifier": "a-snapshot"}


@pytest.mark.parametrize("wanted", [True, False])
def test_logins_by_iam_are_a_setting(wanted: bool) -> None:
    cluster = synthesize(iam_authentication=wanted).one("aws_rds_cluster")

    assert cluster["iam_database_authentication_enabled"] is wanted


def test_backups_are_taken_in_their_window_and_keep_their_tags() -> None:
    stack = synthesize(backup_retention_days=21, backup_window="03:00-03:30", maintenance_window="mon:04:00-mon:04:30")
    cluster = stack.one("aws_rds_cluster")

    assert (cluster["backup_retention_period"], cluster["preferred_backup_window"]) == (21, "03:00-03:30")
    assert cluster["preferred_maintenance_window"] == "mon:04:00-mon:04:30"
    for resource in (cluster, *stack.all("aws_rds_cluster_instance")):
        assert resource["copy_tags_to_snapshot"] is True
        assert resource["preferred_maintenance_window"] == "mon:04:00-mon:04:30"


def test_a_change_of_the_version_is_a_wish_for_the_upgrade() -> None:
    assert synthesize().one("aws_rds_cluster")["allow_major_version_upgrade"] is True


def test_performance_is_recorded_for_the_days_of_the_settings() -> None:
    stack = synthesize(performance_insights_retention_days=62)

    for resource in (stack.one("aws_rds_cluster"), *stack.all("aws_rds_cluster_instance")):
        assert resource["performance_insights_enabled"] is True
        assert resource["performance_insights_retention_period"] == 62


@pytest.mark.parametrize("now", [True, False])
def test_changes_come_when_the_settings_say(now: bool) -> None:
    stack = synthesize(apply_immediately=now)

    assert stack.one("aws_rds_cluster")["apply_immediately"] is now
    for instance in stack.all("aws_rds_cluster_instance"):
        assert instance["apply_immediately"] is now
        assert instance["auto_minor_version_upgrade"] is True


def test_the_final_snapshot_is_named_after_something_made_anew_with_the_stack() -> None:
    stack = synthesize(final_snapshot=True)
    cluster = stack.one("aws_rds_cluster")

    group = stack.address("aws_security_group")
    assert cluster["final_snapshot_identifier"] == f"iot-aurora-final-${{{group}.id}}-prod"
    assert cluster["skip_final_snapshot"] is False
    assert cluster["delete_automated_backups"] is False


def test_without_a_final_snapshot_nothing_is_kept() -> None:
    cluster = synthesize(final_snapshot=False).one("aws_rds_cluster")

    assert cluster["skip_final_snapshot"] is True
    assert cluster["delete_automated_backups"] is True
    assert "final_snapshot_identifier" not in cluster


def test_the_master_password_is_made_and_kept_by_rds() -> None:
    stack = synthesize(master_rotation_days=45)
    cluster = stack.one("aws_rds_cluster")

    assert cluster["manage_master_user_password"] is True
    assert cluster["master_user_secret_kms_key_id"].endswith("key/data")
    assert not {"master_password", "master_password_wo"} & cluster.keys()
    rotation = stack.one("aws_secretsmanager_secret_rotation")
    assert rotation["secret_id"] == f"${{{stack.address('aws_rds_cluster')}.master_user_secret[0].secret_arn}}"
    assert rotation["rotate_immediately"] is False
    assert rotation["rotation_rules"] == {"automatically_after_days": 45}
    assert "rotation_lambda_arn" not in rotation


def test_everything_at_rest_is_under_the_data_key() -> None:
    stack = synthesize()
    cluster = stack.one("aws_rds_cluster")

    assert cluster["storage_encrypted"] is True
    assert cluster["kms_key_id"].endswith("key/data")
    for resource in (cluster, *stack.all("aws_rds_cluster_instance")):
        assert resource["performance_insights_kms_key_id"].endswith("key/data")


def test_the_log_group_is_there_before_the_cluster() -> None:
    stack = synthesize()

    group = stack.one("aws_cloudwatch_log_group")
    assert group["name"] == "/aws/rds/cluster/iot-aurora-prod/postgresql"
    assert group["retention_in_days"] == 365
    assert group["kms_key_id"].endswith("key/logs")
    cluster = stack.one("aws_rds_cluster")
    assert stack.address("aws_cloudwatch_log_group") in cluster["depends_on"]
    assert cluster["enabled_cloudwatch_logs_exports"] == ["postgresql"]


def test_what_would_replace_or_restart_unasked_is_left_out() -> None:
    stack = synthesize()

    assert "availability_zones" not in stack.one("aws_rds_cluster")
    assert stack.one("aws_rds_cluster")["engine_version"] == "16"
    for instance in stack.all("aws_rds_cluster_instance"):
        assert not {"ca_cert_identifier", "engine_version"} & instance.keys()


def test_cluster_parameters() -> None:
    assert cluster_parameters(load("iot-dev").database) == {
        "log_min_duration_statement": "200",
        "log_statement": "ddl",
        "password_encryption": "scram-sha-256",
        "rds.force_ssl": "1",
    }


@pytest.mark.parametrize(
    ("version", "unregistered"),
    [
        ("15", {"password_encryption"}),
        ("16", {"password_encryption"}),
        ("17", {"password_encryption", "rds.force_ssl"}),
    ],
)
def test_a_parameter_at_its_default_has_the_apply_method_that_rds_reads_back(
    version: str, unregistered: set[str]
) -> None:
    family = f"aurora-postgresql{version}"
    parameters = synthesize().one("aws_rds_cluster_parameter_group", family=family)["parameter"]

    assert {item["name"] for item in parameters if item.get("apply_method") == "pending-reboot"} == unregistered


@pytest.mark.parametrize("version", VERSIONS)
def test_engine_family_and_parameter_groups_agree(version: str) -> None:
    stack = synthesize(engine_version=version)
    cluster = stack.one("aws_rds_cluster")

    assert cluster["engine_version"] == version
    for type_, argument in PARAMETER_GROUPS.items():
        own = stack.address(type_, name=f"iot-aurora-postgresql{version}-prod", family=f"aurora-postgresql{version}")
        assert cluster[argument] == f"${{{own}.name}}"


def test_an_upgrade_takes_no_parameter_group_away() -> None:
    # Until the maintenance window the cluster has the old ones, and RDS refuses to delete them.
    addresses = [set(synthesize(engine_version=version).addresses) for version in VERSIONS]

    assert addresses[0] == addresses[1] == addresses[2]
    for type_ in PARAMETER_GROUPS:
        families = {group["family"] for group in synthesize().all(type_)}
        assert families == {f"aurora-postgresql{version}" for version in VERSIONS}


def test_an_upgrade_leaves_the_group_of_the_instances_to_rds() -> None:
    # Before the window RDS refuses them a group of the new family; in it, it gives them the one that the cluster names.
    for protected in (True, False):
        for instance in synthesize(protected=protected).all("aws_rds_cluster_instance"):
            assert instance["lifecycle"]["ignore_changes"] == ["db_parameter_group_name"]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_groups_of_the_version_are_those_that_were_named_after_no_version(version: str) -> None:
    moved = synthesize(engine_version=version).json["moved"]

    assert sorted((move["from"].split(".")[0], move["to"].rpartition("_")[0][-2:]) for move in moved) == [
        ("aws_db_parameter_group", version),
        ("aws_rds_cluster_parameter_group", version),
    ]


def test_enhanced_monitoring_may_be_used_for_these_instances_only() -> None:
    stack = synthesize(instances=2, enhanced_monitoring_seconds=30)

    (statement,) = json.loads(stack.one("aws_iam_role")["assume_role_policy"])["Statement"]
    assert statement["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "222222222222"},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:rds:ca-central-1:222222222222:db:iot-aurora-{n}-prod" for n in (1, 2)]},
    }
    for instance in stack.all("aws_rds_cluster_instance"):
        assert instance["monitoring_interval"] == 30
        assert stack.address("aws_iam_role_policy_attachment") in instance["depends_on"]


def test_without_enhanced_monitoring_there_is_no_role() -> None:
    stack = synthesize(enhanced_monitoring_seconds=0)

    assert stack.all("aws_iam_role") == []
    assert all("monitoring_role_arn" not in i for i in stack.all("aws_rds_cluster_instance"))


def test_the_security_group_opens_nothing() -> None:
    stack = synthesize()

    assert not {"ingress", "egress"} & stack.one("aws_security_group").keys()
    assert not [address for address in stack.addresses if "rule" in address]


def test_typed_outputs() -> None:
    stack = synthesize(instances=3)
    cluster = stack.address("aws_rds_cluster")

    assert stack.outputs["made"]["value"] == {
        "writer_endpoint": f"${{{cluster}.endpoint}}",
        "reader_endpoint": f"${{{cluster}.reader_endpoint}}",
        "cluster_identifier": f"${{{cluster}.cluster_identifier}}",
        "cluster_resource_id": f"${{{cluster}.cluster_resource_id}}",
        "master_secret_arn": f"${{{cluster}.master_user_secret[0].secret_arn}}",
        "name": load("iot-prod").database.name,
        "port": 5432,
        "instances": 3,
    }
