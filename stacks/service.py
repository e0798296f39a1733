"""The service, after everything that it needs."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.common.keys import EnvironmentKeys
from modules.network import Network
from modules.service import Service
from settings import Environment
from stacks.base import BaseStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.entry import EntryStack
from stacks.secrets import SecretsStack


class ServiceStack(BaseStack):
    """Offers `service`: its names, security group, log group and the bounds of its task count.

    It comes after the whole of entry (a target group without listener is refused), data (every mount target), secrets
    (the login must have been made) and egress, through which the image is pulled.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        network: Network,
        data: DataStack,
        secrets: SecretsStack,
        egress: EgressStack,
        entry: EntryStack,
        keys: EnvironmentKeys,
    ) -> None:
        super().__init__(scope, f"{environment.name}-service", environment=environment, component="service")
        # Without endpoints nothing of egress is named here, and yet the image comes through its NAT.
        self.add_dependency(egress)
        self.service = Service(
            self,
            "service",
            settings=environment.service,
            network_settings=environment.network,
            cache_settings=environment.cache,
            names=self.names,
            account=self.account,
            network=network,
            entry=entry.entry,
            endpoint_group_id=egress.endpoint_security_group_id,
            database=data.database,
            cache=data.cache,
            storage=data.storage,
            secret_arn=secrets.secret_arn,
            secret_key_arn=keys.secrets,
            logs_key_arn=keys.logs,
            log_retention_days=environment.logs.retention_days,
        )
        for name, value, description in (
            ("cluster_name", self.service.cluster_name, "ECS cluster"),
            ("service_name", self.service.service_name, "ECS service"),
            ("service_log_group", self.service.log_group_name, "Log of the tasks"),
        ):
            TerraformOutput(self, name, value=value, description=description)
