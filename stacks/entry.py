"""The way to the service within the VPC; apart from the service because a load balancer takes minutes."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.entry import Entry
from modules.network import Network
from settings import Environment
from stacks.base import BaseStack


class EntryStack(BaseStack):
    """Offers `entry`: its target group and security group to the service, its load balancer and URL to the API."""

    def __init__(self, scope: Construct, *, environment: Environment, network: Network) -> None:
        super().__init__(scope, f"{environment.name}-entry", environment=environment, component="entry")
        self.entry = Entry(
            self,
            "entry",
            settings=environment.service,
            host_name=environment.api.service_host_name,
            protected=environment.protected,
            log_retention_days=environment.logs.retention_days,
            names=self.names,
            account=self.account,
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids("private"),
        )
        TerraformOutput(
            self, "base_url", value=self.entry.base_url, description="What API Gateway calls through the VPC link"
        )
