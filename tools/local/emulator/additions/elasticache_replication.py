"""ElastiCache: replication groups whose members exist, can be resized and go away."""

import inspect
from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ReplicationGroupNotFound
from moto.elasticache.models import CacheCluster, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from tools.local.emulator.additions.elasticache_groups import PARAMETER_GROUPS
from tools.local.emulator.kept import keep
from tools.local.emulator.registry import add, extend

_SLOTS = 16384
_DIRECTIONS = {"central": "c", "northeast": "ne", "southeast": "se"}


@add(CacheCluster, as_property=True)
def security_groups(self: Any) -> list[dict[str, str]]:
    """moto has only the ids; AWS returns the groups with their state."""
    return [{"SecurityGroupId": group_id, "Status": "active"} for group_id in self.security_group_ids]


@add(CacheCluster, as_property=True)
def cache_parameter_group(self: Any) -> dict[str, str]:
    """moto has only the name; AWS returns the group with its state."""
    return {"CacheParameterGroupName": self.cache_parameter_group_name, "ParameterApplyStatus": "in-sync"}


def _short_region(region: str) -> str:
    area, direction, number = region.rsplit("-", 2)
    return area + _DIRECTIONS.get(direction, direction[0]) + number


def _zones(backend: Any, group: Any) -> list[str]:
    subnet_group = backend.cache_subnet_groups.get(group.cache_subnet_group_name)
    zones = {subnet["subnet_availability_zone"] for subnet in subnet_group.subnets} if subnet_group else set()
    return sorted(zones) or [f"{backend.region_name}a", f"{backend.region_name}b"]


def _member_ids(group: Any, shard: int) -> Iterator[str]:
    prefix = f"{group.replication_group_id}-{shard:04}" if group.cluster_enabled else group.replication_group_id
    for node in range(1, group.replicas + 2):
        yield f"{prefix}-{node:03}"


def _member(backend: Any, group: Any, cluster_id: str, zone: str) -> Any:
    version = group.engine_version or "7.1"
    of_group = {name: getattr(group, name, None) for name in inspect.signature(CacheCluster).parameters}
    of_member = {
        "account_id": backend.account_id,
        "region_name": backend.region_name,
        "cache_cluster_id": cluster_id,
        "preferred_availability_zone": zone,
        "engine": "redis",  # moto leaves attributes out for every other engine
        "engine_version": version if version.count(".") == 2 else f"{version}.0",
        "preferred_maintenance_window": group.preferred_maintenance_window or "sun:05:00-sun:06:00",
        "tags": None,
    }
    cluster = CacheCluster(**(of_group | of_member))
    for name in ("engine", "auth_token_enabled", "at_rest_encryption_enabled", "transit_encryption_mode"):
        setattr(cluster, name, getattr(group, name))
    return cluster


def _remove_members(backend: Any, group: Any) -> None:
    for cluster_id in group.member_clusters:
        backend.cache_clusters.pop(cluster_id, None)


def _form(backend: Any, group: Any) -> None:
    """Give the group its shards and register every node as a cache cluster."""
    _remove_members(backend, group)
    group.member_clusters = []
    group.node_groups = []
    zones = _zones(backend, group)
    for shard in range(1, group.shards + 1):
        members = []
        for number, cluster_id in enumerate(_member_ids(group, shard)):
            zone = zones[number % len(zones)]
            backend.cache_clusters[cluster_id] = _member(backend, group, cluster_id, zone)
            group.member_clusters.append(cluster_id)
            members.append({"CacheClusterId": cluster_id, "CacheNodeId": "0001", "PreferredAvailabilityZone": zone})
        node_group: dict[str, Any] = {
            "NodeGroupId": f"{shard:04}",
            "Status": "available",
            "NodeGroupMembers": members,
        }
        if group.cluster_enabled:
            first, last = _SLOTS * (shard - 1) // group.shards, _SLOTS * shard // group.shards - 1
            node_group["Slots"] = f"{first}-{last}"
        else:
            for number, member in enumerate(members):
                member["CurrentRole"] = "replica" if number else "primary"
            node_group["PrimaryEndpoint"] = {"Address": f"master.{group.domain}", "Port": group.port}
            node_group["ReaderEndpoint"] = {"Address": f"replica.{group.domain}", "Port": group.port}
        group.node_groups.append(node_group)


def _is_clustered(backend: Any, parameter_group_name: str | None) -> bool:
    name = parameter_group_name or ""
    parameters = PARAMETER_GROUPS.all(backend).get(name, {}).get("parameters", {})
    return name.endswith(".cluster.on") or parameters.get("cluster-enabled") == "yes"


@extend(ElastiCacheBackend, unless="CacheCluster(")
def create_replication_group(
    stock: Any,
    self: Any,
    num_cache_clusters: int | None,
    num_node_groups: int | None,
    replicas_per_node_group: int | None,
    cluster_mode: str | None,
    cache_parameter_group_name: str | None,
    **kwargs: Any,
) -> Any:
    """moto never registers the members, which the provider describes to learn version, subnets and security
    groups.

    It also ignores NumCacheClusters, does not see cluster mode in the parameter group, and its slots end
    above 16383.
    """
    if (num_node_groups or 1) > 1 or _is_clustered(self, cache_parameter_group_name):
        cluster_mode = "enabled"
    group = stock(
        self,
        num_cache_clusters=None,
        num_node_groups=None,
        replicas_per_node_group=None,
        cluster_mode=cluster_mode,
        cache_parameter_group_name=cache_parameter_group_name,
        **kwargs,
    )
    group.shards = num_node_groups or 1
    group.replicas = (num_cache_clusters or 1) - 1 if replicas_per_node_group is None else replicas_per_node_group
    group.domain = f"{group.replication_group_id}.{_short_region(self.region_name)}.cache.amazonaws.com"
    if group.cluster_enabled:
        group.configuration_endpoint = {"Address": f"clustercfg.{group.domain}", "Port": group.port}
    if group.transit_encryption_enabled and not group.transit_encryption_mode:
        group.transit_encryption_mode = "required"
    if not group.cache_parameter_group_name:
        major = (group.engine_version or "7").split(".")[0]
        suffix = ".cluster.on" if group.cluster_enabled else ""
        group.cache_parameter_group_name = f"default.{group.engine}{major}{suffix}"
    group.auto_minor_version_upgrade = group.auto_minor_version_upgrade is not False
    group.member_clusters = []
    _form(self, group)
    return group


@extend(ElastiCacheResponse, unless="SecurityGroupIds")
def modify_replication_group(stock: Any, self: Any) -> Any:
    """moto reads seven of the parameters, and no change reaches the members."""
    answer = stock(self)
    group = answer.result["ReplicationGroup"]
    keep(group, self._get_params(), "LogDeliveryConfigurations")
    removed = self._get_param("UserGroupIdsToRemove", [])
    added = self._get_param("UserGroupIdsToAdd", [])
    group.user_group_ids = [name for name in group.user_group_ids if name not in removed] + added
    for delivery in self._get_param("LogDeliveryConfigurations", []):
        others = [d for d in group.log_delivery_configurations if d["LogType"] != delivery["LogType"]]
        new = [] if delivery.get("Enabled") is False else group._get_log_delivery_configurations([delivery])
        group.log_delivery_configurations = others + new
    _form(self.elasticache_backend, group)
    return answer


def _resize(self: Any) -> ActionResult:
    """Not in moto: the provider calls these three when `num_cache_clusters`, `replicas_per_node_group` or
    `num_node_groups` changes.
    """
    backend = self.elasticache_backend
    name = self._get_param("ReplicationGroupId")
    if name not in backend.replication_groups:
        raise ReplicationGroupNotFound(name)
    group = backend.replication_groups[name]
    group.replicas = self._get_int_param("NewReplicaCount", group.replicas)
    group.shards = self._get_int_param("NodeGroupCount", group.shards)
    _form(backend, group)
    return ActionResult({"ReplicationGroup": group})


for operation in ("increase_replica_count", "decrease_replica_count", "modify_replication_group_shard_configuration"):
    add(ElastiCacheResponse, name=operation)(_resize)


@extend(ElastiCacheBackend, unless=".pop(")
def delete_replication_group(
    stock: Any, self: Any, replication_group_id: str, retain_primary_cluster: bool | None
) -> Any:
    """moto leaves the group in `deleting`, for which the provider waits without end."""
    group = stock(self, replication_group_id, retain_primary_cluster)
    _remove_members(self, group)
    del self.replication_groups[replication_group_id]
    return group


@extend(ElastiCacheBackend, unless=".pop(")
def delete_cache_cluster(stock: Any, self: Any, cache_cluster_id: str) -> Any:
    """As `delete_replication_group`."""
    cluster = stock(self, cache_cluster_id)
    del self.cache_clusters[cache_cluster_id]
    return cluster
