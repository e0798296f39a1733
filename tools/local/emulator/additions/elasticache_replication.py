"""ElastiCache: replication groups whose members exist, can be resized and go away.

moto never registers the members, which the provider describes to learn version, subnets and security groups. It changes
seven settings and no member, cannot resize, ignores NumCacheClusters and the cluster mode of a parameter group, and
leaves a deleted group in `deleting`, for which the provider waits without end.
"""

import inspect
from typing import Any

from moto.core.utils import utcnow
from moto.elasticache.exceptions import SnapshotAlreadyExists
from moto.elasticache.models import ElastiCacheBackend, Snapshot

from tools.local.emulator.additions.elasticache_groups import PARAMETER_GROUPS, SUBNET_GROUPS, Group, Groups
from tools.local.emulator.registry import extend

_SLOTS = 16384
_DEFAULTS = {
    "AutoMinorVersionUpgrade": True,
    "Engine": "redis",
    "EngineVersion": "7.1",
    "IpDiscovery": "ipv4",
    "NetworkType": "ipv4",
    "Port": 6379,
    "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
    "SnapshotRetentionLimit": 0,
    "TransitEncryptionEnabled": False,
}


def _replication(backend: Any, before: Group, asked: Group) -> Group:
    group = {**_DEFAULTS, **before, **asked}
    users = [id_ for id_ in group.get("UserGroupIds", ()) if id_ not in asked.get("UserGroupIdsToRemove", ())]
    group |= {
        "Status": "available",
        "Description": group["ReplicationGroupDescription"],
        "AuthTokenEnabled": bool(group.get("AuthToken")),
        "AutomaticFailover": "enabled" if group.get("AutomaticFailoverEnabled") else "disabled",
        "MultiAZ": "enabled" if group.get("MultiAZEnabled") else "disabled",
        "LogDeliveryConfigurations": _deliveries(before, asked),
        "UserGroupIds": [*users, *asked.get("UserGroupIdsToAdd", ())],
        "shards": asked.get("NodeGroupCount") or asked.get("NumNodeGroups") or before.get("shards", 1),
    }
    group.setdefault("ReplicationGroupCreateTime", utcnow())
    if group["TransitEncryptionEnabled"]:
        group.setdefault("TransitEncryptionMode", "required")
    replicas: Any = asked.get("NewReplicaCount", asked.get("ReplicasPerNodeGroup", before.get("replicas", 0)))
    group["replicas"] = asked.get("NumCacheClusters", replicas + 1) - 1
    group.setdefault("ClusterEnabled", group["shards"] > 1 or _is_clustered(backend, group))
    suffix = ".cluster.on" if group["ClusterEnabled"] else ""
    major = group["EngineVersion"].split(".")[0]
    group.setdefault("CacheParameterGroupName", f"default.{group['Engine']}{major}{suffix}")
    _form(backend, group)
    return group


def _deliveries(before: Group, asked: Group) -> list[Group]:
    by_type = {
        delivery["LogType"]: {**delivery, "Status": "active"}
        for settings in (before, asked)
        for delivery in settings.get("LogDeliveryConfigurations", ())
    }
    return [delivery for delivery in by_type.values() if delivery.get("Enabled") is not False]


def _is_clustered(backend: Any, group: Group) -> bool:
    name = group.get("CacheParameterGroupName", "")
    parameters = PARAMETER_GROUPS.all(backend).get(name, {}).get("parameters", {})
    return bool(name.endswith(".cluster.on") or parameters.get("cluster-enabled") == "yes")


def _form(backend: Any, group: Group) -> None:
    """Give the group its shards, and the cache cluster that every node is."""
    name = group["ReplicationGroupId"]
    subnets = SUBNET_GROUPS.all(backend).get(group.get("CacheSubnetGroupName", ""), {}).get("Subnets", ())
    zones = sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets})
    zones = zones or [f"{backend.region_name}a", f"{backend.region_name}b"]

    def endpoint(kind: str) -> Group:
        return {"Address": f"{kind}.{name}.{backend.region_name}.cache.amazonaws.com", "Port": group["Port"]}

    group["NodeGroups"], group["members"] = [], {}
    for shard in range(group["shards"]):
        prefix = f"{name}-{shard + 1:04}" if group["ClusterEnabled"] else name
        members = [
            {
                "CacheClusterId": f"{prefix}-{node + 1:03}",
                "CacheNodeId": "0001",
                "PreferredAvailabilityZone": zones[node % len(zones)],
                **({} if group["ClusterEnabled"] else {"CurrentRole": "replica" if node else "primary"}),
            }
            for node in range(group["replicas"] + 1)
        ]
        group["members"] |= {member["CacheClusterId"]: _cluster(group, member) for member in members}
        node_group: Group = {"NodeGroupId": f"{shard + 1:04}", "Status": "available", "NodeGroupMembers": members}
        if group["ClusterEnabled"]:
            first, after = (_SLOTS * number // group["shards"] for number in (shard, shard + 1))
            node_group["Slots"] = f"{first}-{after - 1}"
        else:
            node_group |= {"PrimaryEndpoint": endpoint("master"), "ReaderEndpoint": endpoint("replica")}
        group["NodeGroups"].append(node_group)
    group["MemberClusters"] = list(group["members"])
    if group["ClusterEnabled"]:
        group["ConfigurationEndpoint"] = endpoint("clustercfg")


def _cluster(group: Group, member: Group) -> Group:
    version = group["EngineVersion"]
    return {
        **group,
        **member,
        "ARN": group["ARN"].replace(
            f":replicationgroup:{group['ReplicationGroupId']}", f":cluster:{member['CacheClusterId']}"
        ),
        "CacheClusterStatus": "available",
        "CacheParameterGroup": {"CacheParameterGroupName": group["CacheParameterGroupName"]},
        "EngineVersion": version if version.count(".") == 2 else f"{version}.0",
        "NumCacheNodes": 1,
        "SecurityGroups": [{"SecurityGroupId": id_, "Status": "active"} for id_ in group.get("SecurityGroupIds", ())],
    }


@extend(ElastiCacheBackend, unless="replication_group")
def describe_cache_clusters(stock: Any, self: Any, cache_cluster_id: str | None = None) -> list[Any]:
    """With the members of replication groups."""
    members = {id_: one for group in REPLICATION_GROUPS.all(self).values() for id_, one in group["members"].items()}
    if cache_cluster_id in members:
        return [members[cache_cluster_id]]
    return [*stock(self, cache_cluster_id), *members.values()]


class _ReplicationGroups(Groups):
    """moto's snapshots know moto's groups only, and it makes no final one."""

    def delete(self, backend: Any, asked: dict[str, Any]) -> dict[str, Any]:
        if name := asked.get("FinalSnapshotIdentifier"):
            if name in backend.snapshots:
                raise SnapshotAlreadyExists(name)
            group = self.find(backend, asked)
            known: dict[str, Any] = {
                argument: group.get("".join(map(str.capitalize, argument.split("_"))))
                for argument in inspect.signature(Snapshot).parameters
            }
            known |= {"account_id": backend.account_id, "region_name": backend.region_name, "snapshot_name": name}
            known |= {"snapshot_source": "manual", "snapshot_status": "available"}
            backend.snapshots[name] = Snapshot(**known)
        return super().delete(backend, asked)


REPLICATION_GROUPS = _ReplicationGroups(
    "ReplicationGroup",
    _replication,
    "increase_replica_count",
    "decrease_replica_count",
    "modify_replication_group_shard_configuration",
)
