"""What AWS refuses to take away while others use it: VPCs, subnets, internet gateways, subnet groups.

moto deletes all of them at once, so that a replaced VPC would look like something that can be deployed.
"""

from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ecs.models import ecs_backends
from moto.efs.models import efs_backends
from moto.elasticache.models import elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse
from moto.elbv2.models import elbv2_backends
from moto.rds.models import RDSBackend, rds_backends

from tools.local.emulator.additions.elasticache_groups import SUBNET_GROUPS
from tools.local.emulator.additions.elasticache_replication import REPLICATION_GROUPS
from tools.local.emulator.errors import EmulatorException
from tools.local.emulator.registry import extend
from tools.local.emulator.release import REFUSALS, TAG

_DEPENDENCY, _DATABASE, _CACHE = REFUSALS


def _refuse(backend: Any, vpc_id: str, users: list[str], code: str, why: str) -> None:
    """Raise an error with the users, whom AWS does not name, unless everything in the VPC may be taken away."""
    vpc = ec2_backends[backend.account_id][backend.region_name].vpcs.get(vpc_id)
    if users and vpc is not None and TAG not in [tag["key"] for tag in vpc.get_tags()]:
        raise EmulatorException(code, f"{why} In use by: {', '.join(sorted(users))}.")


@extend(SubnetBackend, unless="DependencyViolation")
def delete_subnet(stock: Any, self: Any, subnet_id: str) -> Any:
    """moto deletes a subnet with everything in it. On AWS each network interface in it forbids that; of a group of
    subnets, an instance may be in any.
    """
    found = _interfaces(self.account_id, self.region_name)
    users = [f"{kind} {name}" for kind, name, subnet_ids in found if subnet_id in subnet_ids]
    why = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
    _refuse(self, self.get_subnet(subnet_id).vpc_id, users, _DEPENDENCY, why)
    return stock(self, subnet_id)


@extend(VPCBackend, because="Refuse to delete if there are dependent IGW")
def delete_vpc(stock: Any, self: Any, vpc_id: str) -> Any:
    """moto lets a VPC go in which only a gateway or security groups are left. AWS refuses."""
    users = [id_ for id_, gateway in self.internet_gateways.items() if gateway.vpc and gateway.vpc.id == vpc_id]
    users += [id_ for id_, group in self.groups[vpc_id].items() if group.name != "default"]
    why = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
    _refuse(self, vpc_id, users, _DEPENDENCY, why)
    return stock(self, vpc_id)


@extend(InternetGatewayBackend, unless="DependencyViolation")
def detach_internet_gateway(stock: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    """moto takes the gateway from under public addresses. AWS refuses."""
    users = [f"NAT gateway {nat.id}" for nat in _nat_gateways(self) if nat.vpc_id == vpc_id]
    why = f"Network {vpc_id} has some mapped public address(es)."
    why += " Please unmap those public address(es) before detaching the gateway."
    _refuse(self, vpc_id, users, _DEPENDENCY, why)
    stock(self, internet_gateway_id, vpc_id)


@extend(RDSBackend, unless="InvalidDBSubnetGroupState")
def delete_subnet_group(stock: Any, self: Any, subnet_name: str) -> Any:
    """moto deletes the group of a running cluster. AWS refuses."""
    users = [name for name, cluster in self.clusters.items() if cluster.db_subnet_group == subnet_name]
    (group,) = self.describe_db_subnet_groups(subnet_name)
    why = f"Cannot delete the subnet group '{subnet_name}' because at least one database cluster is still using it."
    _refuse(self, group.vpc_id, users, _DATABASE, why)
    return stock(self, subnet_name)


@extend(ElastiCacheResponse, unless="CacheSubnetGroupInUse")
def delete_cache_subnet_group(stock: Any, self: Any) -> Any:
    """AWS refuses to delete the group of a cache."""
    backend = self.elasticache_backend
    group = SUBNET_GROUPS.find(backend, self._get_params())
    name = group["CacheSubnetGroupName"]
    groups = REPLICATION_GROUPS.all(backend).items()
    users = [id_ for id_, cache in groups if cache.get("CacheSubnetGroupName") == name]
    why = f"The subnet group {name} is currently in use by a replication group."
    _refuse(backend, group["VpcId"], users, _CACHE, why)
    return stock(self)


def _nat_gateways(ec2: Any) -> list[Any]:
    return [nat for nat in ec2.nat_gateways.values() if nat.state != "deleted"]


def _interfaces(account_id: str, region: str) -> Iterator[tuple[str, str, list[str]]]:
    """Kind, name and subnets: moto gives few of them interfaces, and takes not all of those back."""

    def of(backends: Any) -> Any:
        return backends[account_id][region]

    for nat in _nat_gateways(of(ec2_backends)):
        yield "NAT gateway", nat.id, [nat.subnet_id]
    for id_, endpoint in of(ec2_backends).vpc_end_points.items():
        if endpoint.state != "deleted":
            yield "VPC endpoint", id_, endpoint.subnet_ids or []
    for balancer in of(elbv2_backends).load_balancers.values():
        yield "load balancer", balancer.name, [subnet.id for subnet in balancer.subnets]
    for service in of(ecs_backends).services.values():
        if service.running_count:
            vpc = getattr(service, "network_configuration", {}).get("awsvpcConfiguration", {})
            yield "tasks of service", service.name, vpc.get("subnets", [])
    for function in of(lambda_backends).list_functions():
        yield "function", function.function_name, (function._vpc_config or {}).get("SubnetIds", [])
    for target in of(efs_backends).mount_targets_by_id.values():
        yield "mount target", target.mount_target_id, [target.subnet_id]
    for cluster in of(rds_backends).clusters.values():
        group = of(rds_backends).subnet_groups.get(cluster.db_subnet_group)
        if group and cluster.members:
            yield "database cluster", cluster.db_cluster_identifier, [subnet.id for subnet in group._subnets]
    caches = of(elasticache_backends)
    for id_, cache in REPLICATION_GROUPS.all(caches).items():
        cache_group = SUBNET_GROUPS.all(caches).get(cache.get("CacheSubnetGroupName", ""), {})
        yield "replication group", id_, cache_group.get("SubnetIds", [])
