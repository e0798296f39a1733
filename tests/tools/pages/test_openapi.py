"""The OpenAPI document says of each route what API Gateway asks of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load

from settings import Environment
from settings.api import AuthorizerSettings, DomainSettings, RouteSettings
from settings.api import schemas as api_schemas
from tools.pages import __main__ as command
from tools.pages import openapi

POOL = "arn:aws:cognito-idp:ca-central-1:111111111111:userpool/ca-central-1_Abc"


def environment(**changed: Any) -> Environment:
    loaded = load("iot-dev")
    return loaded.model_copy(update={"api": loaded.api.model_copy(update=changed)})


@pytest.mark.parametrize("name", environment_names())
def test_every_route_of_every_environment_is_in_a_valid_document(name: str) -> None:
    found = openapi.document(load(name))

    operations = {
        (path, method.upper()) for path, item in found["paths"].items() for method in item.keys() - {"parameters"}
    }
    # OpenAPI has no variable for the rest of a path.
    routes = {(route.path.replace("+}", "}"), method) for route in load(name).api.routes for method in route.methods}
    assert operations == routes


def test_variables_bodies_and_keys_of_a_route() -> None:
    found = openapi.document(load("iot-dev"))
    path = found["paths"]["/devices/{deviceId}/readings"]

    assert [parameter["name"] for parameter in path["parameters"]] == ["deviceId"]
    body = path["post"]["requestBody"]
    assert body == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readings"}}},
    }
    assert "requestBody" not in path["get"]
    assert path["get"]["security"] == [{"apiKey": []}]
    assert found["components"]["securitySchemes"]["apiKey"]["name"] == "x-api-key"
    assert "401" not in path["get"]["responses"]


def test_definitions_of_a_schema_stand_beside_it() -> None:
    schemas = openapi.document(load("iot-dev"))["components"]["schemas"]

    assert schemas["Readings"]["properties"]["readings"]["items"] == {"$ref": "#/components/schemas/Readings.reading"}
    assert schemas["Readings.reading"]["required"] == ["measuredAt", "value", "unit"]
    assert not {"$schema", "definitions"} & schemas["Readings"].keys()


def test_logins_and_routes_without_a_key() -> None:
    found = openapi.document(
        environment(
            authorizers={"people": AuthorizerSettings(type="cognito", user_pool_arns=(POOL,))},
            routes=(
                RouteSettings(path="/a/{rest+}", methods=("GET",), authorizer="people"),
                RouteSettings(path="/b", methods=("GET",), key=False),
            ),
        )
    )

    assert found["paths"]["/a/{rest}"]["get"]["security"] == [{"apiKey": [], "people": []}]
    assert "401" in found["paths"]["/a/{rest}"]["get"]["responses"]
    assert "security" not in found["paths"]["/b"]["get"]


def test_behind_cloudfront_the_server_is_cloudfront_for_the_api_refuses_other_callers() -> None:
    shop = load("globecart-prod")

    assert openapi.document(shop)["servers"] == [{"url": "https://www.globecart.example.com"}]
    copied = openapi.document(shop.model_copy(update={"suffix": "pr-1"}))
    assert "execute-api" in copied["servers"][0]["url"]


def test_the_server_is_the_domain_unless_it_is_a_copy() -> None:
    domain = DomainSettings(
        name="api.example.com",
        certificate_arn="arn:aws:acm:ca-central-1:111111111111:certificate/00000000-0000-0000-0000-000000000000",
        zone_id="Z012345ABC",
    )
    own = environment(domain=domain)

    assert openapi.document(own)["servers"] == [{"url": "https://api.example.com"}]
    copied = openapi.document(own.model_copy(update={"suffix": "pr-1"}))
    assert copied["servers"][0]["url"] == f"https://{{apiId}}.execute-api.{own.region}.amazonaws.com/v1"


def test_a_schema_that_openapi_cannot_say_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    routes = (RouteSettings(path="/a", methods=("PUT",), request_schema="thing"),)
    own = environment(routes=routes)
    folder = tmp_path / "iot"
    folder.mkdir()
    (folder / "thing.json").write_text(json.dumps({"$schema": api_schemas.DRAFT, "type": ["string", "null"]}))
    monkeypatch.setattr(api_schemas, "DIRECTORY", tmp_path)
    monkeypatch.setattr(command, "load", lambda name, suffix: own)

    with pytest.raises(openapi.OpenAPIError):
        openapi.document(own)
    assert command.main(["openapi", "--env", "iot-dev"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_writes_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)

    assert command.main(["openapi", "--env", "iot-dev"]) == 0
    assert capsys.readouterr().out == "build/openapi/iot-dev.json\n"
    assert json.loads((tmp_path / "build/openapi/iot-dev.json").read_text()) == openapi.document(load("iot-dev"))
    assert command.main(["openapi", "--env", "iot-absent"]) == 2
    assert "iot-absent.toml" in capsys.readouterr().err
