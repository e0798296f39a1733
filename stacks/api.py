"""The REST API: its routes, its VPC link to the service, its firewall and the keys of its clients."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.api import Api
from settings import Environment
from settings.api import schemas as api_schemas
from stacks.base import BaseStack
from stacks.entry import EntryStack
from stacks.network import NetworkStack


class ApiStack(BaseStack):
    """Offers `rest_api`. It needs only the entry: a route responds with 5xx until tasks of the service are registered.
    Changes take effect when the stage stack has deployed them.

    A VPC link takes minutes. It is created in parallel with data and service, so that neither waits for it.
    """

    def __init__(self, scope: Construct, *, environment: Environment, network: NetworkStack, entry: EntryStack) -> None:
        super().__init__(scope, f"{environment.name}-api", environment=environment, component="api")
        named = {route.request_schema for route in environment.api.routes if route.request_schema is not None}
        self.rest_api = Api(
            self,
            "api",
            settings=environment.api,
            schemas={name: api_schemas.read(environment.project, name) for name in named},
            base_url=entry.load_balancer.base_url,
            load_balancer_arn=entry.load_balancer.load_balancer_arn,
            place=self.place(network.keys.logs),
            behind_cloudfront=environment.fronted is not None,
        )
        TerraformOutput(
            self,
            "api_key_ids",
            value=self.rest_api.key_ids,
            description="Ids of the clients' keys; aws apigateway get-api-key --include-value shows a key",
        )
