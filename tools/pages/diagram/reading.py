"""Makes the picture from the JSON: every security group is a box, every pair of its rules an arrow."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.pages.diagram import apis
from tools.pages.diagram.facts import facts, rank, service_of, spread, title
from tools.pages.diagram.model import Arrow, ArrowKind, Box, Picture, Tier
from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource

_GROUP_ARGUMENTS = re.compile(r"^(vpc_)?security_group(s|_ids)$")
_SUBNET_ARGUMENTS = re.compile(r"^(subnets|subnet_ids?|(db_)?subnet_group_name)$")
_SUBNET_GROUPS = ("aws_db_subnet_group", "aws_elasticache_subnet_group")
_ANYWHERE = ("0.0.0.0/0", "::/0")
_CLIENTS, _INTERNET, _NAT = "clients", "internet", "nat"
# What a user's cell says about each zone in which it has a subnet.
_IN_EVERY_SUBNET = {
    "aws_lb": "node",
    "aws_lambda_function": "interface",
    "aws_vpc_endpoint": "interfaces",
    "aws_efs_mount_target": "mount target",
}


def picture(environment: str, platform: Platform) -> Picture:
    """The whole picture. Raises SynthesisError where the environment has no VPC."""
    vpcs = platform.all("aws_vpc")
    if not vpcs:
        raise SynthesisError(f"no stack of {environment} makes a VPC: there is nothing to draw")
    return _Reading(environment, platform, vpcs[0]).picture()


class _Reading:
    """The subnets, and what is drawn so far."""

    def __init__(self, environment: str, platform: Platform, vpc: Resource) -> None:
        self._environment = environment
        self._platform = platform
        self._vpc = vpc
        self._subnets = platform.all("aws_subnet")
        self._zones = tuple(sorted({str(subnet.values["availability_zone"]) for subnet in self._subnets}))
        self._boxes: dict[str, Box] = {}
        self._arrows: dict[tuple[str, str, ArrowKind], list[str]] = defaultdict(list)

    def picture(self) -> Picture:
        for group in self._platform.all("aws_security_group"):
            self._add(self._group_box(group))
        self._nat_gateways()
        self._rules()
        self._apis()
        provider = self._platform.stacks[self._vpc.stack]["provider"]["aws"][0]
        arrows = (
            Arrow(source, target, ", ".join(_unique(labels)), kind)
            for (source, target, kind), labels in self._arrows.items()
        )
        return Picture(
            environment=self._environment,
            region=str(provider["region"]),
            vpc=str(self._vpc.values["cidr_block"]),
            zones=self._zones,
            tiers=tuple(self._tiers()),
            boxes=tuple(self._boxes.values()),
            arrows=tuple(arrows),
        )

    def _add(self, box: Box) -> str:
        self._boxes.setdefault(box.key, box)
        return box.key

    # -- subnets

    def _tiers(self) -> Iterator[Tier]:
        found: dict[str, dict[str, str]] = {}
        ways: dict[str, list[str]] = defaultdict(list)
        for subnet in self._subnets:
            tier = _tier(subnet)
            found.setdefault(tier, {})[str(subnet.values["availability_zone"])] = str(subnet.values["cidr_block"])
            ways[tier] += self._ways_out(subnet)
        order = ("public", "private")
        for tier in sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name)):
            yield Tier(tier, found[tier], " and ".join(_unique(ways[tier])) or "no route out")

    def _ways_out(self, subnet: Resource) -> Iterator[str]:
        """Where the default routes of the subnet's table lead."""
        tables = self._tables_of(subnet)
        for route in self._platform.all("aws_route"):
            if tables & set(self._meant(route, "route_table_id")) and set(_ANYWHERE) & set(_values(route)):
                yield "out through NAT" if "nat_gateway_id" in route.values else "routed to the internet"

    def _tables_of(self, subnet: Resource) -> set[Resource]:
        return {
            table
            for association in self._platform.all("aws_route_table_association")
            if subnet in self._meant(association, "subnet_id")
            for table in self._meant(association, "route_table_id")
        }

    def _meant(self, resource: Resource, argument: str) -> list[Resource]:
        return self._platform.referred(resource.stack, resource.values.get(argument))

    def _subnets_of(self, resource: Resource) -> list[Resource]:
        """The subnets that it stands in, named by itself or by its subnet group."""
        named = self._platform.referred(resource.stack, list(_arguments(resource.values, _SUBNET_ARGUMENTS)))
        grouped = [
            subnet for group in named if group.type in _SUBNET_GROUPS for subnet in self._meant(group, "subnet_ids")
        ]
        return [subnet for subnet in (*named, *grouped) if subnet.type == "aws_subnet"]

    # -- boxes

    def _group_box(self, group: Resource) -> Box:
        users = sorted(
            (user for user in self._platform.resources if group in self._groups_of(user)),
            key=lambda user: (rank(user), user.stack, user.address),
        )
        name = str(group.values.get("name") or group.id)
        key = f"{group.stack}/{group.address}"
        if not users:
            return Box(key, "Security group", name, ("nothing uses it",))
        first = users[0]
        subnets = [subnet for user in users for subnet in self._subnets_of(user)]
        tiers = _unique(_tier(subnet) for subnet in subnets)
        same = [user for user in users if user.type == first.type]
        lines = _unique(line for user in same for line in facts(self._platform, user))
        if first.type == "aws_vpc_endpoint":
            lines = [", ".join(lines[index : index + 3]) for index in range(0, len(lines), 3)]
        return Box(
            key,
            title(first),
            name,
            tuple(lines),
            tiers[0] if tiers else None,
            self._cells(first, subnets),
            spread(self._platform, first),
        )

    def _groups_of(self, user: Resource) -> list[Resource]:
        return self._platform.referred(user.stack, list(_arguments(user.values, _GROUP_ARGUMENTS)))

    def _cells(self, user: Resource, subnets: Sequence[Resource]) -> Mapping[str, str] | None:
        if user.type == "aws_rds_cluster":
            return {
                str(instance.values["availability_zone"]): "writer at first"
                if instance.values.get("promotion_tier") == 0
                else "reader"
                for instance in self._platform.all("aws_rds_cluster_instance")
                if user in self._meant(instance, "cluster_identifier") and "availability_zone" in instance.values
            }
        word = _IN_EVERY_SUBNET.get(user.type)
        return {str(subnet.values["availability_zone"]): word for subnet in subnets} if word else None

    def _nat_gateways(self) -> None:
        gateways = self._platform.all("aws_nat_gateway")
        if not gateways:
            return
        subnets = [subnet for gateway in gateways for subnet in self._meant(gateway, "subnet_id")]
        cells = {str(subnet.values["availability_zone"]): "gateway" for subnet in subnets}
        self._add(Box(_NAT, title(gateways[0]), "", (), _tier(subnets[0]), cells))
        self._add(Box(_INTERNET, "Internet", "", ("AWS services without an endpoint, too",)))
        self._arrows[_NAT, _INTERNET, ArrowKind.PATH].append("internet gateway")

    # -- arrows

    def _rules(self) -> None:
        """An arrow for what both groups admit; what only one of them does is said as such."""
        groups = {_key(group) for group in self._platform.all("aws_security_group")}
        sides: dict[tuple[str, str, str], set[str]] = {}
        for rule in self._platform.all("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
            inwards = rule.type == "aws_vpc_security_group_ingress_rule"
            for own in self._meant(rule, "security_group_id"):
                for other in self._others(rule, inwards):
                    ends = (other, _key(own)) if inwards else (_key(own), other)
                    sides.setdefault((*ends, _ports(rule)), set()).add("in" if inwards else "out")
        for (source, target, ports), found in sides.items():
            kind = ArrowKind.ALLOWED
            if source == _CLIENTS:
                kind = ArrowKind.OPEN
            elif len(found) == 1 and {source, target} <= groups:
                kind = ArrowKind.HALF
            self._arrows[source, target, kind].append(ports)

    def _others(self, rule: Resource, inwards: bool) -> Iterator[str]:
        """Keys of the boxes at the other end of a rule."""
        for group in self._meant(rule, "referenced_security_group_id"):
            yield _key(group)
        for endpoint in self._meant(rule, "prefix_list_id"):
            yield self._add(self._gateway_endpoint(endpoint))
        for block in (rule.values.get("cidr_ipv4"), rule.values.get("cidr_ipv6")):
            if block in _ANYWHERE:
                if inwards:
                    yield self._add(Box(_CLIENTS, "Any address", ""))
                else:
                    yield _NAT if _NAT in self._boxes else self._add(Box(_INTERNET, "Internet", ""))
            elif block:
                yield self._add(Box(f"block {block}", "Addresses", str(block)))

    def _gateway_endpoint(self, endpoint: Resource) -> Box:
        """Within the tier whose route tables it is in: what goes there takes no NAT gateway."""
        tables = set(self._meant(endpoint, "route_table_ids"))
        tiers = [_tier(subnet) for subnet in self._subnets if tables & self._tables_of(subnet)]
        title_ = f"Gateway endpoint of {service_of(endpoint).upper()}"
        return Box(_key(endpoint), title_, "", ("by route, without NAT",), tiers[0] if tiers else None)

    def _apis(self) -> None:
        for api in self._platform.all("aws_api_gateway_rest_api"):
            own = facts(self._platform, api)
            key = self._add(Box(_key(api), title(api), str(api.values["name"]), tuple(own)))
            self._add(Box(_CLIENTS, "Clients", "", apis.clients(self._platform, api)))
            self._arrows[_CLIENTS, key, ArrowKind.PATH].append("HTTPS 443")
            links = {
                link: None
                for integration in apis.own(self._platform, api, "aws_api_gateway_integration")
                for link in self._meant(integration, "connection_id")
            }
            for balancer in (balancer for link in links for balancer in self._meant(link, "target_arns")):
                for group in self._groups_of(balancer):
                    self._arrows[key, _key(group), ArrowKind.PATH].append("VPC link")
            for box, label in apis.outside(self._platform, api):
                self._arrows[key, self._add(box), ArrowKind.PATH].append(label)


def _key(resource: Resource) -> str:
    return f"{resource.stack}/{resource.address}"


def _tier(subnet: Resource) -> str:
    return str(subnet.value("tags.Tier") or "subnets")


def _ports(rule: Resource) -> str:
    protocol = str(rule.values["ip_protocol"])
    if protocol == "-1":
        return "all traffic"
    first, last = rule.values.get("from_port"), rule.values.get("to_port")
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _arguments(values: object, names: re.Pattern[str]) -> Iterator[Any]:
    """Values of all arguments with such a name, in blocks, too."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            if names.match(str(key)):
                yield value
            else:
                yield from _arguments(value, names)
    elif isinstance(values, list):
        for value in values:
            yield from _arguments(value, names)


def _values(resource: Resource) -> list[Any]:
    return [value for value in resource.values.values() if isinstance(value, str)]


def _unique(values: Any) -> list[str]:
    return list(dict.fromkeys(values))
