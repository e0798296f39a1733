"""EFS: access points only, TLS only, one mount target in each zone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from constructs import Construct
from synthesized import Synthesized, synthesize_module

from modules.storage import Storage
from modules.storage.file_system import file_system_policy
from settings.naming import Naming
from settings.storage import AccessPointSettings, StorageSettings

SUBNETS = {"ca-central-1a": "subnet-a", "ca-central-1b": "subnet-b", "ca-central-1d": "subnet-d"}
POINTS = {
    "media": AccessPointSettings(path="/media", uid=1000, gid=1001),
    "exports": AccessPointSettings(path="/shop/exports", uid=2000, gid=2000, permissions="0700"),
}


def synthesize(*, protected: bool = False, has_plan: bool = False, **changed: Any) -> Synthesized:
    settings = StorageSettings(access_points=POINTS, backup=True).model_copy(update=changed)

    def build(scope: Construct) -> None:
        Storage(
            scope,
            "storage",
            settings=settings,
            protected=protected,
            names=Naming("shop", "prod"),
            vpc_id="vpc-1",
            subnet_ids=SUBNETS,
            data_key_arn="arn:aws:kms:ca-central-1:222222222222:key/data",
            has_plan=has_plan,
        )

    return synthesize_module(build)


def test_one_mount_target_in_each_zone() -> None:
    targets = synthesize().all("aws_efs_mount_target")

    assert [target["subnet_id"] for target in targets] == ["subnet-a", "subnet-b", "subnet-d"]
    assert all(len(target["security_groups"]) == 1 for target in targets)


def test_encrypted_under_the_data_key() -> None:
    made = synthesize().one("aws_efs_file_system")

    assert made["encrypted"] is True
    assert made["kms_key_id"].endswith("key/data")


def test_an_access_point_pins_user_and_directory() -> None:
    made = synthesize().one("aws_efs_access_point", posix_user={"uid": 2000, "gid": 2000})

    assert made["root_directory"] == {
        "path": "/shop/exports",
        "creation_info": {"owner_uid": 2000, "owner_gid": 2000, "permissions": "0700"},
    }


def test_the_policy_allows_nothing_and_denies_plain_and_direct_access() -> None:
    statements = json.loads(file_system_policy("arn:fs"))["Statement"]

    assert {statement["Effect"] for statement in statements} == {"Deny"}
    assert [statement["Condition"] for statement in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
    ]
    for statement in statements:
        assert statement["Action"] == [
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientRootAccess",
            "elasticfilesystem:ClientWrite",
        ]


@pytest.mark.parametrize(("days", "after"), [(1, "AFTER_1_DAY"), (30, "AFTER_30_DAYS"), (365, "AFTER_365_DAYS")])
def test_lifecycle_and_throughput(days: int, after: str) -> None:
    made = synthesize(infrequent_access_after_days=days, throughput_mode="bursting").one("aws_efs_file_system")

    assert made["lifecycle_policy"] == [
        {"transition_to_ia": after},
        {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
    ]
    assert made["throughput_mode"] == "bursting"


@pytest.mark.parametrize(
    ("backup", "has_plan", "status"),
    [
        (True, False, "ENABLED"),
        (False, False, "DISABLED"),
        (True, True, "DISABLED"),  # else each file would be kept twice
        (False, True, "DISABLED"),
    ],
)
def test_backup(backup: bool, has_plan: bool, status: str) -> None:
    made = synthesize(backup=backup, has_plan=has_plan).one("aws_efs_backup_policy")

    assert made["backup_policy"] == {"status": status}


def test_protection() -> None:
    assert synthesize(protected=True).one("aws_efs_file_system")["lifecycle"] == {"prevent_destroy": True}
    assert "lifecycle" not in synthesize().one("aws_efs_file_system")


def test_the_security_group_opens_nothing() -> None:
    stack = synthesize()

    assert not {"ingress", "egress"} & stack.one("aws_security_group").keys()
    assert not [address for address in stack.addresses if "rule" in address]
