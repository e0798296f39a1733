"""The REST API of an environment as an OpenAPI 3 document, for those who call it: `make openapi ENV=...`.

It says what the API Gateway of the same settings takes and refuses: paths, variables, bodies, keys, logins. What the
service answers is the service's to say.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any

from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from settings import Environment, SettingsError, environment_names, load
from settings.api import BODY_METHODS, ApiSettings, PlanSettings, RouteSettings, path_variables
from settings.api import schemas as api_schemas
from settings.loader import DIRECTORY

ROOT = DIRECTORY.parent
_JSON = "application/json"
# Refusals of API Gateway's own, with the responses that it gives them.
_REFUSALS = {
    "400": "A variable is missing, or the body does not match its schema",
    "401": "Nobody has logged in",
    "403": "The key is missing or unknown, or the firewall has blocked the request",
    "429": "More requests than the client's plan or the API takes; try again after a second",
    "5XX": "The backend did not answer in time, or could not be reached",
}


def document(environment: Environment) -> dict[str, Any]:
    """The document, valid. Raises OpenAPIValidationError of openapi-spec-validator for a schema OpenAPI cannot say."""
    api = environment.api
    found: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": environment.names.name("api"), "version": api.stage_name},
        "servers": [_server(environment)],
        "paths": {_path(route.path): _operations(route, api) for route in sorted(api.routes, key=lambda r: r.path)},
        "components": {
            "schemas": _schemas(environment) | {"Refusal": _REFUSAL_SCHEMA},
            "responses": {
                _response_name(status): {
                    "description": text,
                    "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}},
                }
                for status, text in _REFUSALS.items()
            },
            "securitySchemes": _security_schemes(api),
        },
    }
    validate(found)
    return found


_REFUSAL_SCHEMA = {
    "type": "object",
    "required": ["message", "requestId"],
    "properties": {"message": {"type": "string"}, "requestId": {"type": "string"}},
}


def _server(environment: Environment) -> dict[str, Any]:
    api = environment.api
    if api.domain is not None and environment.suffix is None:
        return {"url": f"https://{api.domain.name}"}
    return {
        "url": f"https://{{apiId}}.execute-api.{environment.region}.amazonaws.com/{api.stage_name}",
        "variables": {"apiId": {"default": "api-id", "description": "In the output `url` of the api stack"}},
    }


def _path(path: str) -> str:
    """OpenAPI has no variable for the rest of a path: it is written like any other."""
    return path.replace("+}", "}")


def _operations(route: RouteSettings, api: ApiSettings) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    if variables := path_variables(route.path):
        operations["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in variables
        ]
    for method in sorted(route.methods):
        operation: dict[str, Any] = {
            "operationId": _operation_id(method, route.path),
            "responses": {"2XX": {"description": "Answered by the backend"}, **_refusals(route)},
        }
        needed: dict[str, list[str]] = {}
        if route.key_required(method):
            needed["apiKey"] = []
        if route.authorizer is not None:
            needed[route.authorizer] = []
        if needed:
            operation["security"] = [needed]
        if method in BODY_METHODS and route.request_schema is not None:
            name = api_schemas.model_name(route.request_schema)
            schema = {"$ref": f"#/components/schemas/{name}"}
            operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
        operations[method.lower()] = operation
    return operations


def _operation_id(method: str, path: str) -> str:
    """`get_devices_deviceId_readings`."""
    return "_".join([method.lower(), *re.findall(r"[A-Za-z0-9]+", path)])


def _refusals(route: RouteSettings) -> dict[str, Any]:
    statuses = [status for status in _REFUSALS if status != "401" or route.authorizer is not None]
    return {status: {"$ref": f"#/components/responses/{_response_name(status)}"} for status in statuses}


def _response_name(status: str) -> str:
    return f"Refusal{status}"


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
    schemes: dict[str, Any] = {}
    if api.plans:
        schemes["apiKey"] = {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "Counts the client's requests. " + "; ".join(map(_said, sorted(api.plans.items()))),
        }
    used = sorted({route.authorizer for route in api.routes if route.authorizer is not None})
    for name in used:
        schemes[name] = {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4" if name == "iam" else f"A token for the authorizer {name}",
        }
    return schemes


def _said(named: tuple[str, PlanSettings]) -> str:
    """What a client of a plan may ask for."""
    name, plan = named
    quota = f", {plan.quota_per_month} per month" if plan.quota_per_month else ""
    throttles = "".join(
        f", of these {each.rate_limit} per second and {each.burst_limit} at once for {each.method} {each.path}"
        for each in plan.throttles
    )
    return f"Plan {name}: {plan.rate_limit} per second, {plan.burst_limit} at once{quota}{throttles}"


def main(arguments: list[str] | None = None) -> int:
    """Write the document of one environment; 2 when its settings are at fault."""
    parser = argparse.ArgumentParser(prog="tools.pages.openapi", description="Write the OpenAPI document of an API.")
    parser.add_argument("--env", metavar="NAME", required=True, help=f"one of {', '.join(environment_names())}")
    name = parser.parse_args(arguments).env
    try:
        found = document(load(name))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OpenAPIValidationError as error:
        where = "/".join(map(str, error.absolute_path))
        print(f"the API of {name} cannot be said in OpenAPI 3.0: {error.message} (at {where})", file=sys.stderr)
        return 2
    path = ROOT / "build" / "openapi" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
