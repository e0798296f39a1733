"""The VPC of an environment, its flow log, and the keys of all later stacks."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.common.keys import EnvironmentKeys
from modules.monitoring import publishers
from modules.network import Network, VpcFlowLog
from settings import Environment
from stacks.base import BaseStack


class NetworkStack(BaseStack):
    """Offers `vpc` (subnets, route tables, subnet groups) and `keys` to later stacks.

    A key takes 20 seconds. Here all keys are created in parallel, not one after the other in data, secrets and
    monitoring, which makes the first deployment a minute faster. A separate stack would be one more to wait for.
    """

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        super().__init__(scope, f"{environment.name}-network", environment=environment, component="network")
        self.vpc = Network(
            self,
            "network",
            settings=environment.network,
            zones=environment.zones,
            names=self.names,
            account=self.account,
        )
        self.keys = EnvironmentKeys(
            self,
            "keys",
            settings=environment.encryption,
            protected=environment.protected,
            alarm_publishers=publishers(environment.monitoring),
            names=self.names,
            account=self.account,
        )
        VpcFlowLog(
            self,
            "flow-log",
            vpc_id=self.vpc.vpc_id,
            traffic=environment.network.flow_log_traffic,
            retention_days=environment.logs.retention_days,
            key_arn=self.keys.logs,
            names=self.names,
            account=self.account,
        )
        TerraformOutput(self, "vpc_id", value=self.vpc.vpc_id, description="The VPC")
        for tier in ("public", "private", "data"):
            TerraformOutput(
                self, f"{tier}_subnet_ids", value=self.vpc.subnet_ids(tier), description=f"The {tier} subnets"
            )
