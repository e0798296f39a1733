"""The usage plan of a REST API: how much each client may ask for."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import (
    ApiGatewayUsagePlan,
    ApiGatewayUsagePlanApiStages,
    ApiGatewayUsagePlanQuotaSettings,
    ApiGatewayUsagePlanThrottleSettings,
)
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from constructs import Construct

from settings.api import PlanSettings
from settings.naming import Naming


class Plan(Construct):
    """A plan bound to the stage, and for each client a key bound to the plan: unbound it would throttle nobody.

    AWS holds to the limits as targets, not to the request: the throttle of the stage and the firewall come on top.

    A key says whose requests are counted. It proves nothing and is no secret of the platform: the provider keeps its
    value in the state. Who has to log in is what authorizers are for.
    """

    def __init__(
        self, scope: Construct, id_: str, *, settings: PlanSettings, rest_api_id: str, stage_name: str, names: Naming
    ) -> None:
        super().__init__(scope, id_)
        plan = ApiGatewayUsagePlan(
            self,
            "plan",
            name=names.name("api"),
            description="What each client of the API may ask for",
            api_stages=[ApiGatewayUsagePlanApiStages(api_id=rest_api_id, stage=stage_name)],
            throttle_settings=ApiGatewayUsagePlanThrottleSettings(
                rate_limit=settings.rate_limit, burst_limit=settings.burst_limit
            ),
            quota_settings=(
                ApiGatewayUsagePlanQuotaSettings(limit=settings.quota_per_month, period="MONTH")
                if settings.quota_per_month
                else None
            ),
        )
        self.key_ids: dict[str, str] = {}
        for client in sorted(settings.clients):
            key = ApiGatewayApiKey(self, f"key-{client}", name=names.name(client), description=f"Client {client}")
            ApiGatewayUsagePlanKey(
                self, f"key-{client}-in-plan", usage_plan_id=plan.id, key_id=key.id, key_type="API_KEY"
            )
            self.key_ids[client] = key.id
