"""The usage plans of a REST API: the limits of each client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import (
    ApiGatewayUsagePlan,
    ApiGatewayUsagePlanApiStages,
    ApiGatewayUsagePlanApiStagesThrottle,
    ApiGatewayUsagePlanQuotaSettings,
    ApiGatewayUsagePlanThrottleSettings,
)
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from constructs import Construct

from settings.api import PlanSettings
from settings.naming import Naming


class Keys(Construct):
    """An API key for each client: `ids` by client. A client that moves to another plan keeps its key.

    A key says whose requests are counted. It proves nothing and is no secret of the platform: the provider keeps its
    value in the state. Who has to log in is what authorizers are for.
    """

    def __init__(self, scope: Construct, id_: str, *, clients: Iterable[str], names: Naming) -> None:
        super().__init__(scope, id_)
        self.ids: dict[str, str] = {
            client: ApiGatewayApiKey(self, f"key-{client}", name=names.name(client), description=f"Client {client}").id
            for client in clients
        }


class Plans(Construct):
    """Usage plans of the stage, with the keys of their clients. A key without a plan has no limit.

    AWS applies the limits on a best-effort basis; the stage's throttle and the firewall also apply.
    The plan `default` has the name of the API.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Mapping[str, PlanSettings],
        key_ids: Mapping[str, str],
        rest_api_id: str,
        stage_name: str,
        names: Naming,
    ) -> None:
        super().__init__(scope, id_)
        for name, plan in sorted(settings.items()):
            purpose = "" if name == "default" else f"-{name}"
            plan_id = ApiGatewayUsagePlan(
                self,
                f"plan{purpose}",
                name=names.name(f"api{purpose}"),
                description="What each client of the API may ask for",
                api_stages=[
                    ApiGatewayUsagePlanApiStages(
                        api_id=rest_api_id,
                        stage=stage_name,
                        throttle=[
                            ApiGatewayUsagePlanApiStagesThrottle(
                                path=f"{throttle.path}/{throttle.method}",
                                rate_limit=throttle.rate_limit,
                                burst_limit=throttle.burst_limit,
                            )
                            for throttle in sorted(plan.throttles, key=lambda each: (each.path, each.method))
                        ]
                        or None,
                    )
                ],
                throttle_settings=ApiGatewayUsagePlanThrottleSettings(
                    rate_limit=plan.rate_limit, burst_limit=plan.burst_limit
                ),
                quota_settings=(
                    ApiGatewayUsagePlanQuotaSettings(limit=plan.quota_per_month, period="MONTH")
                    if plan.quota_per_month
                    else None
                ),
            ).id
            for client in sorted(plan.clients):
                # A key is in one plan of a stage. Under one address it leaves the old plan before it joins the new one.
                ApiGatewayUsagePlanKey(
                    self, f"key-{client}-in-plan", usage_plan_id=plan_id, key_id=key_ids[client], key_type="API_KEY"
                )
