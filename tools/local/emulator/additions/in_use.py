"""What AWS refuses to take away while others use it: VPCs, subnets, internet gateways, subnet groups.

moto deletes all of them at once, so that a replaced VPC would look like something that can be deployed.
"""

from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ecs.models import ecs_backends
from moto.efs.models import efs_backends
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import elasticache_backends
from moto.elbv2.models import elbv2_backends
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend, rds_backends

from tools.local.emulator.registry import extend
from tools.local.emulator.release import REFUSALS, TAG

_DEPENDENCY, _DATABASE, _CACHE = REFUSALS


class InUseError(EC2ClientError):
    """A DependencyViolation that the provider does not wait for; AWS does not say who it is."""

    def __init__(self, message: str, users: list[str]) -> None:
        super().__init__(_DEPENDENCY, f"{message} In use by: {', '.join(users)}.")


def is_given_up(vpc_id: str, account_id: str, region: str) -> bool:
    """Whether everything in the VPC may be taken away."""
    vpc = ec2_backends[account_id][region].vpcs.get(vpc_id)
    return vpc is None or TAG in [tag["key"] for tag in vpc.get_tags()]


@extend(SubnetBackend, unless="DependencyViolation")
def delete_subnet(stock: Any, self: Any, subnet_id: str) -> Any:
    """moto deletes a subnet with everything in it. On AWS each network interface in it forbids that."""
    place = (self.account_id, self.region_name)
    users = sorted(_in_subnet(subnet_id, *place))
    if users and not is_given_up(self.get_subnet(subnet_id).vpc_id, *place):
        raise InUseError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.", users)
    return stock(self, subnet_id)


@extend(VPCBackend, because="Refuse to delete if there are dependent IGW")
def delete_vpc(stock: Any, self: Any, vpc_id: str) -> Any:
    """moto lets a VPC go in which only a gateway or security groups are left. AWS refuses."""
    users = [id_ for id_, gateway in self.internet_gateways.items() if gateway.vpc and gateway.vpc.id == vpc_id]
    users += [id_ for id_, group in self.groups[vpc_id].items() if group.name != "default"]
    if users and not is_given_up(vpc_id, self.account_id, self.region_name):
        raise InUseError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.", users)
    return stock(self, vpc_id)


@extend(InternetGatewayBackend, unless="DependencyViolation")
def detach_internet_gateway(stock: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> None:
    """moto takes the gateway from under public addresses. AWS refuses."""
    gateways = sorted(f"NAT gateway {id_}" for id_, nat in _nat_gateways(self).items() if nat.vpc_id == vpc_id)
    if gateways and not is_given_up(vpc_id, self.account_id, self.region_name):
        message = f"Network {vpc_id} has some mapped public address(es)."
        raise InUseError(f"{message} Please unmap those public address(es) before detaching the gateway.", gateways)
    stock(self, internet_gateway_id, vpc_id)


@extend(RDSBackend, unless="InvalidDBSubnetGroupState")
def delete_subnet_group(stock: Any, self: Any, subnet_name: str) -> Any:
    """moto deletes the group of a running cluster. AWS refuses."""
    users = [name for name, cluster in self.clusters.items() if cluster.db_subnet_group == subnet_name]
    (group,) = self.describe_db_subnet_groups(subnet_name)
    if users and not is_given_up(group.vpc_id, self.account_id, self.region_name):
        raise RDSClientError(
            _DATABASE,
            f"Cannot delete the subnet group '{subnet_name}' because at least one database cluster: {users[0]} is "
            "still using it.",
        )
    return stock(self, subnet_name)


def refuse_cache_subnet_group(backend: Any, group: Any) -> None:
    """Raises what AWS answers to the deletion of a subnet group of ElastiCache in use."""
    name = group.cache_subnet_group_name
    users = [id_ for id_, cache in backend.replication_groups.items() if cache.cache_subnet_group_name == name]
    if users and not is_given_up(group.vpc_id, backend.account_id, backend.region_name):
        raise ElastiCacheException(
            _CACHE,
            f"The subnet group {name} is currently in use by the replication group {users[0]}.",
        )


def _nat_gateways(ec2: Any) -> dict[str, Any]:
    return {id_: nat for id_, nat in ec2.nat_gateways.items() if nat.state != "deleted"}


def _in_subnet(subnet_id: str, account_id: str, region: str) -> Iterator[str]:
    """Whatever has a network interface there; of a group of subnets, an instance may be in any."""
    for kind, name, subnet_ids in _interfaces(account_id, region):
        if subnet_id in subnet_ids:
            yield f"{kind} {name}"


def _interfaces(account_id: str, region: str) -> Iterator[tuple[str, str, list[str]]]:
    """Kind, name and subnets: moto gives few of them interfaces, and takes not all of those back."""
    ec2 = ec2_backends[account_id][region]
    for id_, nat in _nat_gateways(ec2).items():
        yield "NAT gateway", id_, [nat.subnet_id]
    for id_, endpoint in ec2.vpc_end_points.items():
        if endpoint.state != "deleted":
            yield "VPC endpoint", id_, endpoint.subnet_ids or []
    for balancer in elbv2_backends[account_id][region].load_balancers.values():
        yield "load balancer", balancer.name, [subnet.id for subnet in balancer.subnets]
    for service in ecs_backends[account_id][region].services.values():
        if service.running_count:
            vpc = getattr(service, "network_configuration", {}).get("awsvpcConfiguration", {})
            yield "tasks of service", service.name, vpc.get("subnets", [])
    for function in lambda_backends[account_id][region].list_functions():
        yield "function", function.function_name, (function._vpc_config or {}).get("SubnetIds", [])
    for target in efs_backends[account_id][region].mount_targets_by_id.values():
        yield "mount target", target.mount_target_id, [target.subnet_id]
    rds = rds_backends[account_id][region]
    for cluster in rds.clusters.values():
        group = rds.subnet_groups.get(cluster.db_subnet_group)
        if group and cluster.members:
            yield "database cluster", cluster.db_cluster_identifier, [subnet.id for subnet in group._subnets]
    caches = elasticache_backends[account_id][region]
    for id_, cache in caches.replication_groups.items():
        cache_group = caches.cache_subnet_groups.get(cache.cache_subnet_group_name or "")
        if cache_group:
            yield "replication group", id_, cache_group.subnet_ids
