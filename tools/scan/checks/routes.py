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
    name = route["authorizer"]
    kind = name if name in (None, "iam") else authorizers[name]["type"]
    found = {target.id for target in platform.referred(method.stack, method.values.get("authorizer_id"))}
    validators = platform.referred(method.stack, method.values.get("request_validator_id"))
    body = route["request_schema"] if method.values.get("http_method") in BODY_METHODS else None
    models = {id_.id for id_ in platform.referred(method.stack, method.values.get("request_models"))}
    for argument, holds, setting in (
        ("api_key_required", method.values.get("api_key_required") == route["key_required"], "key_required"),
        ("authorization", method.values.get("authorization") == _AUTHORIZATION[kind], "authorizer"),
        ("authorizer_id", all(f"authorizer-{name}" in id_ for id_ in found) and bool(found) == (kind not in (None, "iam")),
         "authorizer"),
        ("request_models", bool(models) == bool(body) and all(f"model-{body}_" in id_ for id_ in models),
         "request_schema"),
        ("request_validator_id", any(v.values.get("validate_request_body") is bool(body) for v in validators),
         "request_schema"),
    ):  # fmt: skip
        if not holds:
            message = f"{argument} is not as the setting says; the setting is api.routes[].{setting} of {route['path']}"
            yield method.finding("API_ROUTE", message, argument)


CHECKS = (
    Check("API_ROUTE", "Methods ask for the key, identity and body that their route is set to", ("6.2.4", "7.2"),
          ("aws_api_gateway_method",), _routes),
)  # fmt: skip
