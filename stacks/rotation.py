"""The function that rotates database credentials; it does not depend on the database."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.rotation import CodePackage, RotationFunction
from settings import Environment
from stacks.base import BaseStack
from stacks.network import NetworkStack


class RotationStack(BaseStack):
    """Offers `function` (ARN, name, hash of the code, role, security group) to the secrets stack.

    Separate from the database, because its first network interface takes minutes and needs only the network.
    """

    def __init__(
        self, scope: Construct, *, environment: Environment, network: NetworkStack, package: CodePackage
    ) -> None:
        super().__init__(scope, f"{environment.name}-rotation", environment=environment, component="rotation")
        self.function = RotationFunction(
            self,
            "function",
            settings=environment.rotation,
            package=package,
            place=self.place(network.keys.logs),
            vpc_id=network.vpc.vpc_id,
            subnet_ids=network.vpc.subnet_ids("private"),
        )
        TerraformOutput(self, "function_name", value=self.function.name, description="The rotation function")
