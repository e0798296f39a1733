"""The VPC of an environment, its flow log and the key of all its logs."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from environments import Environment
from modules.encryption import EncryptionKey
from modules.flow_log import VpcFlowLog
from modules.network import Network
from stacks.base import BaseStack


class NetworkStack(BaseStack):
    """Offers `network` (VPC, subnets, route tables, subnet groups) and `logs_key_arn` to later stacks.

    The key of the logs lies here because every stack that writes a log comes after this one.
    """

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        super().__init__(scope, f"{environment.name}-network", environment=environment, component="network")
        self.network = Network(
            self,
            "network",
            settings=environment.network,
            zones=environment.zones,
            names=self.names,
            account=self.account,
        )
        key = EncryptionKey(
            self,
            "logs-key",
            settings=environment.encryption,
            account=self.account,
            alias=self.names.name("logs"),
            description=f"Log groups of {environment.name}",
            via_services=[],
            service_principals=["logs"],
        )
        self.logs_key_arn = key.arn
        VpcFlowLog(
            self,
            "flow-log",
            vpc_id=self.network.vpc_id,
            traffic=environment.network.flow_log_traffic,
            retention_days=environment.logs.retention_days,
            key_arn=key.arn,
            names=self.names,
            account=self.account,
        )
        TerraformOutput(self, "vpc_id", value=self.network.vpc_id, description="The VPC")
        for tier in ("public", "private", "data"):
            TerraformOutput(
                self, f"{tier}_subnet_ids", value=self.network.subnet_ids(tier), description=f"The {tier} subnets"
            )
