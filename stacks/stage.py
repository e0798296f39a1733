"""The publication of the REST API: its deployment, its stage, and what is bound to the stage."""

from __future__ import annotations

from cdktf import TerraformOutput
from constructs import Construct

from modules.api import PublishedApi
from stacks.api import ApiStack
from stacks.base import BaseStack


class StageStack(BaseStack):
    """Comes after the api stack, so that a route deleted there is not in the new API Gateway deployment.

    In one state, Terraform would create the deployment before it deletes the route: see
    `modules.api.redeployment.deployment`.
    """

    def __init__(self, scope: Construct, *, api: ApiStack) -> None:
        environment = api.environment
        super().__init__(scope, f"{environment.name}-stage", environment=environment, component="stage")
        self.api = api
        self.published = PublishedApi(self, "api", settings=environment.api, api=api.rest_api, names=self.names)
        # An API that was deployed when all of this was in its own state: that state forgets and destroys none of it.
        # `make move` takes it over first, and `make deploy` refuses before.
        api.add_override(
            "removed",
            [
                {"from": f"{type_}.{id_}", "lifecycle": {"destroy": False}}
                for type_, found in sorted(self.to_terraform()["resource"].items())
                for id_ in sorted(found)
            ],
        )
        TerraformOutput(self, "url", value=self.published.url, description="Where clients call the API")
