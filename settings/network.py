"""Table `network`: the VPC, and how its private subnets reach the internet and AWS. Its types and rules."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from settings.base import Settings
from settings.broken import Broken
from settings.cidr import ALLOWED_VPC, vpc_fault

# An interface endpoint costs about 7 USD a month per zone. Code in the private subnets calls these services: the
# rotation Lambda (secretsmanager), image pull (ecr.*), logs, metrics, traces, shells (ssmmessages).
EndpointService = Literal[
    "secretsmanager",
    "kms",
    "ecr.api",
    "ecr.dkr",
    "logs",
    "monitoring",
    "xray",
    "elasticfilesystem",
    "ssm",
    "sts",
    "ssmmessages",
    "sqs",
    "states",
]


def _vpc_cidr(value: str) -> str:
    if vpc_fault(value):
        raise PydanticCustomError("cidr", "not usable as VPC CIDR")
    return value


class NetworkSettings(Settings):
    """One VPC with public, private and data subnets in every zone, and its egress."""

    cidr: Annotated[str, AfterValidator(_vpc_cidr), Field(description=ALLOWED_VPC)]
    reserved_cidrs: tuple[str, ...] = Field(
        default=(),
        description="CIDR blocks that the VPC must not overlap, such as those of an office or of peered VPCs",
    )
    nat: Literal["none", "single", "per_zone"] = Field(
        description='"none" (only VPC endpoints), "single" (one gateway; if its zone fails, egress fails) or "per_zone"'
    )
    interface_endpoints: tuple[EndpointService, ...] = Field(
        description=f"AWS services that get an interface endpoint: {', '.join(typing.get_args(EndpointService))}"
    )
    flow_log_traffic: Literal["ALL", "ACCEPT", "REJECT"] = Field(
        default="ALL", description='"ALL", "ACCEPT" or "REJECT"; PCI DSS 10.2 requires ALL'
    )


def _reserved_networks(network: NetworkSettings) -> Iterator[Broken]:
    vpc = IPv4Network(network.cidr)
    for block in network.reserved_cidrs:
        try:
            overlaps = IPv4Network(block).overlaps(vpc)
        except ValueError:
            yield Broken("network.reserved_cidrs", block, "IPv4 blocks without host bits", "correct the block")
            continue
        if overlaps:
            yield Broken("network.cidr", network.cidr, f"a block that does not overlap {block}", "choose another block")


def _way_out(network: NetworkSettings) -> Iterator[Broken]:
    needed = {"secretsmanager", "monitoring", "logs", "ecr.api", "ecr.dkr"} - set(network.interface_endpoints)
    if network.nat == "none" and needed:
        yield Broken(
            "network.interface_endpoints",
            list(network.interface_endpoints),
            f'with nat = "none" also {", ".join(sorted(needed))}, which tasks and the rotation function call',
            "add them, or change nat",
        )
    if len(set(network.interface_endpoints)) != len(network.interface_endpoints):
        yield Broken(
            "network.interface_endpoints",
            list(network.interface_endpoints),
            "each service once",
            "delete the duplicates",
        )


# Run by `settings.rules` with those of the other tables.
RULES = (_reserved_networks, _way_out)
