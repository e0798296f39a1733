"""Every method of the API against the route of the settings that it serves: key, authorizer, schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from settings.api import BODY_METHODS
from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource

_AUTHORIZATION = {None: "NONE", "iam": "AWS_IAM", "cognito": "COGNITO_USER_POOLS", "lambda": "CUSTOM"}
Route = dict[str, Any]


def _path(platform: Platform, resource: Resource) -> str:
    """The path of a method's resource, from the root."""
    for above in platform.referred(
        resource.stack, resource.values.get("parent_id", resource.values.get("resource_id"))
    ):
        if above.type == "aws_api_gateway_resource":
            return f"{_path(platform, above)}/{above.values.get('path_part')}"
    return ""


def _routes(platform: Platform) -> Iterator[Finding]:
    api: dict[str, Any] = platform.settings.get("api") or {}  # type: ignore[assignment]
    routes: dict[tuple[str, str], Route] = {
        (route["path"], method): route for route in api.get("routes", ()) for method in route["methods"]
    }
    for method in platform.subjects_of("aws_api_gateway_method"):
        verb, path = method.values.get("http_method"), _path(platform, method)
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
        "request_schema": bool(models) == bool(body)
        and all(f"model-{body}_" in id_ for id_ in models)
        and [validator.values.get("validate_request_body") for validator in validators] == [bool(body)],
    }
    for setting in (setting for setting, holds in wanted.items() if not holds):
        yield method.finding(
            "API_ROUTE", f"differs from the setting api.routes[].{setting} of {route['path']}", setting
        )


CHECKS = (
    Check("API_ROUTE", "Methods require the API key, authorizer and schema of their route", ("6.2.4", "7.2"),
          ("aws_api_gateway_method",), _routes),
)  # fmt: skip
