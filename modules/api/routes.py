"""Paths, methods and integrations of a REST API: what a request may ask for, and who answers it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_integration_response import ApiGatewayIntegrationResponse
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_response import ApiGatewayMethodResponse
from cdktf_cdktf_provider_aws.api_gateway_resource import ApiGatewayResource
from constructs import Construct

from modules.api.functions import invocation_uri
from modules.common.accept import accept
from modules.common.policies import Account
from settings.api import BODY_METHODS, CorsSettings, RouteSettings, path_variables

# What API Gateway waits at most for a backend, unless AWS has raised it for the account.
_TIMEOUT_MS = 29_000
_OPEN = "visitors have no API key: the firewall limits each address, and the stage limits all of them together"
_JSON = "application/json"
_ORIGIN = "method.response.header.Access-Control-Allow-Origin"


@dataclass(frozen=True)
class Backends:
    """Where requests go: the URL that the entry answers to, the VPC link to it, and the account of functions."""

    base_url: str
    vpc_link_id: str
    account: Account


@dataclass(frozen=True)
class Checks:
    """What methods refer to: two validators, the names of models by schema, (type, id) of authorizers by name."""

    parameters_validator_id: str
    body_validator_id: str
    models: Mapping[str, str]
    authorizers: Mapping[str, tuple[str, str | None]]


class Routes(Construct):
    """One resource for each part of a path, and for each method of a route a method and its integration.

    Requests to the service are passed on through the VPC link as they came, with the request's id as `x-request-id`.
    A mock answers `{"status": "ok"}` from API Gateway itself. With CORS every route answers OPTIONS itself, without
    key or login, as browsers ask it; the other answers of service and function must bring the header of their own.

    Each object costs a synthesis about a millisecond, so there is none that Terraform does not need.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        routes: Iterable[RouteSettings],
        cors: CorsSettings | None,
        rest_api_id: str,
        root_resource_id: str,
        backends: Backends,
        checks: Checks,
    ) -> None:
        super().__init__(scope, id_)
        self._api_id = rest_api_id
        self._backends = backends
        self._checks = checks
        self._cors = cors
        self._resource_ids = {"": root_resource_id}
        for route in sorted(routes, key=lambda route: route.path):
            resource_id = self._resource(route.path.rstrip("/"))
            for method in sorted(route.methods):
                self._method(route, method, resource_id)
            if cors is not None:
                self._preflight(route, cors, resource_id)

    def _resource(self, path: str) -> str:
        if path not in self._resource_ids:
            parent, _, part = path.rpartition("/")
            resource = ApiGatewayResource(
                self, _id("path", path), rest_api_id=self._api_id, parent_id=self._resource(parent), path_part=part
            )
            self._resource_ids[path] = resource.id
        return self._resource_ids[path]

    def _method(self, route: RouteSettings, method: str, resource_id: str) -> None:
        id_ = _id(method, route.path)
        kind, authorizer_id = self._checks.authorizers[route.authorizer] if route.authorizer else ("NONE", None)
        model = self._checks.models[route.request_schema] if route.request_schema and method in BODY_METHODS else None
        made = ApiGatewayMethod(
            self,
            id_,
            rest_api_id=self._api_id,
            resource_id=resource_id,
            http_method=method,
            authorization=kind,
            authorizer_id=authorizer_id,
            api_key_required=route.key_required(method),
            request_validator_id=self._checks.body_validator_id if model else self._checks.parameters_validator_id,
            # Whatever type the request says it is: else another type would pass unchecked.
            request_models={_JSON: model, "$default": model} if model else None,
            request_parameters={f"method.request.path.{name}": True for name in path_variables(route.path)},
        )
        if route.authorizer is None and not route.key_required(method):
            accept(made, {"authorization": "NONE", "api_key_required": False}, CKV_AWS_59=_OPEN)
        http_method = made.http_method
        if route.backend == "mock":
            headers = {_ORIGIN: f"'{self._cors.origin}'"} if self._cors else {}
            self._mock(id_, resource_id, http_method, status=200, body={"status": "ok"}, headers=headers)
        elif route.function_arn is not None:
            ApiGatewayIntegration(
                self,
                f"{id_}-backend",
                rest_api_id=self._api_id,
                resource_id=resource_id,
                http_method=http_method,
                type="AWS_PROXY",
                integration_http_method="POST",
                uri=invocation_uri(route.function_arn, self._backends.account),
                timeout_milliseconds=_TIMEOUT_MS,
            )
        else:
            variables = path_variables(route.path)
            ApiGatewayIntegration(
                self,
                f"{id_}-backend",
                rest_api_id=self._api_id,
                resource_id=resource_id,
                http_method=http_method,
                type="HTTP_PROXY",
                integration_http_method=method,
                connection_type="VPC_LINK",
                connection_id=self._backends.vpc_link_id,
                uri=self._backends.base_url + route.path.replace("+}", "}"),
                request_parameters={
                    "integration.request.header.x-request-id": "context.requestId",
                    **{f"integration.request.path.{name}": f"method.request.path.{name}" for name in variables},
                },
                timeout_milliseconds=_TIMEOUT_MS,
            )

    def _preflight(self, route: RouteSettings, cors: CorsSettings, resource_id: str) -> None:
        id_ = _id("OPTIONS", route.path)
        preflight = ApiGatewayMethod(
            self,
            id_,
            rest_api_id=self._api_id,
            resource_id=resource_id,
            http_method="OPTIONS",
            authorization="NONE",
            api_key_required=False,
        )
        unvalidated = {"http_method": "OPTIONS", "request_validator_id": None}
        accept(preflight, unvalidated, CKV2_AWS_53="a preflight request has no body, no parameters and no backend")
        http_method = preflight.http_method
        headers = {
            "Allow-Origin": cors.origin,
            "Allow-Methods": ",".join(sorted([*route.methods, "OPTIONS"])),
            "Allow-Headers": ",".join(sorted(cors.headers)),
            "Max-Age": str(cors.max_age_seconds),
        }
        self._mock(
            id_,
            resource_id,
            http_method,
            status=204,
            body=None,
            headers={f"method.response.header.Access-Control-{name}": f"'{value}'" for name, value in headers.items()},
        )

    def _mock(
        self,
        id_: str,
        resource_id: str,
        http_method: str,
        *,
        status: int,
        body: object,
        headers: Mapping[str, str],
    ) -> None:
        """API Gateway answers by itself; the four resources refer to each other in the order AWS makes them in."""
        integration = ApiGatewayIntegration(
            self,
            f"{id_}-backend",
            rest_api_id=self._api_id,
            resource_id=resource_id,
            http_method=http_method,
            type="MOCK",
            request_templates={_JSON: json.dumps({"statusCode": status})},
        )
        response = ApiGatewayMethodResponse(
            self,
            f"{id_}-response",
            rest_api_id=self._api_id,
            resource_id=resource_id,
            http_method=http_method,
            status_code=str(status),
            response_parameters=dict.fromkeys(headers, True),
        )
        ApiGatewayIntegrationResponse(
            self,
            f"{id_}-backend-response",
            rest_api_id=self._api_id,
            resource_id=resource_id,
            http_method=integration.http_method,
            status_code=response.status_code,
            response_parameters=headers,
            response_templates={_JSON: json.dumps(body)} if body else None,
        )


def _id(what: str, path: str) -> str:
    """A construct's id may hold no slash; no path may hold a bar."""
    return f"{what}{path.rstrip('/').replace('/', '|')}"
