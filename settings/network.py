"""Settings of the network and egress stacks."""

from __future__ import annotations

import typing
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from settings.base import Settings
from settings.cidr import ALLOWED_VPC, vpc_fault

# Interface endpoints cost about 7 USD a month and zone each. These are the services that code in the private
# subnets calls: the rotation Lambda (secretsmanager), image pull (ecr.*), logs, metrics and traces.
EndpointService = Literal[
    "secretsmanager", "kms", "ecr.api", "ecr.dkr", "logs", "monitoring", "xray", "elasticfilesystem", "ssm", "sts"
]


def _vpc_cidr(value: str) -> str:
    if vpc_fault(value):
        raise PydanticCustomError("cidr", "not usable as VPC CIDR")
    return value


class NetworkSettings(Settings):
    """One VPC with public, private and data subnets in every zone, and its way out."""

    cidr: Annotated[str, AfterValidator(_vpc_cidr), Field(description=ALLOWED_VPC)]
    reserved_cidrs: tuple[str, ...] = Field(
        default=(),
        description="CIDR blocks that this VPC must not overlap, because it may be connected to them (office, peers)",
    )
    nat: Literal["none", "single", "per_zone"] = Field(
        description='"none" (endpoints only), "single" (one gateway, a zone failure cuts egress) or "per_zone"'
    )
    interface_endpoints: tuple[EndpointService, ...] = Field(
        description=f"AWS services reached by an interface endpoint: {', '.join(typing.get_args(EndpointService))}"
    )
    flow_log_traffic: Literal["ALL", "ACCEPT", "REJECT"] = Field(
        default="ALL", description='"ALL", "ACCEPT" or "REJECT"; PCI DSS 10.2 wants ALL'
    )
