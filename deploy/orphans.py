"""How something that exists is found for a resource that Terraform wants to create, and its import id.

EC2 resources are found by their tags (every one has the environment's and its own Name), keys by their description,
and all else by its name or by what it belongs to. What a second creation only writes over needs no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deploy import orphans_api
from deploy.asking import Clients, Planned, answer, found_by

# EC2's name of a resource type -> Terraform's. Its id is the import id.
_BY_TAGS = {
    "aws_eip": "elastic-ip",
    "aws_flow_log": "vpc-flow-log",
    "aws_internet_gateway": "internet-gateway",
    "aws_nat_gateway": "natgateway",
    "aws_network_acl": "network-acl",
    "aws_route_table": "route-table",
    "aws_security_group": "security-group",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpc-endpoint",
}
