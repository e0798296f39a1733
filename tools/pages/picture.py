"""What the picture of an environment says, read from its JSON: security groups are boxes, their rules arrows.

Whether an arrow passes is what `make scan` finds, by the same evaluation of groups, routes and network ACLs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from tools.synthesized.errors import SynthesisError
from tools.synthesized.network import EVERYWHERE, Network, Path
from tools.synthesized.platform import Platform
from tools.synthesized.references import texts
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Resource
from tools.synthesized.values import leaves

_GROUP_ARGUMENTS = re.compile(r"(vpc_)?security_group(s|_ids)")
_SUBNET_ARGUMENTS = re.compile(r"subnets|subnet_ids?|(db_)?subnet_group_name")
_ANYWHERE = ("0.0.0.0/0", "::/0")
_CLIENTS, _INTERNET, _NAT = "clients", "internet", "nat"
# ARNs that a setting names; what a stack makes is referred to instead.
_OUTSIDE = {
    "Lambda function": re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:([\w-]+(?::[\w-]+)?)"),
    "Cognito user pool": re.compile(r"arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool/([\w-]+)"),
}


class ArrowKind(Enum):
    """What an arrow stands for, and how mermaid draws it."""

    ALLOWED = "-->"
    """By the security groups of both ends, the routes and the network ACLs."""
    STOPPED = "-.-x"
    """By one of them, so it does not pass."""
    OPEN = "==>"
    """To any address."""
    PATH = "-.->"
    """No security group rules it: public HTTPS, calls of AWS services, routes."""


class Tier(NamedTuple):
    """The subnets of one tier: CIDR block by zone, and where their default routes lead."""

    name: str
    blocks: Mapping[str, str]
    way_out: str


class Box(NamedTuple):
    """Everything behind one security group, or something that has none; `where` is its zones, or how many there are."""

    key: str
    title: str
    name: str = ""
    tier: str | None = None
    where: str = ""


class Arrow(NamedTuple):
    """From box to box, by their keys."""

    source: str
    target: str
    kind: ArrowKind
    label: str


class Picture:
    """The whole picture. Raises SynthesisError where the environment has no VPC."""

    def __init__(self, platform: Platform) -> None:
        vpcs = platform.all("aws_vpc")
        if not vpcs:
            raise SynthesisError(f"no stack of {platform.name} has a VPC, so there is nothing to draw")
        self._platform = platform
        self._network = Network(platform)
        self._subnets = platform.all("aws_subnet")
        self._boxes: dict[str, Box] = {}
        self._labels: dict[tuple[str, str, ArrowKind], list[str]] = defaultdict(list)
        self.vpc = str(vpcs[0].values["cidr_block"])
        self.tiers = tuple(self._tiers())
        for group in platform.all("aws_security_group"):
            self._add(self._group_box(group))
        self._nat_gateways()
        self._rules()
        self._apis()
        self.boxes = tuple(self._boxes.values())
        self.arrows = tuple(Arrow(*ends, ", ".join(dict.fromkeys(labels))) for ends, labels in self._labels.items())

    def _add(self, box: Box) -> str:
        self._boxes.setdefault(box.key, box)
        return box.key

    def _meant(self, resource: Resource, argument: str) -> list[Resource]:
        return self._platform.referred(resource.stack, resource.values.get(argument))

    def _named(self, resource: Resource, arguments: re.Pattern[str]) -> list[Resource]:
        """What it names in arguments of these names, in blocks, too."""
        named = [
            value for path, value in leaves(resource.arguments) if any(arguments.fullmatch(str(key)) for key in path)
        ]
        return self._platform.referred(resource.stack, named)

    # -- subnets

    def _tiers(self) -> Iterator[Tier]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for subnet in self._subnets:
            found[_tier(subnet)].append(subnet)
        order = ("public", "private")
        for tier in sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name)):
            blocks = {_zone(subnet): str(subnet.values["cidr_block"]) for subnet in found[tier]}
            ways = dict.fromkeys(way for subnet in found[tier] for way in self._ways_out(subnet))
            yield Tier(tier, blocks, " and ".join(ways) or "no route to the internet")

    def _ways_out(self, subnet: Resource) -> Iterator[str]:
        """Where the default routes of the subnet's tables lead."""
        for table in self._tables_of(subnet):
            for route in self._platform.referring(table, "aws_route", through="route_table_id"):
                if set(_ANYWHERE) & set(texts(route.values)):
                    yield (
                        "to the internet through NAT" if "nat_gateway_id" in route.values else "routed to the internet"
                    )

    def _tables_of(self, subnet: Resource) -> list[Resource]:
        associations = self._platform.referring(subnet, "aws_route_table_association", through="subnet_id")
        return [table for association in associations for table in self._meant(association, "route_table_id")]

    def _subnets_of(self, resource: Resource) -> list[Resource]:
        """The subnets that it stands in, named by itself or by its subnet group."""
        named = self._named(resource, _SUBNET_ARGUMENTS)
        grouped = [subnet for group in named for subnet in self._meant(group, "subnet_ids")]
        return [subnet for subnet in (*named, *grouped) if subnet.type == "aws_subnet"]

    # -- boxes

    def _group_box(self, group: Resource) -> Box:
        """Named after the most telling of what uses the group: a cluster, not its instances."""
        name = str(group.values.get("name") or group.id)
        users = [user for user in self._platform.resources if group in self._named(user, _GROUP_ARGUMENTS)]
        if not users:
            return Box(_key(group), "Security group", name, where="nothing uses it")
        first = min(users, key=lambda user: (resource_types().of(user.type).rank, user.stack, user.address))
        subnets = [subnet for user in users for subnet in self._subnets_of(user)]
        tier = _tier(subnets[0]) if subnets else None
        return Box(_key(group), _title(first), name, tier, self._count(first) or self._zones(first, subnets))

    def _count(self, user: Resource) -> str:
        """How many there are of what AWS itself distributes over the zones; empty for anything else."""
        if user.type == "aws_ecs_service":
            least = most = user.values.get("desired_count", 1)
            for target in self._platform.referring(user, "aws_appautoscaling_target", through="resource_id"):
                least, most = target.values["min_capacity"], target.values["max_capacity"]
            return f"tasks: {least} to {most}"
        if user.type == "aws_elasticache_replication_group":
            shards, replicas = user.values.get("num_node_groups"), user.values.get("replicas_per_node_group", 0)
            nodes = shards * (1 + replicas) if shards else user.values.get("num_cache_clusters", 1)
            return f"shards: {shards}, nodes: {nodes}" if shards else f"nodes: {nodes}"
        return ""

    def _zones(self, user: Resource, subnets: Iterable[Resource]) -> str:
        """Those of its instances, or of the subnets it stands in."""
        instances = self._platform.referring(user, "aws_rds_cluster_instance", through="cluster_identifier")
        return f"zones {', '.join(sorted({_zone(each) for each in instances or subnets}))}"

    def _nat_gateways(self) -> None:
        gateways = self._platform.all("aws_nat_gateway")
        if gateways:
            subnets = [subnet for gateway in gateways for subnet in self._meant(gateway, "subnet_id")]
            where = self._zones(gateways[0], subnets)
            self._add(Box(_NAT, _title(gateways[0]), tier=_tier(subnets[0]), where=where))
            self._add(Box(_INTERNET, "Internet"))
            self._labels[_NAT, _INTERNET, ArrowKind.PATH].append("internet gateway")

    # -- arrows

    def _rules(self) -> None:
        """An arrow for what passes between both ends; what is stopped on its way is said as such."""
        for rule in self._platform.all("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
            inwards = "ingress" in rule.type
            for own in self._meant(rule, "security_group_id"):
                for other, kind in self._others(rule, own, inwards):
                    ends = (other, _key(own)) if inwards else (_key(own), other)
                    self._labels[*ends, kind].append(_ports(rule))

    def _others(self, rule: Resource, own: Resource, inwards: bool) -> Iterator[tuple[str, ArrowKind]]:
        """Keys of the boxes at the other end of a rule, and how what it allows is drawn."""
        network, held = self._network, self._network.behind(own)
        for group in self._meant(rule, "referenced_security_group_id"):
            ends = (network.behind(group), held) if inwards else (held, network.behind(group))
            yield _key(group), _kind(network.between(*ends, int(rule.values.get("from_port") or 443)))
        for endpoint in self._meant(rule, "prefix_list_id"):
            yield self._add(self._gateway_endpoint(endpoint)), _kind(network.to_gateway(held, endpoint))
        for block in filter(None, (rule.values.get("cidr_ipv4"), rule.values.get("cidr_ipv6"))):
            if block not in _ANYWHERE:
                yield self._add(Box(f"block {block}", "Addresses", str(block))), ArrowKind.ALLOWED
            elif inwards:
                yield self._add(Box(_CLIENTS, "Any address")), ArrowKind.OPEN
            else:
                way = _NAT if _NAT in self._boxes else self._add(Box(_INTERNET, "Internet"))
                yield way, _kind(network.to_outside(held, EVERYWHERE, rule))

    def _gateway_endpoint(self, endpoint: Resource) -> Box:
        """Within the tier whose route tables it is in: what goes there takes no NAT gateway."""
        tables = self._meant(endpoint, "route_table_ids")
        tiers = [_tier(subnet) for subnet in self._subnets if set(tables) & set(self._tables_of(subnet))]
        service = str(endpoint.values["service_name"]).rpartition(".")[2].upper()
        return Box(_key(endpoint), f"Gateway endpoint of {service}", tier=tiers[0] if tiers else None)

    def _apis(self) -> None:
        for api in self._platform.all("aws_api_gateway_rest_api"):
            key = self._add(Box(_key(api), _title(api), str(api.values["name"])))
            self._labels[self._add(Box(_CLIENTS, "Clients")), key, ArrowKind.PATH].append("HTTPS 443")
            for part in self._platform.referring(
                api, "aws_api_gateway_integration", "aws_api_gateway_authorizer", through="rest_api_id"
            ):
                for link in self._meant(part, "connection_id"):
                    for balancer in self._meant(link, "target_arns"):
                        for group in self._named(balancer, _GROUP_ARGUMENTS):
                            self._labels[key, _key(group), ArrowKind.PATH].append("VPC link")
                for box in _outside(part):
                    label = f"authorizer {part.values['name']}" if "authorizer" in part.type else "calls"
                    self._labels[key, self._add(box), ArrowKind.PATH].append(label)


def _outside(part: Resource) -> Iterator[Box]:
    """What a part of an API calls and no stack makes."""
    text = " ".join(texts(part.arguments))
    for title, arn in _OUTSIDE.items():
        for found in arn.finditer(text):
            yield Box(found[0], title, found[1])


def _kind(path: Path) -> ArrowKind:
    return ArrowKind.STOPPED if path.cuts else ArrowKind.ALLOWED


def _title(resource: Resource) -> str:
    """A person's name for the resource; a type that is not known gives its own."""
    return resource_types().of(resource.type).title or resource.type.removeprefix("aws_").replace("_", " ")


def _key(resource: Resource) -> str:
    return f"{resource.stack}/{resource.address}"


def _tier(subnet: Resource) -> str:
    return str(subnet.value("tags.Tier") or "subnets")


def _zone(resource: Resource) -> str:
    zone = resource.values.get("availability_zone")
    return str(zone)[-1:] if zone else "chosen by AWS"


def _ports(rule: Resource) -> str:
    protocol: Any = rule.values["ip_protocol"]
    if protocol == "-1":
        return "all traffic"
    first, last = rule.values.get("from_port"), rule.values.get("to_port")
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
