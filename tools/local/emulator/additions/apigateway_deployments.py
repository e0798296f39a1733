"""API Gateway: what a deployment holds of its API, and that none goes while a stage leads to it."""

import json
from typing import Any

from moto.apigateway.exceptions import StageStillActive
from moto.apigateway.models import APIGatewayBackend, RestAPI
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
    if any(stage.deployment_id == deployment_id for stage in self.stages.values()):
        raise StageStillActive
    return stock(self, deployment_id)
