"""Request validation and authorization of a REST API, and its error responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.api_gateway_authorizer import ApiGatewayAuthorizer
from cdktf_cdktf_provider_aws.api_gateway_gateway_response import ApiGatewayGatewayResponse
from cdktf_cdktf_provider_aws.api_gateway_model import ApiGatewayModel
from cdktf_cdktf_provider_aws.api_gateway_request_validator import ApiGatewayRequestValidator
from constructs import Construct

from modules.api.functions import invocation_uri, permit
from modules.common.policies import Account
from settings.api import AuthorizerSettings, CorsSettings
from settings.api import schemas as api_schemas
from settings.naming import Naming

# messageString is a JSON text with its quotes:
# `messageString` is a quoted JSON string. `validationErrorString`, the validator's detail, is not quoted and may
# contain quotes from the request. Templates of gateway responses only replace variables, so they cannot escape it.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.responseTemplates.html
_REFUSAL = '{"message": $context.error.messageString, "requestId": "$context.requestId"}'


def validators(scope: Construct, *, rest_api_id: str) -> tuple[str, str]:
    """Ids of two validators: one for parameters, one for parameters and body."""
    made = [
        ApiGatewayRequestValidator(
            scope,
            f"validator-{name}",
            name=name,
            rest_api_id=rest_api_id,
            validate_request_parameters=True,
            validate_request_body=with_body,
        )
        for name, with_body in (("parameters", False), ("body", True))
    ]
    return made[0].id, made[1].id


def models(scope: Construct, *, rest_api_id: str, schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A model for each schema; returns the models' names by schema name."""
    return {
        name: ApiGatewayModel(
            scope,
            f"model-{name}",
            rest_api_id=rest_api_id,
            name=api_schemas.model_name(name),
            description=schema.get("description"),
            content_type="application/json",
            schema=json.dumps(schema, sort_keys=True),
        ).name
        for name, schema in sorted(schemas.items())
    }


def authorizers(
    scope: Construct,
    *,
    rest_api_id: str,
    execution_arn: str,
    settings: Mapping[str, AuthorizerSettings],
    names: Naming,
    account: Account,
) -> dict[str, tuple[str, str | None]]:
    """(type, id) of each authorizer by its name; `iam` needs none. All read the `Authorization` header."""
    made: dict[str, tuple[str, str | None]] = {"iam": ("AWS_IAM", None)}
    for name, authorizer in sorted(settings.items()):
        function = authorizer.function_arn
        resource = ApiGatewayAuthorizer(
            scope,
            f"authorizer-{name}",
            rest_api_id=rest_api_id,
            name=name,
            type="TOKEN" if function else "COGNITO_USER_POOLS",
            provider_arns=list(authorizer.user_pool_arns) or None,
            authorizer_uri=invocation_uri(function, account) if function else None,
            authorizer_result_ttl_in_seconds=authorizer.cache_seconds,
            identity_source="method.request.header.Authorization",
        )
        if function:
            source = f"{execution_arn}/authorizers/{resource.id}"
            permit(
                scope,
                f"authorizer-{name}-permission",
                function_arn=function,
                source_arn=source,
                names=names,
            )
        made[name] = ("CUSTOM" if function else "COGNITO_USER_POOLS", resource.id)
    return made


def refusals(scope: Construct, *, rest_api_id: str, cors: CorsSettings | None) -> None:
    """API Gateway's own errors as JSON with the request id; pages of the CORS origin can read them."""
    origin = {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{cors.origin}'"} if cors else {}
    once_a_second = {"gatewayresponse.header.Retry-After": "'1'"}
    kinds: tuple[tuple[str, str | None, dict[str, str]], ...] = (
        ("DEFAULT_4XX", None, {}),
        ("DEFAULT_5XX", None, {}),
        ("THROTTLED", "429", once_a_second),
    )
    for kind, status, headers in kinds:
        ApiGatewayGatewayResponse(
            scope,
            f"response-{kind}",
            rest_api_id=rest_api_id,
            response_type=kind,
            status_code=status,
            response_templates={"application/json": _REFUSAL},
            response_parameters={**origin, **headers},
        )
