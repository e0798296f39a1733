"""How the world reaches the service: the REST API with its VPC link, its usage plan and its firewall."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.api import Api
from modules.entry import Entry
from settings import Environment, api_schemas
from stacks.base import BaseStack


class ApiStack(BaseStack):
    """Offers `api`. It needs the entry alone: a route answers 5xx until the service has registered its tasks there.

    A VPC link takes minutes. It is made here, beside data and service, so that neither waits for it.
    """

    def __init__(self, scope: Construct, *, environment: Environment, entry: Entry, logs_key_arn: str) -> None:
        super().__init__(scope, f"{environment.name}-api", environment=environment, component="api")
        named = {route.request_schema for route in environment.api.routes if route.request_schema is not None}
        self.api = Api(
            self,
            "api",
            settings=environment.api,
            schemas={name: api_schemas.read(environment.project, name) for name in named},
            base_url=entry.base_url,
            load_balancer_arn=entry.load_balancer_arn,
            names=self.names,
            account=self.account,
            log_retention_days=environment.logs.retention_days,
            logs_key_arn=logs_key_arn,
        )
        TerraformOutput(self, "url", value=self.api.url, description="Where clients call the API")
        TerraformOutput(
            self,
            "api_key_ids",
            value=self.api.key_ids,
            description="Ids of the clients' keys; aws apigateway get-api-key --include-value shows a key",
        )
