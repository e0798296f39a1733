"""Every method of the API against the route of the settings that it serves: key, authorizer, schema, backend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from settings.api import BODY_METHODS, path_variables
from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource

_AUTHORIZATION = {None: "NONE", "iam": "AWS_IAM", "cognito": "COGNITO_USER_POOLS", "lambda": "CUSTOM"}
# More parts than any path has.
_DEEPEST = 50
Route = dict[str, Any]


def path_of(platform: Platform, resource: Resource) -> str:
    """The path of a method's resource, from the root; of one below itself nothing that any route has."""
    parts: list[str] = []
    wanted = resource.values.get("resource_id", resource.values.get("parent_id"))
    while above := [r for r in platform.referred(resource.stack, wanted) if r.type == "aws_api_gateway_resource"]:
        parts.insert(0, str(above[0].values.get("path_part")))
        wanted = above[0].values.get("parent_id")
        if len(parts) > _DEEPEST:
            break
    return "".join(f"/{part}" for part in parts)


def _api(platform: Platform) -> dict[str, Any]:
    return platform.settings.get("api") or {}  # type: ignore[return-value]


def asked(platform: Platform) -> dict[tuple[str, str], Route]:
    """Path and method of every route of the settings."""
    return {(route["path"], method): route for route in _api(platform).get("routes", ()) for method in route["methods"]}


def _routes(platform: Platform) -> Iterator[Finding]:
    api, routes = _api(platform), asked(platform)
    for method in platform.subjects_of("aws_api_gateway_method"):
        verb, path = method.values.get("http_method"), path_of(platform, method)
        if verb == "OPTIONS":
            continue  # pinned by the allow-list
        if (route := routes.get((path or "/", str(verb)))) is None:
            yield method.finding("API_ROUTE", f"{verb} {path}: the setting api.routes has no such route")
        else:
            yield from _as_set(platform, method, route, api.get("authorizers") or {})


def _as_set(platform: Platform, method: Resource, route: Route, authorizers: dict[str, Any]) -> Iterator[Finding]:
    values, name = method.values, route["authorizer"]
    kind = name if name in (None, "iam") else authorizers[name]["type"]
    body = route["request_schema"] if values.get("http_method") in BODY_METHODS else None
    authorizer = [target.id for target in platform.referred(method.stack, values.get("authorizer_id"))]
    models = {model.id for model in platform.referred(method.stack, values.get("request_models"))}
    validators = platform.referred(method.stack, values.get("request_validator_id"))
    key = route["key"]
    asks = key.get(values.get("http_method"), True) if isinstance(key, dict) else key
    wanted = {
        "key": values.get("api_key_required") == asks,
        "authorizer": values.get("authorization") == _AUTHORIZATION[kind]
        and bool(authorizer) == (kind in ("cognito", "lambda"))
        and all(f"authorizer-{name}_" in id_ for id_ in authorizer),
        "path": (values.get("request_parameters") or {})
        == {f"method.request.path.{variable}": True for variable in path_variables(route["path"])},
        "request_schema": bool(models) == bool(body)
        and all(f"model-{body}_" in id_ for id_ in models)
        and [validator.values.get("validate_request_body") for validator in validators] == [bool(body)],
    }
    for setting in (setting for setting, holds in wanted.items() if not holds):
        yield method.finding(
            "API_ROUTE", f"differs from the setting api.routes[].{setting} of {route['path']}", setting
        )


def _backends(platform: Platform) -> Iterator[Finding]:
    """A route that asks for no login must not call the backend of one that does."""
    if platform.subjects and not any(subject.type.startswith("aws_api_gateway_") for subject in platform.subjects):
        return
    routes = asked(platform)
    served: set[tuple[str, str]] = set()
    for integration in platform.all("aws_api_gateway_integration"):
        methods = platform.referred(integration.stack, integration.values.get("http_method"))
        path = path_of(platform, integration) or "/"
        verbs = [
            str(method.values.get("http_method")) for method in methods if (path_of(platform, method) or "/") == path
        ]
        if len(methods) != 1 or len(verbs) != 1:
            yield integration.finding("API_BACKEND", "http_method and resource_id are not those of one method")
        elif (route := routes.get((path, verbs[0]))) is not None:
            served.add((path, verbs[0]))
            for argument, wanted in _wanted(route, verbs[0]).items():
                value = integration.values.get(argument)
                if argument == "uri" and isinstance(value, str) and route["function_arn"] is None:
                    value = re.sub(r"^https?://[^/]+", "", value)
                if (value or None) != wanted:
                    yield integration.finding("API_BACKEND", f"of {path} it must be {wanted}", argument)
        elif verbs != ["OPTIONS"] or integration.values.get("type") != "MOCK":
            message = (
                f"{verbs[0]} {path} is no route of the settings; only OPTIONS may be there, answered by API Gateway"
            )
            yield integration.finding("API_BACKEND", message, "type")
    for path, verb in sorted(routes.keys() - served):
        yield Finding("API_BACKEND", platform.name, f"{verb} {path}", "a route of the settings that nothing serves")


def _wanted(route: Route, verb: str) -> dict[str, Any]:
    """The arguments of the integration of a route."""
    if route["backend"] == "mock":
        return {"type": "MOCK", "uri": None}
    if (function := route["function_arn"]) is not None:
        uri = f"arn:aws:apigateway:{function.split(':')[3]}:lambda:path/2015-03-31/functions/{function}/invocations"
        return {"type": "AWS_PROXY", "uri": uri, "integration_http_method": "POST"}
    passed = {
        f"integration.request.path.{name}": f"method.request.path.{name}" for name in path_variables(route["path"])
    }
    return {
        "type": "HTTP_PROXY",
        "uri": route["path"].replace("+}", "}"),
        "integration_http_method": verb,
        "request_parameters": {"integration.request.header.x-request-id": "context.requestId", **passed},
    }


CHECKS = (
    Check("API_BACKEND", "Each method calls the backend of its own route, with its own path", ("6.2.4", "7.2"),
          ("aws_api_gateway_integration",), _backends),
    Check("API_ROUTE", "Methods require the API key, authorizer and schema of their route", ("6.2.4", "7.2"),
          ("aws_api_gateway_method",), _routes),
)  # fmt: skip
