import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client


@pytest.fixture
def api(client: Client, name: str) -> Any:
    return client("apigateway").create_rest_api(name=name, binaryMediaTypes=["image/png"])


@pytest.fixture
def integration(client: Client, api: Any) -> dict[str, str]:
    gateway = client("apigateway")
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(
        **where,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://internal.example/",
        connectionType="VPC_LINK",
        connectionId="link-1",
    )
    return where


def test_integration_keeps_its_link(client: Client, integration: dict[str, str]) -> None:
    found = client("apigateway").get_integration(**integration)
    assert found["connectionId"] == "link-1"


def test_integration_can_be_changed_in_place(client: Client, integration: dict[str, str]) -> None:
    gateway = client("apigateway")
    operations = [
        ("replace", "/connectionId", "link-2"),
        ("replace", "/timeoutInMillis", "5000"),
        ("add", "/requestParameters/integration.request.path.id", "method.request.path.id"),
        ("add", "/requestTemplates/application~1json", "{}"),
    ]
    gateway.update_integration(
        **integration,
        patchOperations=[
            {"op": op, "path": path, **({"value": value} if value else {})} for op, path, value in operations
        ],
    )
    found = gateway.get_integration(**integration)
    assert found["connectionId"] == "link-2"
    assert found["timeoutInMillis"] == 5000
    assert found["requestParameters"] == {"integration.request.path.id": "method.request.path.id"}
    assert found["requestTemplates"] == {"application/json": "{}"}
    gateway.update_integration(
        **integration, patchOperations=[{"op": "remove", "path": "/requestTemplates/application~1json"}]
    )
    assert gateway.get_integration(**integration)["requestTemplates"] == {}


def test_resource_policy_comes_back_escaped(client: Client, api: Any) -> None:
    gateway = client("apigateway")
    policy = json.dumps({"Version": "2012-10-17"})
    operation = {"op": "replace", "path": "/policy", "value": policy}
    gateway.update_rest_api(restApiId=api["id"], patchOperations=[operation])
    found = gateway.get_rest_api(restApiId=api["id"])["policy"]
    assert found == r"{\"Version\": \"2012-10-17\"}"


def test_api_keeps_and_changes_media_types_and_its_endpoint(client: Client, api: Any) -> None:
    gateway = client("apigateway")
    assert api["binaryMediaTypes"] == ["image/png"]
    operations = [
        {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
        {"op": "add", "path": "/binaryMediaTypes/image~1gif"},
        {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"},
        {"op": "replace", "path": "/description", "value": "Changed"},
    ]
    gateway.update_rest_api(restApiId=api["id"], patchOperations=operations)
    found = gateway.get_rest_api(restApiId=api["id"])
    assert found["binaryMediaTypes"] == ["image/gif"]
    assert found["disableExecuteApiEndpoint"] is False
    assert found["description"] == "Changed"


def test_usage_plan_has_throttles_per_method(client: Client, name: str) -> None:
    gateway = client("apigateway")
    stage = {
        "apiId": "api",
        "stage": "v1",
        "throttle": {"/readings/GET": {"rateLimit": 5.0, "burstLimit": 1}},
    }
    plan = gateway.create_usage_plan(name=name, apiStages=[stage])

    def patch(*operations: dict[str, str]) -> Any:
        gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=list(operations))
        return gateway.get_usage_plan(usagePlanId=plan["id"])["apiStages"]

    throttle = "/apiStages/api:v1/throttle/readings"
    stages = patch(
        {"op": "replace", "path": f"{throttle}/PUT/rateLimit", "value": "7.5"},
        {"op": "replace", "path": f"{throttle}/PUT/burstLimit", "value": "3"},
    )
    assert stages[0]["throttle"] == {
        "/readings/GET": {"rateLimit": 5.0, "burstLimit": 1},
        "readings/PUT": {"rateLimit": 7.5, "burstLimit": 3},
    }
    stages = patch({"op": "remove", "path": f"{throttle}/PUT"})
    assert list(stages[0]["throttle"]) == ["/readings/GET"]
    assert patch({"op": "remove", "path": "/apiStages", "value": "api:v1"}) == []


def test_a_deployment_keeps_the_methods_that_the_api_had_and_stays_while_a_stage_leads_to_it(
    client: Client, api: Any, integration: dict[str, str]
) -> None:
    gateway = client("apigateway")
    made = gateway.create_deployment(restApiId=api["id"])["id"]
    gateway.create_stage(restApiId=api["id"], stageName="v1", deploymentId=made)
    gateway.delete_method(**integration)

    found = gateway.get_deployment(restApiId=api["id"], deploymentId=made, embed=["apisummary"])
    assert found["apiSummary"] == {"/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}
    assert "apiSummary" not in gateway.get_deployment(restApiId=api["id"], deploymentId=made)
    with pytest.raises(ClientError, match="Active stages"):
        gateway.delete_deployment(restApiId=api["id"], deploymentId=made)
