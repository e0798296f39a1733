"""The application's database credentials: the secret, who may use it, and its rotation."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.rotation import (
    ApplicationSecret,
    MasterSecretPolicy,
    RotationPath,
    RotationPermissions,
    RotationWatch,
    SecretRotation,
)
from modules.service import secret_readers
from settings import Environment
from stacks.base import BaseStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.network import NetworkStack
from stacks.rotation import RotationStack


class SecretsStack(BaseStack):
    """Offers `secret_arn` to the service, and `rotation_failed_rule` and `rotation_function` for alarms.

    It comes after data (with all instances), rotation and egress, because enabling rotation starts the first rotation,
    which calls AWS. The secret's policy names the service's roles, which are created later.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        rotation: RotationStack,
        data: DataStack,
        egress: EgressStack,
        network: NetworkStack,
    ) -> None:
        super().__init__(scope, f"{environment.name}-secrets", environment=environment, component="secrets")
        # Without endpoints, no attribute of egress is used here, but the function calls AWS through NAT.
        self.add_dependency(egress)
        function, database = rotation.function, data.database
        self.rotation_function = function
        secret = ApplicationSecret(
            self,
            "database",
            settings=environment.rotation,
            protected=environment.protected,
            names=self.names,
            database=database,
            key_arn=network.keys.secrets,
            reader_role_arns=[
                function.role_arn,
                *secret_readers(environment.service, self.names, self.account, environment.workloads),
            ],
        )
        self.secret_arn = secret.arn
        master = MasterSecretPolicy(
            self,
            "master",
            settings=environment.rotation,
            account=self.account,
            secret_arn=database.master_secret_arn,
            reader_role_arn=function.role_arn,
        )
        permissions = RotationPermissions(
            self,
            "permissions",
            function=function,
            account=self.account,
            database=database,
            data_key_arn=network.keys.data,
            secret_arn=secret.arn,
            secret_key_arn=network.keys.secrets,
        )
        path = RotationPath(
            self,
            "path",
            settings=environment.network,
            function_group_id=function.security_group_id,
            database=database,
            endpoint_group_id=egress.endpoint_security_group_id,
        )
        SecretRotation(
            self,
            "rotation",
            settings=environment.rotation,
            function=function,
            secret_arn=secret.arn,
            facts=secret.facts,
            instances=[instance.arn for instance in database.instances],
            waits_for=[secret.version, secret.policy, master.policy, *permissions.all, *path.all],
        )
        self.rotation_failed_rule = RotationWatch(
            self, "watch", function=function, names=self.names, secret_arn=secret.arn
        ).failure_rule
        TerraformOutput(self, "secret_arn", value=self.secret_arn, description="The application's database secret")
        TerraformOutput(self, "secrets_key_arn", value=network.keys.secrets, description="The key it is encrypted with")
