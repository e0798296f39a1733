"""Egress from an environment's private subnets."""

from __future__ import annotations

from constructs import Construct

from modules.network import InterfaceEndpoints, NatGateways
from settings import Environment
from stacks.base import BaseStack
from stacks.network import NetworkStack


class EgressStack(BaseStack):
    """NAT gateways and interface endpoints.

    They are not in the network stack, because they take minutes and the data stack does not need them. Offers
    `nat_gateway_ids` and `endpoint_security_group_id`, which is None without interface endpoints.
    """

    def __init__(self, scope: Construct, *, environment: Environment, network: NetworkStack) -> None:
        super().__init__(scope, f"{environment.name}-egress", environment=environment, component="egress")
        self.nat_gateway_ids = NatGateways(
            self,
            "nat",
            settings=environment.network,
            names=self.names,
            public_subnet_ids=network.vpc.subnet_ids_by_zone("public"),
            private_route_table_ids=network.vpc.private_route_table_ids,
        ).ids
        endpoints = InterfaceEndpoints(
            self,
            "endpoints",
            settings=environment.network,
            names=self.names,
            account=self.account,
            vpc_id=network.vpc.vpc_id,
            subnet_ids=network.vpc.subnet_ids("private"),
        )
        self.endpoint_security_group_id = endpoints.security_group_id
