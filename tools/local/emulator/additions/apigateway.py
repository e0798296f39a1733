"""API Gateway: integrations through a VPC link, resource policies, media types, stages of usage plans."""

import json
from typing import Any

from moto.apigateway.models import Integration, RestAPI, UsagePlan
from moto.apigateway.responses import APIGatewayResponse
from moto.core.utils import camelcase_to_underscores

from tools.local.emulator.registry import add, extend

# moto's attributes that are not called as in the API.
_ATTRIBUTES = {"type": "integration_type", "passthroughBehavior": "passthrough_behaviour"}


def _integration(response: Any) -> Any:
    parts = response.path.split("/")
    return response.backend.get_integration(parts[2], parts[4], parts[6])


def _pointed(operation: dict[str, Any]) -> tuple[str, str, Any]:
    """What an operation changes: a member, the key in it or "", and the new value or None (RFC 6901)."""
    member, _, key = operation["path"].removeprefix("/").partition("/")
    return member, key.replace("~1", "/").replace("~0", "~"), operation.get("value")


@extend(Integration, unless="connectionId")
def to_json(stock: Any, self: Any) -> dict[str, Any]:
    """moto has no connectionId: an integration through a VPC link would be replaced on every apply."""
    return {**stock(self), "connectionId": getattr(self, "connection_id", None)}


@extend(APIGatewayResponse, unless="connectionId")
def put_integration(stock: Any, self: Any) -> Any:
    """moto drops connectionId."""
    status, headers, _ = stock(self)
    integration = _integration(self)
    integration.connection_id = self._get_param("connectionId")
    return status, headers, json.dumps(integration.to_json())


@add(APIGatewayResponse)
def update_integration(self: Any) -> str:
    """Not in moto: without it no integration can be changed in place."""
    integration = _integration(self)
    for operation in self._get_param("patchOperations"):
        member, key, value = _pointed(operation)
        if key:  # of the request's parameters or templates
            entries = getattr(integration, camelcase_to_underscores(member)) or {}
            value = {name: text for name, text in {**entries, key: value}.items() if text is not None}
        elif member == "timeoutInMillis":
            value = int(value)
        setattr(integration, _ATTRIBUTES.get(member, camelcase_to_underscores(member)), value)
    return json.dumps(integration.to_json())


@extend(RestAPI, because="self.PROP_POLICY: self.policy")
def to_dict(stock: Any, self: Any) -> dict[str, Any]:
    """AWS returns the resource policy with escaped quotes, and the provider unescapes it: moto's plain
    text breaks that.
    """
    api: dict[str, Any] = stock(self)
    if api["policy"]:
        api["policy"] = json.dumps(api["policy"])[1:-1]
    return api


@extend(APIGatewayResponse, unless="binaryMediaTypes")
def create_rest_api(stock: Any, self: Any) -> Any:
    """moto drops binaryMediaTypes."""
    status, headers, body = stock(self)
    if status != 200:
        return status, headers, body
    api = self.backend.apis[json.loads(body)["id"]]
    api.binaryMediaTypes = api.binaryMediaTypes or self._get_param("binaryMediaTypes") or []
    return status, headers, json.dumps(api.to_dict())


@extend(RestAPI, "apply_patch_operations", because="bool(value)")
def patch_rest_api(stock: Any, self: Any, patch_operations: list[dict[str, Any]]) -> None:
    """moto looks for a media type in the value; AWS, and so the provider, put it into the path.

    It also takes the text "false" for true.
    """
    for operation in patch_operations:
        member, key, value = _pointed(operation)
        if member == "binaryMediaTypes":
            kept = [name for name in self.binaryMediaTypes if name != key]
            self.binaryMediaTypes = kept + ([key] if operation["op"] != "remove" else [])
        elif member == "disableExecuteApiEndpoint":
            self.disableExecuteApiEndpoint = value == "true"
        else:
            stock(self, [operation])


@extend(UsagePlan, "apply_patch_operations", unless="apiStages/")
def patch_usage_plan(stock: Any, self: Any, patch_operations: list[dict[str, Any]]) -> None:
    """moto drops throttles per method, and cannot remove a stage that came with one: it looks for one
    without.
    """
    for operation in patch_operations:
        path, value = operation["path"], operation.get("value")
        if path == "/apiStages" and operation["op"] == "remove":
            self.api_stages = [stage for stage in self.api_stages if f"{stage['apiId']}:{stage['stage']}" != value]
        elif path.startswith("/apiStages/"):
            _throttle(self, operation["op"], path, value)
        else:
            stock(self, [operation])


def _throttle(plan: Any, op: str, path: str, value: str | None) -> None:
    """A path is /apiStages/<api>:<stage>/throttle/<resource path>/<method>[/<limit>]; the resource path
    has slashes of its own.
    """
    stage_id, _, target = path.removeprefix("/apiStages/").partition("/throttle/")
    throttles = next(s for s in plan.api_stages if f"{s['apiId']}:{s['stage']}" == stage_id).setdefault("throttle", {})
    method, _, limit = target.rpartition("/")
    if op == "remove":
        throttles.pop(target, None)
    elif limit == "rateLimit":
        throttles.setdefault(method, {})["rateLimit"] = float(value or 0)
    elif limit == "burstLimit":
        throttles.setdefault(method, {})["burstLimit"] = int(value or 0)
