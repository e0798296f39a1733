from typing import Any

import pytest

from tests.tools.local.emulator.conftest import Client


def _group(client: Client, name: str, **settings: Any) -> Any:
    return client("elasticache").create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="Test", **settings
    )["ReplicationGroup"]


def _find(client: Client, name: str) -> Any:
    return client("elasticache").describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]


def _members(client: Client, name: str) -> list[Any]:
    clusters = client("elasticache").describe_cache_clusters()["CacheClusters"]
    return [c for c in clusters if c.get("ReplicationGroupId") == name]


def test_replicated_group_has_endpoints_and_members(client: Client, name: str) -> None:
    group = _group(
        client,
        name,
        NumCacheClusters=3,
        EngineVersion="7.1",
        TransitEncryptionEnabled=True,
        SecurityGroupIds=["sg-1"],
    )
    node_group = group["NodeGroups"][0]
    assert node_group["PrimaryEndpoint"]["Address"] == f"master.{name}.ca-central-1.cache.amazonaws.com"
    assert node_group["ReaderEndpoint"]["Address"] == f"replica.{name}.ca-central-1.cache.amazonaws.com"
    assert "ConfigurationEndpoint" not in group
    assert group["MemberClusters"] == [f"{name}-{number:03}" for number in (1, 2, 3)]
    assert group["TransitEncryptionMode"] == "required"

    member = client("elasticache").describe_cache_clusters(CacheClusterId=f"{name}-002")["CacheClusters"][0]
    assert member["ReplicationGroupId"] == name
    assert member["EngineVersion"] == "7.1.0"
    assert member["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"


def test_cluster_mode_has_a_configuration_endpoint_and_all_slots(client: Client, name: str) -> None:
    group = _group(client, name, NumNodeGroups=3, ReplicasPerNodeGroup=1)
    assert group["ConfigurationEndpoint"]["Address"] == f"clustercfg.{name}.ca-central-1.cache.amazonaws.com"
    assert group["ClusterEnabled"] is True
    assert [g["Slots"] for g in group["NodeGroups"]] == ["0-5460", "5461-10921", "10922-16383"]
    assert all("PrimaryEndpoint" not in g for g in group["NodeGroups"])
    assert len(group["MemberClusters"]) == len(_members(client, name)) == 6
    member = client("elasticache").describe_cache_clusters(CacheClusterId=f"{name}-0003-002")["CacheClusters"][0]
    assert member["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7.cluster.on"


def test_parameter_group_switches_cluster_mode_on(client: Client, name: str) -> None:
    cache = client("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="Test"
    )
    cache.modify_cache_parameter_group(
        CacheParameterGroupName=name,
        ParameterNameValues=[{"ParameterName": "cluster-enabled", "ParameterValue": "yes"}],
    )
    assert _group(client, name, CacheParameterGroupName=name, NumNodeGroups=1)["ClusterEnabled"] is True


def test_shards_and_replicas_can_be_changed(client: Client, name: str) -> None:
    cache = client("elasticache")
    _group(client, name, NumNodeGroups=2, ReplicasPerNodeGroup=1)
    cache.modify_replication_group_shard_configuration(ReplicationGroupId=name, NodeGroupCount=3, ApplyImmediately=True)
    cache.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=2, ApplyImmediately=True)
    assert [len(g["NodeGroupMembers"]) for g in _find(client, name)["NodeGroups"]] == [3, 3, 3]
    cache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=0, ApplyImmediately=True)
    assert _find(client, name)["MemberClusters"] == [f"{name}-{shard:04}-001" for shard in (1, 2, 3)]
    assert len(_members(client, name)) == 3


def test_changes_reach_the_members(client: Client, name: str) -> None:
    delivery = {
        "LogType": "slow-log",
        "LogFormat": "json",
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "redis"}},
    }
    _group(client, name, NumCacheClusters=2, LogDeliveryConfigurations=[delivery])
    cache = client("elasticache")
    cache.modify_replication_group(
        ReplicationGroupId=name,
        PreferredMaintenanceWindow="mon:01:00-mon:02:00",
        SecurityGroupIds=["sg-2"],
        UserGroupIdsToAdd=["group"],
        LogDeliveryConfigurations=[{"LogType": "slow-log", "Enabled": False}],
        CacheNodeType="cache.r7g.large",
    )
    group = _find(client, name)
    assert group["UserGroupIds"] == ["group"]
    assert group["LogDeliveryConfigurations"] == []
    for member in _members(client, name):
        assert member["PreferredMaintenanceWindow"] == "mon:01:00-mon:02:00"
        assert member["SecurityGroups"][0]["SecurityGroupId"] == "sg-2"
        assert member["CacheNodeType"] == "cache.r7g.large"


def test_deleted_group_and_its_members_are_gone(client: Client, name: str) -> None:
    cache = client("elasticache")
    _group(client, name, NumCacheClusters=2)
    cache.delete_replication_group(ReplicationGroupId=name)
    with pytest.raises(cache.exceptions.ReplicationGroupNotFoundFault):
        _find(client, name)
    assert _members(client, name) == []
