"""The internal load balancer; not in the service stack, because creating it takes minutes."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.entry import Entry
from settings import Environment
from stacks.base import BaseStack
from stacks.network import NetworkStack


class EntryStack(BaseStack):
    """Offers `load_balancer`: its target group and security group for the service, its ARN and URL for the API."""

    def __init__(self, scope: Construct, *, environment: Environment, network: NetworkStack) -> None:
        super().__init__(scope, f"{environment.name}-entry", environment=environment, component="entry")
        self.load_balancer = Entry(
            self,
            "entry",
            settings=environment.service,
            host_name=environment.api.service_host_name,
            place=self.place(network.keys.logs),
            vpc_id=network.vpc.vpc_id,
            subnet_ids=network.vpc.subnet_ids("private"),
        )
        TerraformOutput(
            self,
            "base_url",
            value=self.load_balancer.base_url,
            description="What API Gateway calls through the VPC link",
        )
