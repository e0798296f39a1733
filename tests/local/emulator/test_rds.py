import json
from typing import Any

import pytest

from tests.local.emulator.conftest import Client


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
