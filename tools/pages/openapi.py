"""The REST API of an environment as an OpenAPI 3 document, for those who call it: `make openapi ENV=...`.

It says what the API Gateway of the same settings takes and refuses: paths, variables, bodies, keys, logins. What the
service answers is the service's to say.
"""

from __future__ import annotations

import json
import re
from typing import Any

from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from settings import Environment
from settings.api import BODY_METHODS, ApiSettings, PlanSettings, RouteSettings, path_variables
from settings.api import schemas as api_schemas
from tools.synthesized.errors import ToolError

_JSON = "application/json"
# Refusals of API Gateway's own, with the responses that it gives them.
_REFUSALS = {
    "400": "A variable is missing, or the body does not match its schema",
    "401": "Nobody has logged in",
    "403": "The key is missing or unknown, or the firewall has blocked the request",
    "429": "More requests than the client's plan or the API takes; try again after a second",
    "5XX": "The backend did not answer in time, or could not be reached",
}


class OpenAPIError(ToolError):
    """A schema of the settings uses what OpenAPI does not have."""

    exit_code = 2


def document(environment: Environment) -> dict[str, Any]:
    """The document, valid. Raises OpenAPIError for a schema that OpenAPI 3.0 cannot say."""
    api = environment.api
    found: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": environment.names.name("api"), "version": api.stage_name},
        "servers": [_server(environment)],
        # OpenAPI has no variable for the rest of a path: it is written like any other.
        "paths": {
            route.path.replace("+}", "}"): _operations(route) for route in sorted(api.routes, key=lambda r: r.path)
        },
        "components": {
            "schemas": _schemas(environment) | {"Refusal": _REFUSAL_SCHEMA},
            "responses": {
                f"Refusal{status}": {
                    "description": text,
                    "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}},
                }
                for status, text in _REFUSALS.items()
            },
            "securitySchemes": _security_schemes(api),
        },
    }
    try:
        validate(found)
    except OpenAPIValidationError as error:
        where = "/".join(map(str, error.absolute_path))
        raise OpenAPIError(
            f"the API of {environment.name} cannot be said in OpenAPI 3.0: {error.message} (at {where})"
        ) from error
    return found


_REFUSAL_SCHEMA = {
    "type": "object",
    "required": ["message", "requestId"],
    "properties": {"message": {"type": "string"}, "requestId": {"type": "string"}},
}


def _server(environment: Environment) -> dict[str, Any]:
    api = environment.api
    if environment.fronted is not None:
        return {"url": f"https://{environment.fronted.name}"}
    if api.domain is not None and environment.suffix is None:
        return {"url": f"https://{api.domain.name}"}
    return {
        "url": f"https://{{apiId}}.execute-api.{environment.region}.amazonaws.com/{api.stage_name}",
        "variables": {"apiId": {"default": "api-id", "description": "In the output `url` of the stage stack"}},
    }


def _operations(route: RouteSettings) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    if variables := path_variables(route.path):
        operations["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in variables
        ]
    for method in sorted(route.methods):
        operation: dict[str, Any] = {
            "operationId": "_".join([method.lower(), *re.findall(r"[A-Za-z0-9]+", route.path)]),
            "responses": {"2XX": {"description": "Answered by the backend"}, **_refusals(route)},
        }
        if needed := ["apiKey"] * route.key_required(method) + [route.authorizer] * (route.authorizer is not None):
            operation["security"] = [{name: [] for name in needed}]
        if method in BODY_METHODS and route.request_schema is not None:
            name = api_schemas.model_name(route.request_schema)
            schema = {"$ref": f"#/components/schemas/{name}"}
            operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        operations[method.lower()] = operation
    return operations


def _refusals(route: RouteSettings) -> dict[str, Any]:
    statuses = [status for status in _REFUSALS if status != "401" or route.authorizer is not None]
    return {status: {"$ref": f"#/components/responses/Refusal{status}"} for status in statuses}


def _schemas(environment: Environment) -> dict[str, Any]:
    found: dict[str, Any] = {}
    named = {route.request_schema for route in environment.api.routes if route.request_schema is not None}
    for name in sorted(named):
        model = api_schemas.model_name(name)
        schema = _moved(api_schemas.read(environment.project, name), model)
        definitions = schema.pop("definitions", {})
        found[model] = {key: value for key, value in schema.items() if key != "$schema"}
        found |= {f"{model}.{inner}": definition for inner, definition in definitions.items()}
    return found


def _moved(schema: dict[str, Any], model: str) -> dict[str, Any]:
    """A copy whose references lead to where its definitions stand in the document."""
    text = json.dumps(schema)
    moved = re.sub(r'"\$ref": "#/definitions/([^"]*)"', rf'"$ref": "#/components/schemas/{model}.\1"', text)
    return dict(json.loads(moved))


def _security_schemes(api: ApiSettings) -> dict[str, Any]:
    found: dict[str, tuple[str, str]] = {}
    if api.plans:
        found["apiKey"] = (
            "x-api-key",
            "Counts the client's requests. " + "; ".join(map(_said, sorted(api.plans.items()))),
        )
    for name in sorted({route.authorizer for route in api.routes if route.authorizer is not None}):
        token = "AWS Signature Version 4" if name == "iam" else f"A token for the authorizer {name}"
        found[name] = ("Authorization", token)
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": text}
        for name, (header, text) in found.items()
    }


def _said(named: tuple[str, PlanSettings]) -> str:
    """What a client of a plan may ask for."""
    name, plan = named
    quota = f", {plan.quota_per_month} per month" if plan.quota_per_month else ""
    throttles = "".join(
        f", of these {each.rate_limit} per second and {each.burst_limit} at once for {each.method} {each.path}"
        for each in plan.throttles
    )
    return f"Plan {name}: {plan.rate_limit} per second, {plan.burst_limit} at once{quota}{throttles}"
