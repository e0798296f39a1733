"""The publication of the REST API: its deployment, its stage, and what is bound to the stage."""

from __future__ import annotations

from collections.abc import Iterable

from cdktf import TerraformOutput
from constructs import Construct

from modules.api import PublishedApi
from stacks.api import ApiStack
from stacks.base import BaseStack


def _forgotten(addresses: Iterable[str]) -> list[dict[str, object]] | None:
    return [{"from": address, "lifecycle": {"destroy": False}} for address in addresses] or None


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
        found = {type_: sorted(ids) for type_, ids in sorted(self.to_terraform()["resource"].items())}
        # What bound keys to plans before the stacks of CloudFormation kept their values: both states forget it.
        bound = [f"aws_api_gateway_usage_plan_key.{id_}" for id_ in found.get("aws_cloudformation_stack", ())]
        self.add_override("removed", _forgotten(bound))
        own = [f"{type_}.{id_}" for type_, ids in found.items() for id_ in ids]
        # An API that was deployed when all of this was in its own state: that state forgets and destroys none of it.
        # `make move` takes it over first, and `make deploy` refuses before.
        api.add_override("removed", _forgotten([*api.rest_api.forgotten_keys, *own, *bound]))
        TerraformOutput(self, "url", value=self.published.url, description="Where clients call the API")
