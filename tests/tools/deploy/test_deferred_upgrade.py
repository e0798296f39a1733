"""A major upgrade of Aurora that waits for the maintenance window, by real Terraform."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct
from places import place
from synthesized import synthesize_module

from modules.common.policies import Account
from modules.database import Database
from settings import load
from settings.naming import Naming
from tools.change import page
from tools.change.plans import read
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.emulator

ACCOUNT = Account("222222222222", "ca-central-1")
KEY = ACCOUNT.arn("kms", "key/12345678-1234-1234-1234-123456789012")
ZONES = ("ca-central-1a", "ca-central-1b")
CLUSTER = "iot-aurora-dev"


def synthesize(version: str, **changed: Any) -> str:
    settings = load("iot-prod").database
    few = {"instances": 1, "enhanced_monitoring_seconds": 0, "insights": "standard"}
    few["performance_insights_retention_days"] = 7

    def build(scope: Construct) -> None:
        AwsProvider(scope, "aws", region=ACCOUNT.region)
        vpc = Vpc(scope, "vpc", cidr_block="10.0.0.0/16")
        subnets = [
            Subnet(scope, zone, vpc_id=vpc.id, cidr_block=f"10.0.{number}.0/24", availability_zone=zone)
            for number, zone in enumerate(ZONES)
        ]
        group = DbSubnetGroup(scope, "group", name="iot-database-dev", subnet_ids=[subnet.id for subnet in subnets])
        Database(
            scope,
            "database",
            settings=settings.model_copy(update={**few, "engine_version": version, **changed}),
            place=place(names=Naming("iot", "dev"), account=ACCOUNT, logs_key_arn=KEY, log_retention_days=7),
            zones=ZONES,
            vpc_id=vpc.id,
            subnet_group=group.name,
            data_key_arn=KmsKey(scope, "key", description="of the data").arn,
        )

    return json.dumps(synthesize_module(build).json)


class Deployment:
    """One folder of Terraform, applied again and again with other settings."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder = folder
        aws = {**without_aws(os.environ), **emulator.environment(ACCOUNT.region)}
        self._environ = {**aws, **terraform.settings(aws)}
        self.rds = emulator.client("rds", ACCOUNT.region)

    def run(self, *arguments: str) -> str:
        """Raises DeployError with what Terraform says where it fails."""
        return terraform.run([*arguments, "-no-color"], cwd=self._folder, environ=self._environ).stdout

    def apply(self, version: str, **changed: Any) -> None:
        (self._folder / "cdk.tf.json").write_text(synthesize(version, **changed), encoding="utf-8")
        self.run("init", "-input=false")
        self.run("apply", "-auto-approve", "-input=false", "-parallelism=30")

    def left(self) -> dict[str, dict[str, tuple[str | None, str | None]]]:
        """What the next plan would change, as `make plan` and `make drift` show it: attributes by address."""
        self.run("plan", "-input=false", "-out=left.tfplan")
        made = read("data", json.loads(self.run("show", "-json", "left.tfplan")))
        assert page.make("Plan", environment="", subject="", plans=[made], reads={}).exit_code == page.FINE
        return {
            change.address.partition(".")[0]: {item.path: (item.before, item.after) for item in change.attributes}
            for change in made.changes
        }

    @property
    def cluster(self) -> Any:
        (found,) = self.rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
        return found


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with Emulator(ACCOUNT.id, log_dir=tmp_path) as emulator:
        yield Deployment(tmp_path, emulator)


def test_an_upgrade_that_waits_is_what_is_left_until_the_window(deployment: Deployment) -> None:
    # GIVEN a database of version 16 whose changes wait for the maintenance window
    assert load("iot-prod").database.apply_immediately is False
    deployment.apply("16")
    assert deployment.left() == {}

    # WHEN the version is raised
    deployment.apply("17")

    # THEN the deployment succeeds; the cluster has its old version, and its old groups are still there
    cluster = deployment.cluster
    assert (cluster["EngineVersion"], cluster["PendingModifiedValues"]) == ("16.4", {"EngineVersion": "17"})
    assert cluster["DBClusterParameterGroup"] == "iot-aurora-postgresql16-dev"
    groups = deployment.rds.describe_db_cluster_parameter_groups()["DBClusterParameterGroups"]
    assert {"iot-aurora-postgresql16-dev", "iot-aurora-postgresql17-dev"} <= {
        group["DBClusterParameterGroupName"] for group in groups
    }

    # THEN the next plan says what is waiting, and nothing else
    waiting = {"db_cluster_parameter_group_name": ("iot-aurora-postgresql16-dev", "iot-aurora-postgresql17-dev")}
    assert deployment.left() == {"aws_rds_cluster": waiting}

    # WHEN something else is deployed meanwhile
    deployment.apply("17", backup_retention_days=20)

    # THEN that is done, and the upgrade waits on
    assert deployment.cluster["BackupRetentionPeriod"] == 20
    assert deployment.cluster["PendingModifiedValues"] == {"EngineVersion": "17"}
    assert deployment.left() == {"aws_rds_cluster": waiting}

    # WHEN the window comes
    deployment.rds.modify_db_cluster(
        DBClusterIdentifier=CLUSTER,
        EngineVersion="17",
        AllowMajorVersionUpgrade=True,
        DBClusterParameterGroupName="iot-aurora-postgresql17-dev",
        DBInstanceParameterGroupName="iot-aurora-postgresql17-dev",
        ApplyImmediately=True,
    )

    # THEN nothing is left
    assert deployment.cluster["DBClusterParameterGroup"] == "iot-aurora-postgresql17-dev"
    assert deployment.left() == {}
