"""The stage of a REST API: which deployment answers, what is written down, and how much a method takes."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.api_gateway_method_settings import (
    ApiGatewayMethodSettings,
    ApiGatewayMethodSettingsSettings,
)
from cdktf_cdktf_provider_aws.api_gateway_stage import ApiGatewayStage, ApiGatewayStageAccessLogSettings
from constructs import Construct

from modules.common.accept import accept
from modules.common.encryption import log_group
from modules.common.place import Place

# No header and no body: neither keys nor card data reach a log (PCI DSS 3.4, 10.2.2).
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "traceId": "$context.xrayTraceId",
    "time": "$context.requestTimeEpoch",
    "address": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "apiKeyId": "$context.identity.apiKeyId",
    "principal": "$context.authorizer.principalId",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "firewall": "$context.wafResponseCode",
    "responseBytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "backendStatus": "$context.integration.status",
    "backendMilliseconds": "$context.integration.latency",
}


class Stage(Construct):
    """A stage with metrics, X-Ray, an access log in JSON and an execution log of errors.

    The execution log has no data trace, which would write down whole requests. Both logs have their encrypted groups
    before the first request; the name of the second one is API Gateway's. `throttle` (rate per second, burst) holds
    for each method and all callers together: the limits of a usage plan alone bind nobody who has no key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rest_api_id: str,
        deployment_id: str,
        stage_name: str,
        throttle: tuple[int, int],
        place: Place,
    ) -> None:
        super().__init__(scope, id_)
        access, execution = (
            log_group(
                self, f"{kind}-log", name=name, retention_days=place.log_retention_days, key_arn=place.logs_key_arn
            )
            for kind, name in (
                ("access", place.names.path("api-access")),
                ("execution", f"API-Gateway-Execution-Logs_{rest_api_id}/{stage_name}"),
            )
        )
        stage = ApiGatewayStage(
            self,
            "stage",
            rest_api_id=rest_api_id,
            deployment_id=deployment_id,
            stage_name=stage_name,
            xray_tracing_enabled=True,
            access_log_settings=ApiGatewayStageAccessLogSettings(
                destination_arn=access.arn, format=json.dumps(ACCESS_LOG)
            ),
            depends_on=[execution],
        )
        rate, burst = throttle
        every_method = ApiGatewayMethodSettings(
            self,
            "every-method",
            rest_api_id=rest_api_id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings=ApiGatewayMethodSettingsSettings(
                metrics_enabled=True,
                logging_level="ERROR",
                data_trace_enabled=False,
                throttling_rate_limit=rate,
                throttling_burst_limit=burst,
            ),
        )
        uncached = "an answer is one caller's: it is not kept for another, nor under another key than its data's"
        accept(
            stage,
            {"cache_cluster_enabled": None, "client_certificate_id": None},
            CKV_AWS_120=uncached,
            CKV2_AWS_51="callers are applications and devices of other people, who cannot be given a certificate",
            CKV2_AWS_77="KnownBadInputs blocks Log4j; the list of anonymous addresses would shut out VPNs and offices",
        )
        accept(every_method, {"settings.caching_enabled": None}, CKV_AWS_225=uncached)
        self.arn = stage.arn
        self.name = stage.stage_name
        self.invoke_url = stage.invoke_url
        self.access_log_group = access.name
