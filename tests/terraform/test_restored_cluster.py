"""What the real provider plans for a cluster that exists when `database.restore_from` is named, changed or removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from constructs import Construct
from offline_plan import AWS, planned
from places import place
from synthesized import synthesize_module

from modules.database import Database
from settings import load

pytestmark = pytest.mark.terraform


def _cluster(restore_from: str | None) -> dict[str, Any]:
    def build(scope: Construct) -> None:
        Database(
            scope,
            "database",
            settings=load("iot-dev").database.model_copy(update={"restore_from": restore_from}),
            place=place(logs_key_arn="arn:aws:kms:ca-central-1:111111111111:key/logs"),
            zones=("ca-central-1a",),
            vpc_id="vpc-1",
            subnet_group="iot-database-dev",
            data_key_arn="arn:aws:kms:ca-central-1:111111111111:key/data",
        )

    cluster = synthesize_module(build).one("aws_rds_cluster")
    # What refers to other resources is left out: the plan is of clusters alone.
    return {key: value for key, value in cluster.items() if "${" not in json.dumps(value) and key != "depends_on"}


def _existing(cluster: dict[str, Any], snapshot: str | None) -> dict[str, Any]:
    """The cluster as a state has it that was once created from `snapshot`."""
    scaling = cluster["serverlessv2_scaling_configuration"]
    return {
        **{key: value for key, value in cluster.items() if key != "lifecycle"},
        "availability_zones": ["ca-central-1a", "ca-central-1b", "ca-central-1d"],
        "engine_mode": "provisioned",
        "id": cluster["cluster_identifier"],
        "serverlessv2_scaling_configuration": [scaling],
        "snapshot_identifier": snapshot,
    }


def _replaced(folder: Path, clusters: dict[str, tuple[str | None, dict[str, Any]]]) -> dict[str, Any]:
    """For which attributes Terraform plans to replace each cluster: name -> (snapshot in its state, its arguments)."""
    existing = [
        ("aws_rds_cluster", name, AWS, _existing(cluster, snapshot)) for name, (snapshot, cluster) in clusters.items()
    ]
    changes = planned(folder, {"aws_rds_cluster": {name: cluster for name, (_, cluster) in clusters.items()}}, existing)
    return {
        change["name"]: change["change"].get("replace_paths", [])
        for change in changes
        if "delete" in change["change"]["actions"]
    }


def test_a_cluster_that_exists_is_replaced_for_no_snapshot(tmp_path: Path) -> None:
    # GIVEN clusters that exist, with and without a snapshot in their state
    unguarded = {key: value for key, value in _cluster("a-snapshot").items() if key != "lifecycle"}
    replaced = _replaced(
        tmp_path,
        {
            # WHEN the setting is named later, changed or removed
            "named": (None, _cluster("a-snapshot")),
            "changed": ("another", _cluster("a-snapshot")),
            "removed": ("a-snapshot", _cluster(None)),
            "unguarded": (None, unguarded),
        },
    )

    # THEN none is replaced, but the one without ignore_changes: the provider itself would
    assert replaced == {"unguarded": [["snapshot_identifier"]]}
