"""API Gateway: what a deployment holds of its API, that none goes while a stage leads to it, and canaries of stages."""

import json
from typing import Any

from moto.apigateway.exceptions import StageStillActive
from moto.apigateway.models import APIGatewayBackend, RestAPI, Stage
from moto.apigateway.responses import APIGatewayResponse

from tools.local.emulator.registry import extend


@extend(APIGatewayBackend, unless="api_summary")
def create_deployment(
    stock: Any, self: Any, function_id: str, name: str, description: str, stage_variables: Any
) -> Any:
    """moto keeps nothing of the API; AWS keeps its methods by path and name, as they are in that moment.

    https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSnapshot.html
    """
    made = stock(self, function_id, name, description, stage_variables)
    made.api_summary = {
        resource.get_path(): {
            method.http_method: {
                "authorizationType": method.authorization_type,
                "apiKeyRequired": bool(method.api_key_required),
            }
            for method in resource.resource_methods.values()
        }
        for resource in self.get_resources(function_id)
        if resource.resource_methods
    }
    return made


@extend(APIGatewayResponse, unless="apiSummary")
def get_deployment(stock: Any, self: Any) -> str:
    """AWS shows it to who asks for it (`embed=apisummary`)."""
    found = json.loads(stock(self))
    if "apisummary" in self.querystring.get("embed", []):
        _, _, api, _, deployment = self.path.split("?")[0].split("/")[:5]
        found["apiSummary"] = self.backend.get_deployment(api, deployment).api_summary
    return json.dumps(found)


@extend(RestAPI, unless="stage.deployment_id")
def delete_deployment(stock: Any, self: Any, deployment_id: str) -> Any:
    """moto looks only for a stage that was made with the deployment; AWS refuses while any leads to it."""
    used = [(stage.deployment_id, _canary(stage).get("deploymentId")) for stage in self.stages.values()]
    if any(deployment_id in ids for ids in used):
        raise StageStillActive
    return stock(self, deployment_id)


_CANARY = "/canarySettings"


def _canary(stage: Any) -> dict[str, Any]:
    found: dict[str, Any] = getattr(stage, "canary_settings", {})
    return found


@extend(Stage, "to_json", unless="canarySettings")
def stage_to_json(stock: Any, self: Any) -> dict[str, Any]:
    """moto has no canaries."""
    return {**stock(self), **({"canarySettings": _canary(self)} if _canary(self) else {})}


@extend(APIGatewayResponse, unless="canarySettings")
def create_stage(stock: Any, self: Any) -> Any:
    """moto drops the canary."""
    status, headers, _ = stock(self)
    stage = self.backend.get_stage(self.path.split("/")[2], self._get_param("stageName"))
    stage.canary_settings = self._get_param("canarySettings") or {}
    return status, headers, json.dumps(stage.to_json())


@extend(Stage, "apply_operations", unless="canarySettings")
def apply_operations(stock: Any, self: Any, patch_operations: list[dict[str, Any]]) -> Any:
    """moto takes the deployment of the canary for that of the stage."""
    for operation in patch_operations:
        path, value = operation["path"], operation.get("value")
        if path == _CANARY and operation["op"] == "remove":
            self.canary_settings = {}
        elif path.startswith(f"{_CANARY}/"):
            key = path.rpartition("/")[2]
            types: dict[str, Any] = {"percentTraffic": float, "useStageCache": lambda text: text == "true"}
            self.canary_settings = {**_canary(self), key: types.get(key, str)(value)}
        else:
            stock(self, [operation])
    return self
