"""The stage of a REST API: which deployment answers, what is written down, and how much a method takes."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.api_gateway_method_settings import (
    ApiGatewayMethodSettings,
    ApiGatewayMethodSettingsSettings,
)
from cdktf_cdktf_provider_aws.api_gateway_stage import (
    ApiGatewayStage,
    ApiGatewayStageAccessLogSettings,
    ApiGatewayStageCanarySettings,
)
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


class StageLogs(Construct):
    """The encrypted groups of both logs of a stage, made before its first request: `access_name`, `access_arn`.

    The name of the second one is API Gateway's, and so is that of the further groups for requests of a canary.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html
    """

    def __init__(
        self, scope: Construct, id_: str, *, rest_api_id: str, stage_name: str, canary: bool, place: Place
    ) -> None:
        super().__init__(scope, id_)
        names = {
            "access": place.names.path("api-access"),
            "execution": f"API-Gateway-Execution-Logs_{rest_api_id}/{stage_name}",
        }
        if canary:
            names |= {f"canary-{kind}": f"{name}/Canary" for kind, name in names.items()}
        groups = {
            kind: log_group(
                self, f"{kind}-log", name=name, retention_days=place.log_retention_days, key_arn=place.logs_key_arn
            )
            for kind, name in names.items()
        }
        self.access_name = groups["access"].name
        self.access_arn = groups["access"].arn
        self.canary_access_name = groups["canary-access"].name if canary else None


class Stage(Construct):
    """A stage with metrics, X-Ray, an access log in JSON and an execution log of errors.

    The execution log has no data trace, which would write down whole requests. `throttle` (rate per second, burst)
    holds for each method and all callers together: the limits of a usage plan alone bind nobody who has no key.
    `canary` is a second deployment and the percentage of requests that get it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rest_api_id: str,
        deployment_id: str,
        stage_name: str,
        access_log_arn: str,
        throttle: tuple[int, int],
        canary: tuple[str, int] | None,
    ) -> None:
        super().__init__(scope, id_)
        stage = ApiGatewayStage(
            self,
            "stage",
            rest_api_id=rest_api_id,
            deployment_id=deployment_id,
            stage_name=stage_name,
            xray_tracing_enabled=True,
            canary_settings=canary
            and ApiGatewayStageCanarySettings(
                deployment_id=canary[0], percent_traffic=canary[1], use_stage_cache=False
            ),
            access_log_settings=ApiGatewayStageAccessLogSettings(
                destination_arn=access_log_arn, format=json.dumps(ACCESS_LOG)
            ),
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
        uncached = (
            "a response is for one caller, so it must not be cached, nor stored under a key other than the data key"
        )
        accept(
            stage,
            {"cache_cluster_enabled": None, "client_certificate_id": None},
            CKV_AWS_120=uncached,
            CKV2_AWS_51="the certificate would identify API Gateway to the load balancer, whose TLS listener cannot "
            "verify it",
            CKV2_AWS_77="KnownBadInputs blocks Log4j; the list of anonymous addresses would block users of VPNs",
        )
        accept(every_method, {"settings.caching_enabled": None}, CKV_AWS_225=uncached)
        self.arn = stage.arn
        self.name = stage.stage_name
        self.invoke_url = stage.invoke_url
