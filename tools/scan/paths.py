"""Who reaches whom in the network: security groups, network ACLs, routes and endpoints of the synthesized JSON.

What runs needs a path to whatever it is told of: what its own arguments, its task definition and the policies of its
roles refer to, and the services of AWS that these policies allow to call. Each path is followed there and back. A rule
that no needed path uses, and a way in or out that nothing may have, are findings, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Any

from tools.synthesized.errors import SynthesisError
from tools.synthesized.network import EVERYWHERE, Holder, Network, Path, cidr, covers, names
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import blocks

_ROLE = "aws_iam_role"
_RUNS = ("aws_lambda_function", "aws_ecs_service", "aws_sfn_state_machine")
_ENDPOINTS = {"cloudwatch": ("monitoring",), "ecr": ("ecr.api", "ecr.dkr", "s3")}
"""Where a service is not called by its own name. Layers of images are in S3:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"""
_NO_CALLS = ("elasticache:Connect", "elasticfilesystem:Client", "iam:PassRole", "rds-db:connect")
"""Rights that are used within another connection."""
_BY_LAMBDA = ("ec2", "logs", "xray")
"""What Lambda calls with a function's role, outside of the function's network:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""


class Paths:
    """The paths of one platform. `used` are the rules that some needed path goes through."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._network = Network(platform)
        self.used: set[Resource] = set()

    def findings(self) -> Iterator[Finding]:
        """All that is cut, and all that is open without need."""
        for holder in self._network.holders:
            if holder.resource.type in _RUNS:
                yield from self._needs(holder)
        yield from self._entry()
        yield from self._names()
        yield from self._forbidden()

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
        for server in self._network.holders:
            file_systems = self._meant(server.resource, server.resource.values.get("file_system_id"))
            if server.port and not known.isdisjoint([server.resource, *file_systems]):
                yield from self._between(client, server, server.port)
            if server.resource.type == "aws_vpc_endpoint":  # whoever needs one of them may use them all
                list(self._between(client, server, 443))
        for service in sorted(self._services(client, policies)):
            yield from self._to_service(client, service)
        for rule in self._network.rules(client.groups, "egress"):
            if not rule.values.get("referenced_security_group_id") and self._outbound(client):
                self.used.add(rule)
                # Of a prefix list nobody knows here where it leads.
                if block := rule.values.get("cidr_ipv4"):
                    yield from self._to_outside(client, IPv4Network(block), rule)

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
                path = self._network.to_gateway(client, endpoint)
                yield from self._follow(client, endpoint.address, 443, path)
        for server in self._network.holders:
            if server.resource in endpoints:
                yield from self._between(client, server, 443)
        if not endpoints:
            rules = [r for r in self._network.rules(client.groups, "egress") if covers(r, 443, EVERYWHERE)]
            self.used.update(rules)
            if not rules:
                yield self._cut(
                    client, service, 443, f"no endpoint of it, and no egress rule of {names(client.groups)}"
                )
            for rule in rules:
                yield from self._to_outside(client, EVERYWHERE, rule)

    def _entry(self) -> Iterator[Finding]:
        held = {holder.resource: holder for holder in self._network.holders}
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
                if balancer.values.get(switch) != "off" and not self._network.rules(held[balancer].groups, "ingress"):
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

    def _follow(self, client: Holder, target: str, port: int, path: Path) -> Iterator[Finding]:
        self.used.update(path.rules)
        for reason in path.cuts:
            yield self._cut(client, target, port, reason)

    def _between(self, client: Holder, server: Holder, port: int) -> Iterator[Finding]:
        path = self._network.between(client, server, port)
        return self._follow(client, server.resource.address, port, path)

    def _to_outside(self, client: Holder, outside: IPv4Network, rule: Resource) -> Iterator[Finding]:
        port = int(rule.values.get("from_port") or 443)
        return self._follow(client, str(outside), port, self._network.to_outside(client, outside, rule))

    def _cut(self, client: Holder, target: str, port: int, reason: str) -> Finding:
        return client.resource.finding("PATH", f"cannot reach {target} on tcp {port}: {reason}", f"{target}:{port}")

    # --- what must not be

    def _forbidden(self) -> Iterator[Finding]:
        vpcs = [cidr(vpc) for vpc in self._platform.all("aws_vpc")]
        for rule in self._platform.all("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
            block = rule.values.get("cidr_ipv4")
            if "ingress" in rule.type and block and not any(IPv4Network(block).subnet_of(vpc) for vpc in vpcs):
                yield rule.finding("PATH", f"lets {block} in, which is outside of the network")
            elif rule not in self.used:
                yield rule.finding("PATH", "opens a path that nothing needs")
        for holder in self._network.holders:
            serves = holder.port and holder.resource.type not in (*_RUNS, "aws_vpc_endpoint")
            for subnet in holder.subnets:
                if self._network.gateways(subnet, EVERYWHERE, "gateway_id"):
                    message = f"{subnet.address} has a route to the internet gateway: the internet reaches it"
                    yield holder.resource.finding("PATH", message, subnet.id)
                elif serves and (routes := self._network.routes(subnet)):
                    ways = ", ".join(str(route.get("destination_cidr_block")) for route in routes)
                    yield holder.resource.finding("PATH", f"{subnet.address} has routes out ({ways})", subnet.id)


def run(platforms: Iterable[Platform]) -> list[Finding]:
    """Of each platform what is cut, and what is open without need."""
    found: list[Finding] = []
    for platform in platforms:
        try:
            found += dict.fromkeys(Paths(platform).findings())
        except (KeyError, ValueError) as error:
            raise SynthesisError(f"the network of {platform.name} cannot be followed: {error!r}") from error
    return found
