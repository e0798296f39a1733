"""The usage plans of a REST API: the limits of each client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from cdktf_cdktf_provider_aws.api_gateway_usage_plan import (
    ApiGatewayUsagePlan,
    ApiGatewayUsagePlanApiStages,
    ApiGatewayUsagePlanApiStagesThrottle,
    ApiGatewayUsagePlanQuotaSettings,
    ApiGatewayUsagePlanThrottleSettings,
)
from cdktf_cdktf_provider_aws.cloudformation_stack import CloudformationStack
from constructs import Construct

from modules.common.accept import accept
from settings.api import PlanSettings
from settings.naming import Naming


def _stack(
    scope: Construct,
    id_: str,
    name: str,
    *,
    type_: str,
    properties: Mapping[str, object],
    outputs: Mapping[str, object] | None = None,
) -> CloudformationStack:
    """A stack of CloudFormation with one resource. What it is given is in the text, so that a plan shows it."""
    template = {"Resources": {"Key": {"Type": type_, "Properties": properties}}}
    stack = CloudformationStack(
        scope, id_, name=name, template_body=json.dumps({**template, **({"Outputs": outputs} if outputs else {})})
    )
    accept(stack, {"notification_arns": None}, CKV_AWS_124="only deployments change it, and they report its errors")
    return stack


class Keys(Construct):
    """An API key for each client: `ids` by client. A client that moves to another plan keeps its key.

    A key says whose requests are counted. It proves nothing: who has to log in is what authorizers are for. And yet no
    state has its value, so whoever reads states cannot call in a client's name: Terraform's own resource would keep it
    there. A stack of CloudFormation knows the id alone, which `Ref` gives; API Gateway makes the value:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-apikey.html
    """

    def __init__(self, scope: Construct, id_: str, *, clients: Iterable[str], names: Naming) -> None:
        super().__init__(scope, id_)
        self._forgotten: list[str] = []
        self.ids: dict[str, str] = {client: self._key(client, names) for client in clients}

    def _key(self, client: str, names: Naming) -> str:
        key = {"Name": names.name(client), "Description": f"Client {client}", "Enabled": True}
        stack = _stack(
            self,
            f"key-{client}",
            names.name(f"key-{client}"),
            type_="AWS::ApiGateway::ApiKey",
            properties=key,
            outputs={"KeyId": {"Value": {"Ref": "Key"}}},
        )
        self._forgotten.append(f"aws_api_gateway_api_key.{stack.friendly_unique_id}")
        return stack.outputs.lookup("KeyId")

    @property
    def forgotten(self) -> list[str]:
        """Addresses of what an earlier version made instead: states forget it, and it goes on working."""
        return list(self._forgotten)


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
                # A key is in one plan of a stage. Another plan is another name, so that Terraform deletes the stack of
                # the old plan before it makes that of the new one: CloudFormation itself would do it the other way.
                _stack(
                    self,
                    f"key-{client}-in-plan",
                    names.name(f"plan-{name}-of-{client}"),
                    type_="AWS::ApiGateway::UsagePlanKey",
                    properties={"KeyId": key_ids[client], "KeyType": "API_KEY", "UsagePlanId": plan_id},
                )
