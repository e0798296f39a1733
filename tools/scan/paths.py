"""Who reaches whom in the network: security groups, network ACLs, routes and endpoints of the synthesized JSON.

What runs needs a path to whatever it is told of: what its own arguments, its task definition and the policies of its
roles refer to, and the services of AWS that these policies allow to call. Each path is followed there and back. A rule
that no needed path uses, and a way in or out that nothing may have, are findings, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import blocks

_ROLE = "aws_iam_role"
_RUNS = ("aws_lambda_function", "aws_ecs_service", "aws_sfn_state_machine")
_PORTS = {"aws_efs_mount_target": 2049, "aws_vpc_endpoint": 443}
"""Of what has no argument for it. EFS: https://docs.aws.amazon.com/efs/latest/ug/network-access.html"""
_ENDPOINTS = {"cloudwatch": ("monitoring",), "ecr": ("ecr.api", "ecr.dkr", "s3")}
"""Where a service is not called by its own name. Layers of images are in S3:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"""
_NO_CALLS = ("elasticache:Connect", "elasticfilesystem:Client", "iam:PassRole", "rds-db:connect")
"""Rights that are used within another connection."""
_BY_LAMBDA = ("ec2", "logs", "xray")
"""What Lambda calls with a function's role, outside of the function's network:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""
_EVERYWHERE = IPv4Network("0.0.0.0/0")
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


class Network:
    """The network of one platform. `used` are the rules that some needed path goes through."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.used: set[Resource] = set()

    def findings(self) -> Iterator[Finding]:
        """All that is cut, and all that is open without need."""
        for holder in self.holders:
            if holder.resource.type in _RUNS:
                yield from self._needs(holder)
        yield from self._entry()
        yield from self._names()
        yield from self._forbidden()

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

    def _meant(self, resource: Resource, value: object) -> list[Resource]:
        return self._platform.referred(resource.stack, value)

    # --- what is needed

    def _needs(self, client: Holder) -> Iterator[Finding]:
        own = client.resource
        tasks = [each for each in self._meant(own, own.arguments) if each.type == "aws_ecs_task_definition"]
        # A service and a state machine have roles, too, which AWS takes on to run the tasks.
        roles = [role for each in tasks or [own] for role in self._meant(each, each.arguments) if role.type == _ROLE]
        policies = [p for role in roles for p in self._platform.referring(role, "aws_iam_role_policy", through="role")]
        known = {target for each in (*tasks, *policies) for target in self._meant(each, each.arguments)}
        for server in self.holders:
            file_systems = self._meant(server.resource, server.resource.values.get("file_system_id"))
            if server.port and not known.isdisjoint([server.resource, *file_systems]):
                yield from self._between(client, server, server.port)
            if server.resource.type == "aws_vpc_endpoint":  # whoever needs one of them may use them all
                list(self._between(client, server, 443))
        for service in sorted(self._services(client, policies)):
            yield from self._to_service(client, service)
        for rule in self._rules(client.groups, "egress"):
            if not rule.values.get("referenced_security_group_id") and self._outbound(client):
                self.used.add(rule)
                # Of a prefix list nobody knows here where it leads.
                if cidr := rule.values.get("cidr_ipv4"):
                    yield from self._to_outside(client, IPv4Network(cidr), rule)

    def _outbound(self, client: Holder) -> bool:
        service: Any = self._platform.settings.get("service") or {}
        return client.resource.type != "aws_lambda_function" and service.get("outbound") not in (None, "none", [])

    def _services(self, client: Holder, policies: list[Resource]) -> set[str]:
        allowed = (s for policy in policies for s in policy.statements if s.allows)
        actions = {action for s in allowed if "kms:ViaService" not in s.binding_keys for action in s.actions}
        services = {action.partition(":")[0] for action in actions if not action.startswith(_NO_CALLS)}
        services -= set(_BY_LAMBDA) if client.resource.type == "aws_lambda_function" else set()
        return {name for service in services for name in _ENDPOINTS.get(service, (service,))}

    def _to_service(self, client: Holder, service: str) -> Iterator[Finding]:
        suffix = f".{service}"
        endpoints = [e for e in self._platform.all("aws_vpc_endpoint") if e.values["service_name"].endswith(suffix)]
        for endpoint in endpoints:
            if endpoint.values.get("vpc_endpoint_type") == "Gateway":
                yield from self._to_gateway(client, endpoint)
        for server in self.holders:
            if server.resource in endpoints:
                yield from self._between(client, server, 443)
        if not endpoints:
            rules = [r for r in self._rules(client.groups, "egress") if _covers(r, 443, _EVERYWHERE)]
            self.used.update(rules)
            if not rules:
                yield self._cut(
                    client, service, 443, f"no endpoint of it, and no egress rule of {_names(client.groups)}"
                )
            for rule in rules:
                yield from self._to_outside(client, _EVERYWHERE, rule)

    def _entry(self) -> Iterator[Finding]:
        held = {holder.resource: holder for holder in self.holders}
        for listener in self._platform.all("aws_lb_listener"):
            for balancer in self._meant(listener, listener.values.get("load_balancer_arn")):
                for group in self._meant(listener, listener.values.get("default_action")):
                    for service in self._platform.referring(group, "aws_ecs_service", through="load_balancer"):
                        for block in blocks(service.values["load_balancer"]):
                            port = int(str(block["container_port"]))
                            yield from self._between(held[balancer], held[service], port)
        for link in self._platform.all("aws_api_gateway_vpc_link"):
            for balancer in self._meant(link, link.values.get("target_arns")):
                # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
                switch = "enforce_security_group_inbound_rules_on_private_link_traffic"
                if balancer.values.get(switch) != "off" and not self._rules(held[balancer].groups, "ingress"):
                    message = f"cannot reach {balancer.address}: its groups let nobody in, and {switch} is not off"
                    yield link.finding("PATH", message, balancer.address)

    def _names(self) -> Iterator[Finding]:
        # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
        for vpc in self._platform.all("aws_vpc"):
            for argument in ("enable_dns_support", "enable_dns_hostnames"):
                if vpc.values.get(argument) is not True:
                    yield vpc.finding("PATH", f"no name is resolved within it: {argument} must be true", argument)
        for endpoint in self._platform.all("aws_vpc_endpoint"):
            is_interface = endpoint.values.get("vpc_endpoint_type") == "Interface"
            if is_interface and endpoint.values.get("private_dns_enabled") is not True:
                message = "the service's name does not lead to it: private_dns_enabled must be true"
                yield endpoint.finding("PATH", message, "private_dns_enabled")

    # --- a path, there and back

    def _between(self, client: Holder, server: Holder, port: int) -> Iterator[Finding]:
        target = server.resource.address
        out = [r for r in self._rules(client.groups, "egress") if self._leads(r, port, server)]
        into = [r for r in self._rules(server.groups, "ingress") if self._leads(r, port, client)]
        self._use(out)
        self._use(into)
        if not out:
            reason = f"no egress rule of {_names(client.groups)} leads to {_names(server.groups)}"
            yield self._cut(client, target, port, reason)
        if not into:
            reason = f"no ingress rule of {_names(server.groups)} lets {_names(client.groups)} in"
            yield self._cut(client, target, port, reason)
        pairs = [(mine, other) for mine in client.subnets for other in server.subnets if mine is not other]
        for mine, other in pairs:
            for reason in (*self._passes(mine, _cidr(other), port), *self._passes(other, _cidr(mine), port, back=True)):
                yield self._cut(client, target, port, reason)

    def _use(self, rules: list[Resource]) -> None:
        """What names whom it leads to; a range of addresses only where nothing does."""
        self.used.update([rule for rule in rules if not rule.values.get("cidr_ipv4")] or rules)

    def _to_gateway(self, client: Holder, endpoint: Resource) -> Iterator[Finding]:
        rules = [
            rule for rule in self._rules(client.groups, "egress")
            if _covers(rule, 443, _EVERYWHERE)
            or (_port(rule, 443) and endpoint in self._meant(rule, rule.values.get("prefix_list_id")))
        ]  # fmt: skip
        self._use(rules)
        if not rules:
            reason = f"no egress rule of {_names(client.groups)} has its prefix list"
            yield self._cut(client, endpoint.address, 443, reason)
        tables = self._meant(endpoint, endpoint.values.get("route_table_ids"))
        for subnet in client.subnets:
            if self._table(subnet) not in tables:
                reason = f"route_table_ids has not the table of {subnet.address}"
                yield self._cut(client, endpoint.address, 443, reason)
            for reason in self._passes(subnet, _EVERYWHERE, 443):
                yield self._cut(client, endpoint.address, 443, reason)

    def _to_outside(self, client: Holder, outside: IPv4Network, rule: Resource) -> Iterator[Finding]:
        port = int(rule.values.get("from_port") or 443)
        for subnet in client.subnets:
            gateways = self._gateways(subnet, outside, "nat_gateway_id")
            reasons = list(self._passes(subnet, outside, port))
            if not gateways:
                reasons.append(f"no route of {subnet.address} leads to a NAT gateway")
            for public in (each for g in gateways for each in self._meant(g, g.values.get("subnet_id"))):
                reasons += [*self._passes(public, _cidr(subnet), port, back=True), *self._passes(public, outside, port)]
                if not self._gateways(public, outside, "gateway_id"):
                    reasons.append(f"no route of {public.address} leads to an internet gateway")
            for reason in reasons:
                yield self._cut(client, str(outside), port, reason)

    def _cut(self, client: Holder, target: str, port: int, reason: str) -> Finding:
        return client.resource.finding("PATH", f"cannot reach {target} on tcp {port}: {reason}", f"{target}:{port}")

    # --- rules, routes, lists

    def _rules(self, groups: Iterable[Resource], direction: str) -> list[Resource]:
        type_ = f"aws_vpc_security_group_{direction}_rule"
        return [r for g in groups for r in self._platform.referring(g, type_, through="security_group_id")]

    def _leads(self, rule: Resource, port: int, other: Holder) -> bool:
        groups = self._meant(rule, rule.values.get("referenced_security_group_id"))
        named = any(group in other.groups for group in groups)
        return _port(rule, port) and (named or all(_covers(rule, port, _cidr(each)) for each in other.subnets))

    def _table(self, subnet: Resource) -> Resource | None:
        for association in self._platform.referring(subnet, "aws_route_table_association", through="subnet_id"):
            return next(iter(self._meant(association, association.values.get("route_table_id"))), None)
        return None

    def _routes(self, subnet: Resource) -> list[dict[str, Any]]:
        if (table := self._table(subnet)) is None:
            return []
        own = [{**block, "stack": table.stack, "destination_cidr_block": block.get("cidr_block")}
               for block in blocks(table.values.get("route") or [])]  # fmt: skip
        others = self._platform.referring(table, "aws_route", through="route_table_id")
        return [*own, *({**route.values, "stack": route.stack} for route in others)]

    def _gateways(self, subnet: Resource, outside: IPv4Network, argument: str) -> list[Resource]:
        """Where the routes of a subnet lead, for addresses outside of the network."""
        routes = [route for route in self._routes(subnet) if _over(route.get("destination_cidr_block"), outside)]
        return [each for route in routes for each in self._platform.referred(route["stack"], route.get(argument))]

    def _passes(self, subnet: Resource, other: IPv4Network, port: int, *, back: bool = False) -> Iterator[str]:
        """What the network ACL of a subnet stops, of calls to `other` and their answers; or of its calls, `back`."""
        lists = self._platform.referring(subnet, "aws_network_acl", through="subnet_ids")
        calls, answers = ("ingress", "egress") if back else ("egress", "ingress")
        for direction, ports in ((calls, (port, port)), (answers, _ANSWERS)):
            if not any(_allows(blocks(acl.values.get(direction) or []), other, ports) for acl in lists):
                name = _names(lists) or "the default network ACL"
                yield f"{direction} of {name} does not let tcp {ports[0]}-{ports[1]} of {other} pass"

    # --- what must not be

    def _forbidden(self) -> Iterator[Finding]:
        vpcs = [_cidr(vpc) for vpc in self._platform.all("aws_vpc")]
        for rule in self._platform.all("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
            cidr = rule.values.get("cidr_ipv4")
            if "ingress" in rule.type and cidr and not any(IPv4Network(cidr).subnet_of(vpc) for vpc in vpcs):
                yield rule.finding("PATH", f"lets {cidr} in, which is outside of the network")
            elif rule not in self.used:
                yield rule.finding("PATH", "opens a path that nothing needs")
        for holder in self.holders:
            serves = holder.port and holder.resource.type not in (*_RUNS, "aws_vpc_endpoint")
            for subnet in holder.subnets:
                if self._gateways(subnet, _EVERYWHERE, "gateway_id"):
                    message = f"{subnet.address} has a route to the internet gateway: the internet reaches it"
                    yield holder.resource.finding("PATH", message, subnet.id)
                elif serves and (routes := self._routes(subnet)):
                    ways = ", ".join(str(route.get("destination_cidr_block")) for route in routes)
                    yield holder.resource.finding("PATH", f"{subnet.address} has routes out ({ways})", subnet.id)


def _names(resources: Iterable[Resource]) -> str:
    return ", ".join(resource.address for resource in resources)


def _cidr(resource: Resource) -> IPv4Network:
    return IPv4Network(resource.values["cidr_block"])


def _over(cidr: object, other: IPv4Network) -> bool:
    return bool(cidr) and other.subnet_of(IPv4Network(str(cidr)))


def _port(rule: Resource, port: int) -> bool:
    values = rule.values
    within = values.get("ip_protocol") == "tcp" and int(values["from_port"]) <= port <= int(values["to_port"])
    return values.get("ip_protocol") == "-1" or within


def _covers(rule: Resource, port: int, other: IPv4Network) -> bool:
    return _port(rule, port) and _over(rule.values.get("cidr_ipv4"), other)


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


def run(platforms: Iterable[Platform]) -> list[Finding]:
    """Of each platform what is cut, and what is open without need."""
    found: list[Finding] = []
    for platform in platforms:
        try:
            found += dict.fromkeys(Network(platform).findings())
        except (KeyError, ValueError) as error:
            raise SynthesisError(f"the network of {platform.name} cannot be followed: {error!r}") from error
    return found
