"""A path that is needed and cut is found, with what is missing; so is one that nobody may have."""

from __future__ import annotations

from typing import Any

import pytest
from json_changes import Change, Stacks, add, changed, gone, put

from tools.scan import paths
from tools.scan.gate import scan
from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform

_ACL = "aws_network_acl.network_network-acls_"
_IN, _OUT = "aws_vpc_security_group_ingress_rule.", "aws_vpc_security_group_egress_rule."
_VPC = "10.31.0.0/16"
_WORLD = {"from_port": 443, "to_port": 443, "ip_protocol": "tcp", "description": "x"}


def _entry(cidr: str, ports: tuple[int, int], action: str = "allow", number: int = 100) -> dict[str, Any]:
    return {"action": action, "cidr_block": cidr, "protocol": "tcp", "rule_no": number, "from_port": ports[0],
            "to_port": ports[1]}  # fmt: skip


def _both(*changes: Change) -> Change:
    def change(stacks: Stacks) -> None:
        for each in changes:
            each(stacks)

    return change


def _reference(platform_stack: str, address: str) -> Any:
    """The full reference to a resource of the same stack."""

    def find(stacks: Stacks) -> str:
        type_, _, id_ = address.partition(".")
        resources = next(content for name, content in stacks.items() if name.endswith(f"-{platform_stack}"))["resource"]
        return "${" + f"{type_}.{next(each for each in resources[type_] if each.rpartition('_')[0] == id_)}.id" + "}"

    return find


def _refer(address: str, path: str, stack: str, target: str) -> Change:
    return lambda stacks: put(address, path, _reference(stack, target)(stacks))(stacks)


# what is cut -> the change, who says so, and what is missing
CUT: dict[str, tuple[Change, str, str]] = {
    "the function's rule to the database": (
        gone(f"{_OUT}path_to-database*"), "aws_lambda_function.function",
        "cannot reach aws_rds_cluster.database_cluster* on tcp 5432: no egress rule of aws_security_group.function_",
    ),
    "the database's rule for the function": (
        gone(f"{_IN}path_into-database*"), "aws_lambda_function.function",
        "no ingress rule of aws_security_group.database_security-group* lets aws_security_group.function_",
    ),
    "the endpoints' rule for the tasks": (
        gone(f"{_IN}service_path_service-endpoints-in*"), "aws_ecs_service.service",
        "no ingress rule of aws_security_group.endpoints_",
    ),
    "the function's rule to the endpoints": (
        gone(f"{_OUT}path_to-endpoints*"), "aws_lambda_function.function",
        "cannot reach aws_vpc_endpoint.endpoints_secretsmanager* on tcp 443: no egress rule",
    ),
    "the cache's port in a rule": (
        _both(*(put(f"{_IN}service_path_service-redis-in", f"{end}_port", 6380) for end in ("from", "to"))),
        "aws_ecs_service.worker-orders_service",
        "cannot reach aws_elasticache_replication_group.cache_replication-group* on tcp 6379: no ingress rule of "
        "aws_security_group.cache_",
    ),
    "the rule to the file system": (
        gone(f"{_OUT}service_path_service-files-out*"), "aws_ecs_service.service", "on tcp 2049: no egress rule",
    ),
    "the load balancer's rule to the task": (
        put(f"{_OUT}service_path_load-balancer-service-out", "to_port", 8079), "aws_lb.entry_load-balancer",
        "cannot reach aws_ecs_service.service* on tcp 8080: no egress rule of aws_security_group.entry_",
    ),
    "a port of the data subnets' list": (
        put(f"{_ACL}data", "ingress", [_entry(_VPC, (0, 5431)), _entry(_VPC, (5433, 65535), number=110)]),
        "aws_lambda_function.function", "ingress of aws_network_acl.network_network-acls_data* does not let tcp 5432",
    ),
    "answers in the data subnets' list": (
        put(f"{_ACL}data", "egress", [_entry(_VPC, (0, 32767))]),
        "aws_ecs_service.service", "egress of aws_network_acl.network_network-acls_data* does not let tcp 1024-65535",
    ),
    "a denial before the rule that allows": (
        put(f"{_ACL}private", "egress.+", _entry(_VPC, (6379, 6379), "deny", 50)),
        "aws_ecs_service.service", "egress of aws_network_acl.network_network-acls_private* does not let tcp 6379-6379",
    ),
    "answers from the internet": (
        put(f"{_ACL}private", "ingress.1", None), "aws_ecs_service.service",
        "cannot reach 0.0.0.0/0 on tcp 443: ingress of aws_network_acl.network_network-acls_private* does not let",
    ),
    "subnets' list": (
        put(f"{_ACL}data", "subnet_ids", []), "aws_ecs_service.service",
        "ingress of the default network ACL does not let tcp 5432-5432 of 10.31.",
    ),
    "the endpoint's group": (
        put("aws_vpc_endpoint.endpoints_secretsmanager", "security_group_ids",
            ["${data.terraform_remote_state.cross-stack-reference-input-globecart-prod-data.outputs."
             "cross-stack-output-aws_security_groupdatabase_security-group_BF0DE645id}"]),
        "aws_lambda_function.function", "reach aws_vpc_endpoint.endpoints_secretsmanager* on tcp 443: no egress rule",
    ),
    "the group of a mount target": (
        _refer("aws_efs_mount_target.storage_mount-target-ca-central-1b", "security_groups.0", "data",
               "aws_security_group.database_security-group"),
        "aws_ecs_service.service", "cannot reach aws_efs_mount_target.storage_mount-target-ca-central-1b* on tcp 2049",
    ),
    "a table of S3's endpoint": (
        put("aws_vpc_endpoint.network_s3-endpoint", "route_table_ids.0", None), "aws_ecs_service.service",
        "cannot reach aws_vpc_endpoint.network_s3-endpoint* on tcp 443: route_table_ids has not the table of",
    ),
    "S3's prefix list": (
        gone(f"{_OUT}service_path_to-s3*", f"{_OUT}service_path_to-world*"), "aws_ecs_service.service",
        "network_s3-endpoint* on tcp 443: no egress rule of aws_security_group.service_path_* has its prefix list",
    ),
    "a route to NAT": (
        gone("aws_route.nat_route-ca-central-1b*"), "aws_ecs_service.service",
        "cannot reach 0.0.0.0/0 on tcp 443: no route of aws_subnet.network_private-subnet-ca-central-1b* leads to a",
    ),
    "the public route": (
        gone("aws_route.network_public-route*"), "aws_ecs_service.service",
        "no route of aws_subnet.network_public-subnet-ca-central-1a* leads to an internet gateway",
    ),
    "a subnet's table": (
        gone("aws_route_table_association.network_private-association-ca-central-1a*"), "aws_ecs_service.service",
        "no route of aws_subnet.network_private-subnet-ca-central-1a* leads to a NAT gateway",
    ),
    "an endpoint without NAT": (
        _both(gone("aws_vpc_endpoint.endpoints_monitoring*"), gone(f"{_OUT}service_path_to-world*")),
        "aws_lambda_function.function", "cannot reach monitoring on tcp 443: no endpoint of it, and no",
    ),
    "names": (put("aws_vpc.network_vpc", "enable_dns_support", False), "aws_vpc.network_vpc", "enable_dns_support"),
    "names of endpoints": (
        put("aws_vpc_endpoint.endpoints_logs", "private_dns_enabled", False), "aws_vpc_endpoint.endpoints_logs",
        "private_dns_enabled must be true",
    ),
    "the link to the load balancer": (
        put("aws_lb.entry_load-balancer", "enforce_security_group_inbound_rules_on_private_link_traffic", "on"),
        "aws_api_gateway_vpc_link.api_vpc-link", "cannot reach aws_lb.entry_load-balancer*: its groups let nobody in",
    ),
}  # fmt: skip

OPEN: dict[str, tuple[Change, str, str]] = {
    "the internet to the tasks": (
        put(f"{_IN}service_path_load-balancer-service-in", "cidr_ipv4", "0.0.0.0/0"),
        f"{_IN}service_path_load-balancer-service-in", "lets 0.0.0.0/0 in, which is outside of the network",
    ),
    "the data subnets to the internet": (
        put("aws_route_table.network_data-route-table", "route", [{"cidr_block": "0.0.0.0/0"}]),
        "aws_rds_cluster.database_cluster", "aws_subnet.network_data-subnet-ca-central-1a* has routes out (0.0.0.0/0)",
    ),
    "the internet to private subnets": (
        _refer("aws_route_table_association.network_private-association-ca-central-1a", "route_table_id", "network",
               "aws_route_table.network_public-route-table"),
        "aws_ecs_service.service", "has a route to the internet gateway: the internet reaches it",
    ),
    "the function to the world": (
        lambda stacks: add("rotation", _OUT.rstrip("."), cidr_ipv4="0.0.0.0/0", **_WORLD, security_group_id=_reference(
            "rotation", "aws_security_group.function_security-group")(stacks))(stacks),
        f"{_OUT}new", "opens a path that nothing needs",
    ),
    "the database to the world": (
        lambda stacks: add("data", _OUT.rstrip("."), cidr_ipv4="0.0.0.0/0", **_WORLD, security_group_id=_reference(
            "data", "aws_security_group.database_security-group")(stacks))(stacks),
        f"{_OUT}new", "opens a path that nothing needs",
    ),
    "the cache to the database": (
        lambda stacks: add("data", _IN.rstrip("."), **{**_WORLD, "from_port": 5432, "to_port": 5432},
            security_group_id=_reference("data", "aws_security_group.database_security-group")(stacks),
            referenced_security_group_id=_reference("data", "aws_security_group.cache_security-group")(stacks))(stacks),
        f"{_IN}new", "opens a path that nothing needs",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*CUT, *OPEN])
def test_it_is_found_and_named(production: Platform, name: str) -> None:
    change, address, text = {**CUT, **OPEN}[name]
    parts = text.split("*")

    found = paths.run([changed(production, change)])

    said = [f.message for f in found if f.check == "PATH" and f.address.startswith(address)]
    assert [message for message in said if all(part in message for part in parts)], said


def test_nothing_is_found_in_what_is_shipped(platforms: list[Platform]) -> None:
    assert paths.run(platforms) == []
    assert all(len(network.used) > 10 for platform in platforms for network in [_followed(platform)])


def _followed(platform: Platform) -> paths.Paths:
    network = paths.Paths(platform)
    list(network.findings())
    return network


def test_the_scan_asks(production: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scanners", "values"):
        monkeypatch.setattr(f"tools.scan.{name}.run", lambda platforms: [])

    failures = scan([changed(production, CUT["a route to NAT"][0])]).failures

    assert "PATH" in {failure.check for failure in failures}


def test_a_network_that_cannot_be_read_is_an_error(production: Platform) -> None:
    broken = changed(production, put("aws_vpc.network_vpc", "cidr_block", "10.0.0.0/33"))

    with pytest.raises(SynthesisError, match="the network of globecart-prod cannot be followed"):
        paths.run([broken])


def test_there_are_enough() -> None:
    assert len(CUT) >= 10
    assert len(OPEN) >= 4
