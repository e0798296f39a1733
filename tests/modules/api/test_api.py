"""The REST API of a set of routes: who answers, what is checked, how it is throttled."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from api_modules import BASE_URL, FUNCTION, LOAD_BALANCER, POOL, synthesize
from synthesized import Synthesized

from settings.api import AuthorizerSettings, CorsSettings, RouteSettings


def route(path: str, *methods: Any, **more: Any) -> RouteSettings:
    return RouteSettings(path=path, methods=methods or ("GET",), **more)


def of_method(synthesized: Synthesized, type_: str, method: str) -> dict[str, Any]:
    """The only resource of the type that belongs to the only method of that name."""
    address = synthesized.address("aws_api_gateway_method", http_method=method)
    return synthesized.one(type_, http_method=f"${{{address}.http_method}}")


def test_one_resource_for_each_part_of_a_path() -> None:
    synthesized = synthesize(routes=(route("/a/{id}/b"), route("/a/{id}"), route("/")))
    root = f"${{{synthesized.address('aws_api_gateway_rest_api')}.root_resource_id}}"
    parts = {resource["path_part"]: resource for resource in synthesized.all("aws_api_gateway_resource")}

    assert set(parts) == {"a", "{id}", "b"}
    assert parts["a"]["parent_id"] == root
    assert parts["b"]["parent_id"] == f"${{{synthesized.address('aws_api_gateway_resource', path_part='{id}')}.id}}"
    assert root in [method["resource_id"] for method in synthesized.all("aws_api_gateway_method")]


@pytest.mark.parametrize("methods", [("GET",), ("GET", "POST", "DELETE")])
def test_every_method_needs_a_key_and_checks_the_variables_of_its_path(methods: tuple[str, ...]) -> None:
    synthesized = synthesize(routes=(route("/a/{id}", *methods),))
    found = synthesized.all("aws_api_gateway_method")

    assert sorted(method["http_method"] for method in found) == sorted(methods)
    for method in found:
        assert method["api_key_required"] is True
        assert method["request_parameters"] == {"method.request.path.id": True}
        assert "validator-parameters" in method["request_validator_id"]
        assert method["authorization"] == "NONE"


def test_a_route_or_a_single_method_is_open_where_the_settings_say_so() -> None:
    routes = (route("/a", "GET", "PUT", key={"GET": False}), route("/b", "GET", key=False), route("/c"))
    found = {
        (method["http_method"], method["api_key_required"])
        for method in synthesize(routes=routes).all("aws_api_gateway_method")
    }

    assert found == {("GET", False), ("PUT", True), ("GET", True)}
    asked = [method["api_key_required"] for method in synthesize(routes=routes[1:2]).all("aws_api_gateway_method")]
    assert asked == [False]


def test_the_service_is_reached_through_the_vpc_link_with_the_path_as_it_came() -> None:
    synthesized = synthesize(routes=(route("/a/{id}/{rest+}", "PUT"),))
    backend, link = synthesized.one("aws_api_gateway_integration"), synthesized.address("aws_api_gateway_vpc_link")

    assert (backend["type"], backend["connection_type"]) == ("HTTP_PROXY", "VPC_LINK")
    assert backend["connection_id"] == f"${{{link}.id}}"
    assert synthesized.one("aws_api_gateway_vpc_link")["target_arns"] == [LOAD_BALANCER]
    assert backend["uri"] == f"{BASE_URL}/a/{{id}}/{{rest}}"
    assert backend["integration_http_method"] == "PUT"
    assert backend["request_parameters"] == {
        "integration.request.header.x-request-id": "context.requestId",
        "integration.request.path.id": "method.request.path.id",
        "integration.request.path.rest": "method.request.path.rest",
    }


@pytest.mark.parametrize(("arn", "qualifier"), [(FUNCTION, None), (f"{FUNCTION}:live", "live")])
def test_a_function_is_called_by_this_stage_only(arn: str, qualifier: str | None) -> None:
    routes = (route("/a", "GET", "POST", backend="lambda", function_arn=arn),)
    synthesized = synthesize(routes=routes)
    execution = f"${{{synthesized.address('aws_api_gateway_rest_api')}.execution_arn}}"

    for backend in synthesized.all("aws_api_gateway_integration"):
        assert (backend["type"], backend["integration_http_method"]) == ("AWS_PROXY", "POST")
        assert backend["uri"].endswith(f"functions/{arn}/invocations")
    permission = synthesized.one("aws_lambda_permission")
    assert permission["source_arn"] == f"{execution}/v1/*"
    # The ARN names the account; whether API Gateway sends it apart, AWS does not say.
    assert "source_account" not in permission
    assert permission["function_name"] == FUNCTION
    assert permission.get("qualifier") == qualifier


def test_a_mock_answers_by_itself() -> None:
    synthesized = synthesize(routes=(route("/health", backend="mock"),))

    assert synthesized.one("aws_api_gateway_integration")["type"] == "MOCK"
    assert synthesized.one("aws_api_gateway_method_response")["status_code"] == "200"
    response = synthesized.one("aws_api_gateway_integration_response")
    assert json.loads(response["response_templates"]["application/json"]) == {"status": "ok"}
    # They are made after what they belong to.
    assert response["http_method"] == f"${{{synthesized.address('aws_api_gateway_integration')}.http_method}}"
    assert response["status_code"] == f"${{{synthesized.address('aws_api_gateway_method_response')}.status_code}}"


def test_a_body_is_checked_whatever_type_it_says_it_is() -> None:
    synthesized = synthesize(routes=(route("/a", "GET", "POST", request_schema="device"),))
    model = synthesized.one("aws_api_gateway_model")
    post = synthesized.one("aws_api_gateway_method", http_method="POST")
    validators = {validator["name"]: validator for validator in synthesized.all("aws_api_gateway_request_validator")}

    assert (model["name"], json.loads(model["schema"])["title"]) == ("Device", "Device")
    name = f"${{{synthesized.address('aws_api_gateway_model')}.name}}"
    assert post["request_models"] == {"application/json": name, "$default": name}
    assert "validator-body" in post["request_validator_id"]
    assert validators["body"]["validate_request_body"] is True
    assert validators["parameters"]["validate_request_body"] is False
    assert all(validator["validate_request_parameters"] for validator in validators.values())
    assert "request_models" not in synthesized.one("aws_api_gateway_method", http_method="GET")


def test_pages_of_the_origin_may_call_and_read_what_is_refused() -> None:
    cors = CorsSettings(origin="https://shop.example.com")
    synthesized = synthesize(routes=(route("/a/{id}", "PUT", "GET"), route("/health", backend="mock")), cors=cors)
    options = synthesized.all("aws_api_gateway_method", http_method="OPTIONS")

    assert [(method["authorization"], method["api_key_required"]) for method in options] == [("NONE", False)] * 2
    headers = [r["response_parameters"] for r in synthesized.all("aws_api_gateway_integration_response")]
    prefix = "method.response.header.Access-Control-"
    assert {
        f"{prefix}Allow-Origin": "'https://shop.example.com'",
        f"{prefix}Allow-Methods": "'GET,OPTIONS,PUT'",
        f"{prefix}Allow-Headers": "'authorization,content-type,x-api-key'",
        f"{prefix}Max-Age": "'600'",
    } in headers
    assert {f"{prefix}Allow-Origin": "'https://shop.example.com'"} in headers  # the mock's own answer
    for refusal in synthesized.all("aws_api_gateway_gateway_response"):
        name = "gatewayresponse.header.Access-Control-Allow-Origin"
        assert refusal["response_parameters"][name] == "'https://shop.example.com'"


# What the validator of bodies says quotes names and values of the caller: a body is anything that somebody sends.
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
NASTY = (
    "Invalid request body",
    '[object has missing required properties (["name"])]',
    '[instance type (string) does not match any allowed primitive type (allowed: ["object"])]',
    '[object instance has properties which are not allowed by the schema: ["a\"b"]]',
    '"', '""', '\\', '\\"', "\\\\", "'", "a\nb", "a\r\nb", "a\tb", "a\x00b", "\u2028", "\u202e", "\U0001f600",
    '", "requestId": "forged', "}", "$context.requestId", "</script>", "${jndi:ldap://x}", "#set($x = 1)",
)  # fmt: skip


def substituted(template: str, message: str) -> str:
    """A template of a gateway response with its variables replaced once, and nothing escaped but by the variable.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    values = {
        "context.error.messageString": json.dumps(message),
        "context.error.message": message,
        "context.error.validationErrorString": message,
        "context.requestId": REQUEST_ID,
    }
    return re.sub(r"\$(context(?:\.\w+)+)", lambda found: values[found[1]], template)


def test_what_api_gateway_refuses_it_says_in_json_with_the_requests_id() -> None:
    found = {r["response_type"]: r for r in synthesize().all("aws_api_gateway_gateway_response")}

    # DEFAULT_4XX is what a body that does not match its schema gets, too.
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"} == set(found)
    for response in found.values():
        template = response["response_templates"]["application/json"]
        for message in NASTY:
            assert json.loads(substituted(template, message)) == {"message": message, "requestId": REQUEST_ID}
    assert found["THROTTLED"]["status_code"] == "429"
    assert found["THROTTLED"]["response_parameters"] == {"gatewayresponse.header.Retry-After": "'1'"}


@pytest.mark.parametrize(
    ("authorizer", "settings", "authorization", "type_"),
    [
        ("iam", {}, "AWS_IAM", None),
        (
            "people",
            {"people": {"type": "cognito", "user_pool_arns": (POOL,)}},
            "COGNITO_USER_POOLS",
            "COGNITO_USER_POOLS",
        ),
        ("things", {"things": {"type": "lambda", "function_arn": FUNCTION}}, "CUSTOM", "TOKEN"),
    ],
)
def test_authorization_of_a_route(
    authorizer: str, settings: dict[str, dict[str, Any]], authorization: str, type_: str | None
) -> None:
    authorizers = {name: AuthorizerSettings(**values) for name, values in settings.items()}
    synthesized = synthesize(routes=(route("/a", authorizer=authorizer),), authorizers=authorizers)
    method = synthesized.one("aws_api_gateway_method")

    assert method["authorization"] == authorization
    if type_ is None:
        assert "authorizer_id" not in method
    else:
        assert synthesized.one("aws_api_gateway_authorizer")["type"] == type_
        assert method["authorizer_id"] == f"${{{synthesized.address('aws_api_gateway_authorizer')}.id}}"
    if type_ == "TOKEN":
        id_ = f"${{{synthesized.address('aws_api_gateway_authorizer')}.id}}"
        assert synthesized.one("aws_lambda_permission")["source_arn"].endswith(f"/authorizers/{id_}")


def policy(synthesized: Synthesized) -> dict[str, dict[str, Any]]:
    statements = json.loads(synthesized.one("aws_api_gateway_rest_api_policy")["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in statements}


def test_everybody_may_call_with_tls() -> None:
    statements = policy(synthesize())

    assert set(statements) == {"DenyWithoutTls", "Callers"}
    assert {sid: statement["Effect"] for sid, statement in statements.items()} == {
        "DenyWithoutTls": "Deny",
        "Callers": "Allow",
    }
    assert statements["DenyWithoutTls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_allowed_blocks_keep_everybody_else_out() -> None:
    denied = policy(synthesize(allowed_cidrs=("198.51.100.0/24", "192.0.2.0/24")))["DenyElsewhere"]

    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}


def test_the_policy_lets_nobody_into_a_route_with_iam() -> None:
    # An identity of the account that IAM allows nothing would be let in by the API's own policy.
    routes = (
        route("/a/{id}", "GET", "DELETE"),
        route("/mine", authorizer="people"),
        route("/secrets", authorizer="iam"),
    )
    people = {"people": AuthorizerSettings(type="cognito", user_pool_arns=(POOL,))}
    cors = CorsSettings(origin="*")

    allowed = policy(synthesize(routes=routes, cors=cors, authorizers=people))["Callers"]["Resource"]

    # Those who log in with another authorizer are no identities of IAM: only this policy can let them in.
    assert [arn.split("/", 1)[1] for arn in allowed] == ["v1/DELETE/a/*", "v1/GET/a/*", "v1/GET/mine", "v1/OPTIONS/*"]
    assert "Callers" not in policy(synthesize(routes=(route("/secrets", authorizer="iam"),)))


def test_media_types_are_those_of_the_settings() -> None:
    assert synthesize().one("aws_api_gateway_rest_api")["api_key_source"] == "HEADER"
    assert synthesize(binary_media_types=("image/png", "image/gif")).one("aws_api_gateway_rest_api")[
        "binary_media_types"
    ] == ["image/gif", "image/png"]
