"""The usage plan of a REST API: how much each client may ask for."""

from __future__ import annotations

from collections.abc import Mapping

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


class Keys(Construct):
    """A key for each client: `ids` by client.

    A key says whose requests are counted. It proves nothing and is no secret of the platform: the provider keeps its
    value in the state. Who has to log in is what authorizers are for.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: PlanSettings, names: Naming) -> None:
        super().__init__(scope, id_)
        self.ids: dict[str, str] = {
            client: ApiGatewayApiKey(self, f"key-{client}", name=names.name(client), description=f"Client {client}").id
            for client in sorted(settings.clients)
        }


class Plan(Construct):
    """A plan bound to the stage, and to the key of each client: a key that is bound to none throttles nobody.

    AWS holds to the limits as targets, not to the request: the throttle of the stage and the firewall come on top.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: PlanSettings,
        key_ids: Mapping[str, str],
        rest_api_id: str,
        stage_name: str,
        names: Naming,
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
        for client in sorted(settings.clients):
            ApiGatewayUsagePlanKey(
                self, f"key-{client}-in-plan", usage_plan_id=plan.id, key_id=key_ids[client], key_type="API_KEY"
            )
