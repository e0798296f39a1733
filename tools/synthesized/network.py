"""Paths through the network of the synthesized JSON: security groups, routes, endpoints and network ACLs on the way.

Each path is followed there and back. The scan asks it for the paths that are needed, the pictures for those they draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource
from tools.synthesized.values import blocks

EVERYWHERE = IPv4Network("0.0.0.0/0")
_PORTS = {"aws_efs_mount_target": 2049, "aws_vpc_endpoint": 443}
"""Of what has no argument for it. EFS: https://docs.aws.amazon.com/efs/latest/ug/network-access.html"""
# https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
_ANSWERS = (1024, 65535)


@dataclass(frozen=True, eq=False)
class Holder:
    """What has addresses: in these subnets, with these security groups."""

    resource: Resource
    groups: tuple[Resource, ...]
    subnets: tuple[Resource, ...]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.resource.values.get("port") or _PORTS.get(self.resource.type, 0))


@dataclass(frozen=True)
class Path:
    """From a client to a target. `rules` are those of security groups that let it pass, `cuts` what stops it."""

    rules: list[Resource]
    cuts: list[str]


class Network:
    """The network of one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @cached_property
    def holders(self) -> list[Holder]:
        """All that have addresses."""
        found = []
        for resource in self._platform.resources:
            own = {k: v for k, v in resource.arguments.items() if k not in ("depends_on", "lifecycle")}
            refers = self._meant(resource, own)
            groups = tuple(each for each in refers if each.type == "aws_security_group")
            inner = [each for group in refers if group.type.endswith("_subnet_group")
                     for each in self._meant(group, group.arguments)]  # fmt: skip
            subnets = tuple(each for each in [*refers, *inner] if each.type == "aws_subnet")
            if groups and subnets:
                found.append(Holder(resource, groups, subnets))
        return found

    def behind(self, group: Resource) -> Holder:
        """All that has this security group, as one."""
        subnets = dict.fromkeys(each for holder in self.holders if group in holder.groups for each in holder.subnets)
        return Holder(group, (group,), tuple(subnets))

    def _meant(self, resource: Resource, value: object) -> list[Resource]:
        return self._platform.referred(resource.stack, value)

    # --- paths

    def between(self, client: Holder, server: Holder, port: int) -> Path:
        """Within the network."""
        out = [rule for rule in self.rules(client.groups, "egress") if self._leads(rule, port, server)]
        into = [rule for rule in self.rules(server.groups, "ingress") if self._leads(rule, port, client)]
        cuts = [] if out else [f"no egress rule of {names(client.groups)} leads to {names(server.groups)}"]
        cuts += [] if into else [f"no ingress rule of {names(server.groups)} lets {names(client.groups)} in"]
        for mine, other in ((a, b) for a in client.subnets for b in server.subnets if a is not b):
            cuts += [*self._passes(mine, cidr(other), port), *self._passes(other, cidr(mine), port, back=True)]
        return Path([*_telling(out), *_telling(into)], cuts)

    def to_gateway(self, client: Holder, endpoint: Resource) -> Path:
        """To a gateway endpoint, by its prefix list and the route tables it is in."""
        rules = [
            rule for rule in self.rules(client.groups, "egress")
            if covers(rule, 443, EVERYWHERE)
            or (_port(rule, 443) and endpoint in self._meant(rule, rule.values.get("prefix_list_id")))
        ]  # fmt: skip
        cuts = [] if rules else [f"no egress rule of {names(client.groups)} has its prefix list"]
        tables = self._meant(endpoint, endpoint.values.get("route_table_ids"))
        for subnet in client.subnets:
            if self._table(subnet) not in tables:
                cuts.append(f"route_table_ids has not the table of {subnet.address}")
            cuts += self._passes(subnet, EVERYWHERE, 443)
        return Path(_telling(rules), cuts)

    def to_outside(self, client: Holder, outside: IPv4Network, rule: Resource) -> Path:
        """Through NAT and internet gateways, as a rule of the client's groups allows."""
        port = int(rule.values.get("from_port") or 443)
        cuts: list[str] = []
        for subnet in client.subnets:
            gateways = self.gateways(subnet, outside, "nat_gateway_id")
            cuts += self._passes(subnet, outside, port)
            if not gateways:
                cuts.append(f"no route of {subnet.address} leads to a NAT gateway")
            for public in (each for g in gateways for each in self._meant(g, g.values.get("subnet_id"))):
                cuts += [*self._passes(public, cidr(subnet), port, back=True), *self._passes(public, outside, port)]
                if not self.gateways(public, outside, "gateway_id"):
                    cuts.append(f"no route of {public.address} leads to an internet gateway")
        return Path([rule], cuts)

    # --- rules, routes, network ACLs

    def rules(self, groups: Iterable[Resource], direction: str) -> list[Resource]:
        """Those of security groups, `ingress` or `egress`."""
        type_ = f"aws_vpc_security_group_{direction}_rule"
        return [r for g in groups for r in self._platform.referring(g, type_, through="security_group_id")]

    def _leads(self, rule: Resource, port: int, other: Holder) -> bool:
        groups = self._meant(rule, rule.values.get("referenced_security_group_id"))
        if any(group in other.groups for group in groups):
            return _port(rule, port)
        return bool(other.subnets) and all(covers(rule, port, cidr(each)) for each in other.subnets)

    def _table(self, subnet: Resource) -> Resource | None:
        for association in self._platform.referring(subnet, "aws_route_table_association", through="subnet_id"):
            return next(iter(self._meant(association, association.values.get("route_table_id"))), None)
        return None

    def routes(self, subnet: Resource) -> list[dict[str, Any]]:
        """Those of its table, each with the stack that it stands in."""
        if (table := self._table(subnet)) is None:
            return []
        own = [{**block, "stack": table.stack, "destination_cidr_block": block.get("cidr_block")}
               for block in blocks(table.values.get("route") or [])]  # fmt: skip
        others = self._platform.referring(table, "aws_route", through="route_table_id")
        return [*own, *({**route.values, "stack": route.stack} for route in others)]

    def gateways(self, subnet: Resource, outside: IPv4Network, argument: str) -> list[Resource]:
        """Where the routes of a subnet lead, for addresses outside of the network."""
        routes = [route for route in self.routes(subnet) if _over(route.get("destination_cidr_block"), outside)]
        return [each for route in routes for each in self._platform.referred(route["stack"], route.get(argument))]

    def _passes(self, subnet: Resource, other: IPv4Network, port: int, *, back: bool = False) -> Iterator[str]:
        """What the network ACL of a subnet stops, of calls to `other` and their answers; or of its calls, `back`."""
        lists = self._platform.referring(subnet, "aws_network_acl", through="subnet_ids")
        calls, answers = ("ingress", "egress") if back else ("egress", "ingress")
        for direction, ports in ((calls, (port, port)), (answers, _ANSWERS)):
            if not any(_allows(blocks(acl.values.get(direction) or []), other, ports) for acl in lists):
                name = names(lists) or "the default network ACL"
                yield f"{direction} of {name} does not let tcp {ports[0]}-{ports[1]} of {other} pass"


def names(resources: Iterable[Resource]) -> str:
    """Addresses, as a message names them."""
    return ", ".join(resource.address for resource in resources)


def cidr(resource: Resource) -> IPv4Network:
    """The addresses of a VPC or subnet."""
    return IPv4Network(resource.values["cidr_block"])


def covers(rule: Resource, port: int, other: IPv4Network) -> bool:
    """Whether a rule is for a port of all these addresses."""
    return _port(rule, port) and _over(rule.values.get("cidr_ipv4"), other)


def _telling(rules: list[Resource]) -> list[Resource]:
    """What names whom it leads to; a range of addresses only where nothing does."""
    return [rule for rule in rules if not rule.values.get("cidr_ipv4")] or rules


def _over(block: object, other: IPv4Network) -> bool:
    return bool(block) and other.subnet_of(IPv4Network(str(block)))


def _port(rule: Resource, port: int) -> bool:
    values = rule.values
    within = values.get("ip_protocol") == "tcp" and int(values["from_port"]) <= port <= int(values["to_port"])
    return values.get("ip_protocol") == "-1" or within


def _allows(entries: list[dict[str, Any]], other: IPv4Network, ports: tuple[int, int]) -> bool:
    """Whether the first entry that concerns it allows all of it: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html"""
    for entry in sorted(entries, key=lambda each: int(each["rule_no"])):
        everything = entry["protocol"] == "-1"
        if not (everything or entry["protocol"] in ("tcp", "6")) or not entry.get("cidr_block"):
            continue
        least, most = (0, 65535) if everything else (int(entry["from_port"]), int(entry["to_port"]))
        if not IPv4Network(entry["cidr_block"]).overlaps(other) or ports[1] < least or most < ports[0]:
            continue
        if entry["action"] == "deny":
            return False
        if _over(entry["cidr_block"], other) and least <= ports[0] and ports[1] <= most:
            return True
    return False
