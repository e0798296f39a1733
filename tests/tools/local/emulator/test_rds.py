import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import REGION, Client


@pytest.fixture
def key_arn(client: Client) -> str:
    arn: str = client("kms").create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture
def cluster(client: Client, name: str, key_arn: str) -> Any:
    return client("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="steward",
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=key_arn,
    )["DBCluster"]


def test_master_secret_is_the_clusters_own(client: Client, cluster: Any, key_arn: str) -> None:
    secrets = client("secretsmanager")
    managed = cluster["MasterUserSecret"]
    assert managed["KmsKeyId"] == key_arn
    assert secrets.describe_secret(SecretId=managed["SecretArn"])["Name"].startswith("rds!cluster-")
    value = json.loads(secrets.get_secret_value(SecretId=managed["SecretArn"])["SecretString"])
    assert set(value) == {"username", "password"}
    assert value["username"] == "steward"
    assert len(value["password"]) == 28
    assert not set(value["password"]) & set('/@" ')


def test_master_passwords_differ(client: Client, cluster: Any, name: str) -> None:
    other = client("rds").create_db_cluster(
        DBClusterIdentifier=f"{name}-2",
        Engine="aurora-postgresql",
        MasterUsername="steward",
        ManageMasterUserPassword=True,
    )["DBCluster"]
    secrets = client("secretsmanager")
    values = {
        secrets.get_secret_value(SecretId=c["MasterUserSecret"]["SecretArn"])["SecretString"] for c in (cluster, other)
    }
    assert len(values) == 2


def value(client: Client, cluster: Any) -> Any:
    arn = cluster["MasterUserSecret"]["SecretArn"]
    return json.loads(client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def test_rotating_the_master_password_changes_it(client: Client, cluster: Any, key_arn: str) -> None:
    secrets = client("secretsmanager")
    arn = cluster["MasterUserSecret"]["SecretArn"]
    secrets.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 7})
    before, described = value(client, cluster), secrets.describe_secret(SecretId=arn)

    client("rds").modify_db_cluster(
        DBClusterIdentifier=cluster["DBClusterIdentifier"], RotateMasterUserPassword=True, ApplyImmediately=True
    )

    after = value(client, cluster)
    assert after["username"] == before["username"]
    assert after["password"] != before["password"]
    previous = secrets.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"]
    assert json.loads(previous) == before
    kept = ("Name", "KmsKeyId", "Tags", "OwningService", "RotationRules", "NextRotationDate")
    assert {name: secrets.describe_secret(SecretId=arn)[name] for name in kept} == {n: described[n] for n in kept}


def test_managing_the_master_password_again_keeps_its_secret(client: Client, cluster: Any, key_arn: str) -> None:
    rds = client("rds")
    before = value(client, cluster)

    changed = rds.modify_db_cluster(
        DBClusterIdentifier=cluster["DBClusterIdentifier"],
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=key_arn,
    )["DBCluster"]

    assert changed["MasterUserSecret"]["SecretArn"] == cluster["MasterUserSecret"]["SecretArn"]
    assert changed["MasterUserSecret"]["KmsKeyId"] == key_arn
    assert value(client, changed) == before


def test_managing_the_master_password_can_be_ended_and_begun(client: Client, cluster: Any) -> None:
    rds, secrets = client("rds"), client("secretsmanager")
    name = cluster["DBClusterIdentifier"]

    ended = rds.modify_db_cluster(
        DBClusterIdentifier=name, ManageMasterUserPassword=False, MasterUserPassword="a-password-of-mine"
    )["DBCluster"]
    assert "MasterUserSecret" not in ended
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        value(client, cluster)

    begun = rds.modify_db_cluster(DBClusterIdentifier=name, ManageMasterUserPassword=True)["DBCluster"]
    assert value(client, begun)["username"] == "steward"


def test_log_exports_are_changed(client: Client, cluster: Any) -> None:
    rds = client("rds")
    name = cluster["DBClusterIdentifier"]

    def after(**change: list[str]) -> list[str]:
        rds.modify_db_cluster(DBClusterIdentifier=name, CloudwatchLogsExportConfiguration=change)
        found = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
        return list(found.get("EnabledCloudwatchLogsExports", []))

    assert after(EnableLogTypes=["postgresql"]) == ["postgresql"]
    assert after(EnableLogTypes=["postgresql", "instance"]) == ["postgresql", "instance"]
    rds.modify_db_cluster(DBClusterIdentifier=name, BackupRetentionPeriod=2)
    assert after(DisableLogTypes=["postgresql", "upgrade"]) == ["instance"]
    assert after(DisableLogTypes=["instance"]) == []


def test_a_renamed_cluster_keeps_its_instances(client: Client, cluster: Any, name: str) -> None:
    rds = client("rds")
    for number in (1, 2):
        rds.create_db_instance(
            DBInstanceIdentifier=f"{name}-{number}",
            DBClusterIdentifier=name,
            DBInstanceClass="db.serverless",
            Engine="aurora-postgresql",
        )
    members = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["DBClusterMembers"]

    rds.modify_db_cluster(DBClusterIdentifier=name, NewDBClusterIdentifier=f"{name}-old", ApplyImmediately=True)

    renamed = rds.describe_db_clusters(DBClusterIdentifier=f"{name}-old")["DBClusters"][0]
    assert renamed["DbClusterResourceId"] == cluster["DbClusterResourceId"]
    assert renamed["DBClusterMembers"] == members
    assert [member["DBInstanceIdentifier"] for member in members] == [f"{name}-1", f"{name}-2"]
    found = rds.describe_db_instances(DBInstanceIdentifier=f"{name}-1")["DBInstances"][0]
    assert found["DBClusterIdentifier"] == f"{name}-old"


def test_iam_authentication_is_switched_on_and_off(client: Client, cluster: Any, name: str) -> None:
    rds = client("rds")
    for enabled in (True, False):
        rds.modify_db_cluster(DBClusterIdentifier=name, EnableIAMDatabaseAuthentication=enabled)
        rds.modify_db_cluster(DBClusterIdentifier=name, BackupRetentionPeriod=2)

        assert (
            rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["IAMDatabaseAuthenticationEnabled"]
            is enabled
        )


def test_modifying_a_cluster_that_is_not_there(client: Client, name: str) -> None:
    rds = client("rds")
    with pytest.raises(rds.exceptions.DBClusterNotFoundFault):
        rds.modify_db_cluster(DBClusterIdentifier=name, BackupRetentionPeriod=2)


def test_no_cluster_takes_the_place_of_one_that_has_its_name(client: Client, cluster: Any, name: str) -> None:
    rds = client("rds")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=name)

    with pytest.raises(ClientError, match="DBClusterAlreadyExistsFault"):
        rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name, SnapshotIdentifier=name, Engine="aurora-postgresql"
        )

    found = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    assert found["DbClusterResourceId"] == cluster["DbClusterResourceId"]


def test_a_restored_cluster_has_no_managed_secret(client: Client, cluster: Any, name: str) -> None:
    rds = client("rds")
    rds.create_db_cluster_snapshot(DBClusterIdentifier=name, DBClusterSnapshotIdentifier=name)

    restored = [
        rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=f"{name}-snapshot", SnapshotIdentifier=name, Engine="aurora-postgresql"
        )["DBCluster"],
        rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier=f"{name}-moment", SourceDBClusterIdentifier=name, UseLatestRestorableTime=True
        )["DBCluster"],
    ]

    for one in restored:
        assert "MasterUserSecret" not in one
        assert one["MasterUsername"] == "steward"
        begun = rds.modify_db_cluster(DBClusterIdentifier=one["DBClusterIdentifier"], ManageMasterUserPassword=True)
        assert value(client, begun["DBCluster"]) != value(client, cluster)


@pytest.mark.parametrize("arguments", [{}, {"DeleteAutomatedBackups": True}, {"DeleteAutomatedBackups": False}])
def test_deleting_a_cluster_and_its_automated_snapshots(
    client: Client, cluster: Any, name: str, arguments: dict[str, bool]
) -> None:
    rds = client("rds")

    def kinds() -> list[str]:
        found = rds.describe_db_cluster_snapshots(DBClusterIdentifier=name)["DBClusterSnapshots"]
        return sorted(snapshot["SnapshotType"] for snapshot in found)

    assert kinds() == ["automated"]
    rds.delete_db_cluster(DBClusterIdentifier=name, FinalDBSnapshotIdentifier=name, **arguments)

    kept = ["automated"] if arguments.get("DeleteAutomatedBackups") is False else []
    assert kinds() == [*kept, "manual"]


def test_automated_snapshots_of_a_cluster_of_another_name_stay(client: Client, cluster: Any, name: str) -> None:
    rds = client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=name, NewDBClusterIdentifier=f"{name}-old")
    before = rds.describe_db_cluster_snapshots(DBClusterIdentifier=name)["DBClusterSnapshots"]
    rds.restore_db_cluster_to_point_in_time(
        DBClusterIdentifier=f"{name}-new", SourceDBClusterIdentifier=f"{name}-old", UseLatestRestorableTime=True
    )
    rds.modify_db_cluster(DBClusterIdentifier=f"{name}-new", NewDBClusterIdentifier=name)

    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)

    assert rds.describe_db_cluster_snapshots(DBClusterIdentifier=name)["DBClusterSnapshots"] == before
    assert len(before) == 1


def test_no_scaling_block_of_serverless_v1(cluster: Any) -> None:
    assert "ScalingConfigurationInfo" not in cluster


def test_performance_insights_of_cluster_and_instance(client: Client, cluster: Any, key_arn: str) -> None:
    rds = client("rds")
    name = cluster["DBClusterIdentifier"]
    assert cluster["PerformanceInsightsEnabled"] is False
    settings = {"EnablePerformanceInsights": True, "PerformanceInsightsKMSKeyId": key_arn}
    changed = rds.modify_db_cluster(DBClusterIdentifier=name, PerformanceInsightsRetentionPeriod=31, **settings)[
        "DBCluster"
    ]
    assert changed["PerformanceInsightsEnabled"] is True
    assert changed["PerformanceInsightsRetentionPeriod"] == 31
    instance = rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=name,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        **settings,
    )["DBInstance"]
    assert instance["PerformanceInsightsEnabled"] is True
    assert instance["PerformanceInsightsKMSKeyId"] == key_arn
    assert instance["PerformanceInsightsRetentionPeriod"] == 7


def test_parameters_that_were_set_have_the_user_as_source(client: Client, name: str) -> None:
    rds = client("rds")
    parameters = [{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}]
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description="Test"
    )
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=parameters)
    found = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=name)["Parameters"]
    assert [(p["ParameterName"], p["Source"]) for p in found] == [("rds.force_ssl", "user")]

    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description="Test"
    )
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=parameters)
    found = rds.describe_db_parameters(DBParameterGroupName=name)["Parameters"]
    assert [(p["ParameterName"], p["Source"]) for p in found] == [("rds.force_ssl", "user")]


@pytest.mark.parametrize(
    ("family", "parameter", "value"),
    [("aurora-postgresql16", "password_encryption", "scram-sha-256"), ("aurora-postgresql17", "rds.force_ssl", "1")],
)
def test_a_cluster_parameter_set_to_its_default_stays_the_systems(
    client: Client, name: str, family: str, parameter: str, value: str
) -> None:
    rds = client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description="Test"
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=name,
        Parameters=[{"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": "immediate"}],
    )
    (found,) = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=name)["Parameters"]
    assert (found["Source"], found["ApplyMethod"]) == ("system", "pending-reboot")


def test_a_changed_subnet_group_stays_and_stays_in_its_vpc(client: Client, name: str) -> None:
    ec2, rds = client("ec2"), client("rds")

    def subnets(block: str) -> list[str]:
        vpc = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
        return [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"{block}.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
                "SubnetId"
            ]
            for i, zone in enumerate("abd")
        ]

    def ids() -> set[str]:
        group = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
        return {subnet["SubnetIdentifier"] for subnet in group["Subnets"]}

    here, there = subnets("10.1"), subnets("10.2")
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="Test", SubnetIds=here[:2])

    rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=here[1:])
    assert ids() == set(here[1:])

    with pytest.raises(rds.exceptions.ClientError, match="not in the same Vpc as the existing subnet group"):
        rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=there[1:])
    assert ids() == set(here[1:])


def test_a_cluster_has_io_optimized_storage(client: Client, name: str) -> None:
    made = client("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        StorageType="aurora-iopt1",
        MasterUsername="steward",
        ManageMasterUserPassword=True,
    )["DBCluster"]

    assert made["StorageType"] == "aurora-iopt1"


def test_a_major_version_is_answered_with_its_minor_one(client: Client, name: str) -> None:
    rds = client("rds")
    asked = {"DBClusterIdentifier": name, "Engine": "aurora-postgresql", "MasterUsername": "steward"}
    made = rds.create_db_cluster(**asked, EngineVersion="16", ManageMasterUserPassword=True)["DBCluster"]
    rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=name, Engine="aurora-postgresql",
                           DBInstanceClass="db.serverless")  # fmt: skip
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    changed = rds.modify_db_cluster(
        DBClusterIdentifier=name, EngineVersion="17", AllowMajorVersionUpgrade=True, ApplyImmediately=True
    )

    assert made["EngineVersion"] == instance["EngineVersion"] == "16.4"
    assert changed["DBCluster"]["EngineVersion"] == "17.4"
