"""Who may reach what: security groups, access lists, routes, addresses."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import leaves, listed, lookup

_WORLD = {"0.0.0.0/0", "::/0"}
_INGRESS, _EGRESS = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"
_GROUPS = ("aws_security_group", "aws_default_security_group")
# What a call out may be: HTTPS to AWS and to partners.
_OUTWARD_PORT = 443
_PUBLIC_SWITCHES = {
    "map_public_ip_on_launch", "associate_public_ip_address", "assign_public_ip", "publicly_accessible",
}  # fmt: skip
_ROUTES_OUT = ("gateway_id", "nat_gateway_id", "egress_only_gateway_id", "vpc_peering_connection_id",
               "transit_gateway_id", "network_interface_id")  # fmt: skip


def _inline_rules(platform: Platform) -> Iterator[Finding]:
    for group in platform.all(*_GROUPS):
        for key in ("ingress", "egress"):
            if group.values.get(key):
                yield group.finding("GROUP_INLINE", f"{key} rules are resources of their own")
    for rule in platform.all("aws_security_group_rule"):
        yield rule.finding("GROUP_INLINE", f"use {_INGRESS} or {_EGRESS}")


def _ingress(platform: Platform) -> Iterator[Finding]:
    for rule in platform.all(_INGRESS):
        sources = platform.referred(rule.stack, rule.values.get("referenced_security_group_id"))
        if any(rule.values.get(key) for key in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id")):
            yield rule.finding("GROUP_SOURCE", "must admit a security group, not addresses")
        elif not any(source.type == "aws_security_group" for source in sources):
            yield rule.finding("GROUP_SOURCE", "must name referenced_security_group_id")


def _ports(platform: Platform) -> Iterator[Finding]:
    for rule in platform.all(_INGRESS, _EGRESS):
        first, last = rule.values.get("from_port"), rule.values.get("to_port")
        if rule.values.get("ip_protocol") not in ("tcp", "udp") or first is None or first != last:
            yield rule.finding("GROUP_PORT", "must open one TCP or UDP port, not a range or every protocol")


def _egress(platform: Platform) -> Iterator[Finding]:
    for rule in platform.all(_EGRESS):
        world = _WORLD & {rule.values.get("cidr_ipv4"), rule.values.get("cidr_ipv6")}
        if world and rule.values.get("to_port") != _OUTWARD_PORT:
            yield rule.finding("GROUP_EGRESS", f"may go anywhere by HTTPS ({_OUTWARD_PORT}) only")
        if not world and not rule.values.get("referenced_security_group_id") and not rule.values.get("prefix_list_id"):
            yield rule.finding("GROUP_EGRESS", "must name referenced_security_group_id or prefix_list_id")


def _described(platform: Platform) -> Iterator[Finding]:
    for rule in platform.all(_INGRESS, _EGRESS):
        if not str(rule.values.get("description") or "").strip():
            yield rule.finding("GROUP_REASON", "must say in its description who calls whom")
        if not platform.referred(rule.stack, rule.values.get("security_group_id")):
            yield rule.finding("GROUP_REASON", "must belong to a group of this environment")


def _defaults(platform: Platform) -> Iterator[Finding]:
    for vpc in platform.all("aws_vpc"):
        for type_, through in (
            ("aws_default_security_group", "vpc_id"),
            ("aws_default_network_acl", "default_network_acl_id"),
        ):
            if not platform.referring(vpc, type_, through=through):
                yield vpc.finding("VPC_DEFAULTS", f"its defaults must be emptied by an {type_}")
    for acl in platform.all("aws_default_network_acl"):
        if acl.values.get("ingress") or acl.values.get("egress"):
            yield acl.finding("VPC_DEFAULTS", "must let nothing pass")


def _tier(subnet: Resource) -> str:
    return str((subnet.values.get("tags") or {}).get("Tier", ""))


def _routes(platform: Platform) -> Iterator[Finding]:
    tiers: dict[Resource, set[str]] = {}
    for association in platform.all("aws_route_table_association"):
        for table in platform.referred(association.stack, association.values.get("route_table_id")):
            subnets = platform.referred(association.stack, association.values.get("subnet_id"))
            tiers.setdefault(table, set()).update(map(_tier, subnets))
    for route in platform.all("aws_route"):
        for table in platform.referred(route.stack, route.values.get("route_table_id")):
            found = tiers.get(table, set())
            if "data" in found and any(route.values.get(key) for key in _ROUTES_OUT):
                yield route.finding("ROUTE_DATA", "data subnets have no way out")
            gateways = platform.referred(route.stack, route.values.get("gateway_id"))
            if any(gateway.type == "aws_internet_gateway" for gateway in gateways) and found - {"public"}:
                yield route.finding("ROUTE_PUBLIC", "only public subnets reach the internet gateway")
    for table in platform.all("aws_route_table", "aws_default_route_table"):
        if table.values.get("route"):
            yield table.finding("ROUTE_DATA", "routes are resources of their own")
    with_table = {
        subnet
        for association in platform.all("aws_route_table_association")
        for subnet in platform.referred(association.stack, association.values.get("subnet_id"))
        if platform.referred(association.stack, association.values.get("route_table_id"))
    }
    for subnet in platform.all("aws_subnet"):
        if subnet not in with_table or _tier(subnet) not in ("public", "private", "data"):
            yield subnet.finding("ROUTE_DATA", "must have a tier and a route table of its own")


def _data_subnets(platform: Platform) -> Iterator[Finding]:
    for holder in platform.all("aws_db_subnet_group", "aws_elasticache_subnet_group", "aws_efs_mount_target"):
        value = holder.values.get("subnet_ids", holder.values.get("subnet_id"))
        subnets = [platform.referred(holder.stack, item) for item in listed(value)]
        if not subnets or any([_tier(subnet) for subnet in found] != ["data"] for found in subnets):
            yield holder.finding("DATA_SUBNETS", "holds data: must lie in data subnets only")
    for service in platform.all("aws_ecs_service", "aws_lambda_function", "aws_lb"):
        values = lookup(service.values, "network_configuration.subnets")
        values += lookup(service.values, "vpc_config.subnet_ids") + lookup(service.values, "subnets")
        named = [platform.referred(service.stack, item) for value in values for item in listed(value)]
        if any([_tier(subnet) for subnet in found] != ["private"] for found in named):
            yield service.finding("DATA_SUBNETS", "must lie in private subnets")


def _access_lists(platform: Platform) -> Iterator[Finding]:
    covered = set()
    for acl in platform.all("aws_network_acl"):
        subnets = platform.referred(acl.stack, acl.values.get("subnet_ids"))
        covered.update(subnets)
        for direction in ("ingress", "egress"):
            for rule in acl.values.get(direction) or []:
                world = _WORLD & {rule.get("cidr_block"), rule.get("ipv6_cidr_block")}
                if not world or rule.get("action") == "deny":
                    continue
                if any(_tier(subnet) == "data" for subnet in subnets):
                    yield acl.finding("ACL_DATA", f"{direction}: data subnets talk within the VPC only")
                if str(rule.get("protocol")) not in ("tcp", "6"):
                    yield acl.finding("ACL_WORLD", f"{direction}: may pass TCP only between here and the world")
                if direction == "ingress" and int(rule.get("from_port") or 0) < 1024:
                    yield acl.finding("ACL_WORLD", "ingress: may let in answers only, from port 1024")
    for subnet in platform.all("aws_subnet"):
        if subnet not in covered:
            yield subnet.finding("ACL_COVERS", "must have a network access list")


def _public_switches(platform: Platform) -> Iterator[Finding]:
    for resource in platform.subjects:
        for path, value in leaves(resource.arguments):
            if path and path[-1] in _PUBLIC_SWITCHES and value in (True, "true"):
                yield resource.finding("PUBLIC_ADDRESS", f"{'.'.join(map(str, path))} must not be true")


def _addresses(platform: Platform) -> Iterator[Finding]:
    used = {
        address
        for gateway in platform.all("aws_nat_gateway")
        for address in platform.referred(gateway.stack, gateway.values.get("allocation_id"))
    }
    for address in platform.all("aws_eip"):
        if address not in used:
            yield address.finding("PUBLIC_ADDRESS", "only NAT gateways have a public address")


def _flow_logs(platform: Platform) -> Iterator[Finding]:
    for vpc in platform.all("aws_vpc"):
        if not platform.referring(vpc, "aws_flow_log", through="vpc_id"):
            yield vpc.finding("FLOW_LOG", "must have a flow log")


def _endpoints(platform: Platform) -> Iterator[Finding]:
    for endpoint in platform.all("aws_vpc_endpoint"):
        if endpoint.values.get("vpc_endpoint_type") == "Interface":
            groups = platform.referred(endpoint.stack, endpoint.values.get("security_group_ids"))
            if not any(group.type == "aws_security_group" for group in groups):
                yield endpoint.finding("ENDPOINT_GROUP", "must have a security group of its own, not the default one")
            if endpoint.values.get("private_dns_enabled") is not True:
                yield endpoint.finding("ENDPOINT_GROUP", "private_dns_enabled must be true, or calls leave the VPC")


def _listeners(platform: Platform) -> Iterator[Finding]:
    for listener in platform.all("aws_lb_listener"):
        protocol, policy = listener.values.get("protocol"), str(listener.values.get("ssl_policy", ""))
        if protocol not in ("TLS", "HTTPS"):
            yield listener.finding("LISTENER_TLS", f"speaks {protocol}: must speak TLS")
        elif "TLS13" not in policy and "TLS-1-2" not in policy:
            yield listener.finding("LISTENER_TLS", "ssl_policy must be of TLS 1.2 or newer")
        elif f":{platform.account_id}:certificate/" not in str(listener.values.get("certificate_arn")):
            yield listener.finding("LISTENER_TLS", "must show a certificate of this account")
    for balancer in platform.all("aws_lb"):
        if balancer.values.get("load_balancer_type") == "network":
            continue
        if balancer.values.get("drop_invalid_header_fields") is not True:
            yield balancer.finding("LB_HEADERS", "drop_invalid_header_fields must be true")


CHECKS = (
    Check("GROUP_INLINE", "Security groups have no rules inside", ("1.2.5", "1.3"), _GROUPS, _inline_rules),
    Check("GROUP_SOURCE", "Every way in names the caller's group", ("1.3.1", "1.4"), (_INGRESS,), _ingress),
    Check("GROUP_PORT", "Every rule opens one port", ("1.2.5", "1.3"), (_INGRESS, _EGRESS), _ports),
    Check("GROUP_EGRESS", "Ways out name a group, or are HTTPS", ("1.3.2",), (_EGRESS,), _egress),
    Check("GROUP_REASON", "Every rule says who calls whom", ("1.2.5",), (_INGRESS, _EGRESS), _described),
    Check("VPC_DEFAULTS", "Default group and access list of the VPC are emptied", ("2.2.2",),
          ("aws_default_security_group", "aws_default_network_acl"), _defaults),
    Check("ROUTE_DATA", "Data subnets have no route out, others only their own", ("1.4.4",),
          ("aws_route_table", "aws_route"), _routes),
    Check("DATA_SUBNETS", "Data lies in data subnets, what computes in private ones", ("1.4.4",),
          ("aws_db_subnet_group", "aws_elasticache_subnet_group", "aws_efs_mount_target", "aws_lb", "aws_ecs_service"),
          _data_subnets),
    Check("ACL_DATA", "Access lists of all subnets; those of data pass nothing of the world", ("1.3", "1.4.4"),
          ("aws_network_acl",), _access_lists),
    Check("PUBLIC_ADDRESS", "Nothing asks for a public address", ("1.4.4",), ("aws_subnet", "aws_rds_cluster_instance"),
          _public_switches),
    Check("PUBLIC_ADDRESS", "Public addresses are those of NAT gateways", ("1.4.4",), ("aws_eip",), _addresses),
    Check("FLOW_LOG", "Every VPC has a flow log", ("10.2",), ("aws_flow_log",), _flow_logs),
    Check("ENDPOINT_GROUP", "Interface endpoints have their own group and private names", ("1.3",),
          ("aws_vpc_endpoint",), _endpoints),
    Check("LISTENER_TLS", "Load balancers speak TLS 1.2+", ("4.2.1",), ("aws_lb_listener", "aws_lb"), _listeners),
)  # fmt: skip
