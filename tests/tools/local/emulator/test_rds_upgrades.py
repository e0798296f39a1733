from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client

_OLD, _NEW = "16", "17"


@pytest.fixture
def upgraded(client: Client, name: str) -> Any:
    """What asks for a change of a cluster of version 16, which has groups of both versions to choose from."""
    rds = client("rds")
    for version in (_OLD, _NEW):
        family = {"DBParameterGroupFamily": f"aurora-postgresql{version}", "Description": version}
        rds.create_db_cluster_parameter_group(DBClusterParameterGroupName=f"{name}-{version}", **family)
        rds.create_db_parameter_group(DBParameterGroupName=f"{name}-{version}", **family)
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion=_OLD,
        MasterUsername="steward",
        MasterUserPassword="only-for-this",
        DBClusterParameterGroupName=f"{name}-{_OLD}",
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=name,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        DBParameterGroupName=f"{name}-{_OLD}",
    )
    whole = {
        "EngineVersion": _NEW,
        "AllowMajorVersionUpgrade": True,
        "DBClusterParameterGroupName": f"{name}-{_NEW}",
        "DBInstanceParameterGroupName": f"{name}-{_NEW}",
    }

    def modify(**changed: Any) -> Any:
        arguments = {key: value for key, value in (whole | changed).items() if value is not None}
        rds.modify_db_cluster(DBClusterIdentifier=name, **arguments)
        (found,) = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        return found

    return modify


def _group(client: Client, name: str) -> str:
    (instance,) = client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return str(instance["DBParameterGroups"][0]["DBParameterGroupName"])


def test_a_major_upgrade_waits_with_its_groups_until_it_is_asked_for_at_once(
    client: Client, name: str, upgraded: Any
) -> None:
    for _ in range(2):  # asked for twice, it waits on
        waiting = upgraded(ApplyImmediately=False, BackupRetentionPeriod=3)

        assert (waiting["EngineVersion"], waiting["DBClusterParameterGroup"]) == (f"{_OLD}.4", f"{name}-{_OLD}")
        assert waiting["PendingModifiedValues"] == {"EngineVersion": _NEW}
        assert waiting["BackupRetentionPeriod"] == 3
        assert _group(client, name) == f"{name}-{_OLD}"

    made = upgraded(ApplyImmediately=True)

    assert (made["EngineVersion"], made["DBClusterParameterGroup"]) == (f"{_NEW}.4", f"{name}-{_NEW}")
    assert "PendingModifiedValues" not in made
    assert _group(client, name) == f"{name}-{_NEW}"


@pytest.mark.parametrize("asked", ["delete_db_cluster_parameter_group", "delete_db_parameter_group"])
def test_a_group_that_is_in_use_is_not_deleted(client: Client, name: str, upgraded: Any, asked: str) -> None:
    rds = client("rds")
    argument = "DBClusterParameterGroupName" if "cluster" in asked else "DBParameterGroupName"
    upgraded(ApplyImmediately=False)

    with pytest.raises(ClientError, match="InvalidDBParameterGroupState"):
        getattr(rds, asked)(**{argument: f"{name}-{_OLD}"})

    upgraded(ApplyImmediately=True)
    getattr(rds, asked)(**{argument: f"{name}-{_OLD}"})
    with pytest.raises(ClientError, match="InvalidDBParameterGroupState"):
        getattr(rds, asked)(**{argument: f"{name}-{_NEW}"})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"AllowMajorVersionUpgrade": None}, "AllowMajorVersionUpgrade flag must be present"),
        ({"EngineVersion": None}, "db-instance-parameter-group-name can only be specified for a major"),
        ({"EngineVersion": None, "DBInstanceParameterGroupName": None}, "cannot be used for this instance"),
        ({"DBClusterParameterGroupName": "OLD"}, "DBParameterGroupFamily aurora-postgresql17"),
        ({"DBInstanceParameterGroupName": "OLD"}, "DBParameterGroupFamily aurora-postgresql17"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_what_does_not_go_together_is_refused(
    name: str, upgraded: Any, changed: dict[str, Any], says: str, at_once: bool
) -> None:
    changed = {key: f"{name}-{_OLD}" if value == "OLD" else value for key, value in changed.items()}

    with pytest.raises(ClientError, match=says):
        upgraded(ApplyImmediately=at_once, **changed)
