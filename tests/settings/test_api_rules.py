"""Settings of the API that AWS would refuse, or that would throttle nobody: each with the line that a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load
from settings.api import ApiSettings, RouteSettings, path_pattern, path_variables
from settings.api import schemas as api_schemas

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"
OWN_CERTIFICATE = CERTIFICATE.replace("us-east-1", "ca-central-1")
FUNCTION = "arn:aws:lambda:ca-central-1:111111111111:function:f"
PATHS = "a path such as /devices/{deviceId}/readings, of letters, digits and . _ : -, {+} only at its end"


def routes(*tables: str) -> Changes:
    """Routes as TOML; each has GET unless it names methods."""
    written = [table if "methods" in table else f'{table}, methods = ["GET"]' for table in tables]
    return {"api.routes": "[" + ", ".join(f"{{{table}}}" for table in written) + "]"}


def throttle(*tables: str) -> Changes:
    """Throttles of the plan, as TOML."""
    return {"api.plans.default.throttles": "[" + ", ".join(f"{{{table}}}" for table in tables) + "]"}


KEY = str(RouteSettings.model_fields["key"].description)
# Name of the kind -> (changes to a valid development file, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    "plan without a key": (
        {"api.plans.default.clients": "[]"},
        "api.plans.default.clients = []; allowed: one or more names of API clients; each gets its own API key; "
        "correct the value",
    ),
    "route that needs a key without a plan": (
        {"api.plans.default": None},
        "api.plans is a table; allowed: a table [api.plans.default] while /health needs a key; "
        "add it, or set key = false for that path",
    ),
    "plan that no route counts against": (
        routes('path = "/a", key = false'),
        'api.plans.default.clients = ["gateway"]; allowed: clients only if a route needs a key: other routes count '
        "against no plan; require a key, or delete the table",
    ),
    "rate above the throttle of the stage": (
        {"api.stage_rate_limit": "199"},
        "api.plans.default.rate_limit = 200; allowed: at most 199 (api.stage_rate_limit); "
        "lower it, or raise the stage's limit",
    ),
    "burst above the throttle of the stage": (
        {"api.stage_burst_limit": "399"},
        "api.plans.default.burst_limit = 400; allowed: at most 399 (api.stage_burst_limit); "
        "lower it, or raise the stage's limit",
    ),
    "burst below the rate": (
        {"api.plans.default.burst_limit": "199"},
        "api.plans.default.burst_limit = 199; allowed: 200 (the rate) or more; raise it",
    ),
    "client twice": (
        {"api.plans.default.clients": '["a", "a"]'},
        'api.plans.default.clients = ["a", "a"]; allowed: each client once; delete one of the two',
    ),
    "canary of all requests": (
        {"api.canary_percent": "100"},
        "api.canary_percent = 100; allowed: percentage of requests that use the newest API deployment, 1 to 99; the "
        "others use the previous one; absent means that all use the newest; correct the value",
    ),
    "User-Agent that is neither true nor false": (
        {"api.user_agent_required": '"yes"'},
        'api.user_agent_required = "yes"; allowed: true or false: WAF blocks requests without User-Agent; set it to '
        "false if devices send none; correct the value",
    ),
    "client of two plans": (
        {"api.plans.partners": '{clients = ["gateway"]}'},
        'api.plans.partners.clients = ["gateway"]; allowed: each client in one plan, and gateway is in '
        "api.plans.default; delete one of the two",
    ),
    "plan of an earlier version": (
        {"api.plan": '{clients = ["gateway"]}'},
        f"api.plan is unknown; allowed: the keys {', '.join(sorted(ApiSettings.model_fields))}; "
        "rename the table to [api.plans.default]",
    ),
    "key of an earlier version": (
        routes('path = "/a"', 'path = "/b", key_required = false'),
        f"api.routes.1.key_required is unknown; allowed: the keys {', '.join(sorted(RouteSettings.model_fields))}; "
        "rename the key to key",
    ),
    "key that is neither true nor false": (
        routes('path = "/a", key = 0'),
        f"api.routes.0.key = 0; allowed: {KEY}; correct the value",
    ),
    "key of a method that is neither true nor false": (
        routes('path = "/a", key = {GET = 0}'),
        f"api.routes.0.key is a table; allowed: {KEY}; correct the value",
    ),
    "key of a method that is none": (
        routes('path = "/a", key = {FETCH = false}'),
        f"api.routes.0.key is a table; allowed: {KEY}; correct the value",
    ),
    "key of a method that the route does not have": (
        routes('path = "/a", key = {PUT = false}'),
        'api.routes.0.key = "PUT"; allowed: methods of the route: GET; delete the others',
    ),
    "throttle of a method that is none": (
        throttle('method = "PUT", path = "/health", rate_limit = 5, burst_limit = 5'),
        'api.plans.default.throttles.0.path = "PUT /health"; allowed: a method and path in api.routes that need a '
        "key: others count against no plan; correct the method and the path, or delete the table",
    ),
    "throttle of an unknown method": (
        throttle('method = "FETCH", path = "/health", rate_limit = 5, burst_limit = 5'),
        'api.plans.default.throttles.0.method = "FETCH"; allowed: one of GET, POST, PUT, PATCH, DELETE, HEAD; '
        "correct the value",
    ),
    "throttle twice": (
        throttle(*['method = "GET", path = "/health", rate_limit = 5, burst_limit = 5'] * 2),
        'api.plans.default.throttles.1.path = "GET /health"; allowed: each method of a path once; '
        "delete one of the two",
    ),
    "throttle above the plan's rate": (
        throttle('method = "GET", path = "/health", rate_limit = 201, burst_limit = 5'),
        "api.plans.default.throttles.0.rate_limit = 201; allowed: at most 200 (api.plans.default.rate_limit); "
        "lower it, or raise the plan's limit",
    ),
    "throttle above the plan's burst": (
        throttle('method = "GET", path = "/health", rate_limit = 5, burst_limit = 401'),
        "api.plans.default.throttles.0.burst_limit = 401; allowed: at most 400 (api.plans.default.burst_limit); "
        "lower it, or raise the plan's limit",
    ),
    "throttle without a rate": (
        throttle('method = "GET", path = "/health", burst_limit = 5'),
        "api.plans.default.throttles.0.rate_limit is missing; allowed: requests per second for each client, 1 to "
        "10000; add it",
    ),
    "route twice": (
        routes('path = "/a"', 'path = "/a", methods = ["DELETE"]'),
        'api.routes.1.path = "/a"; allowed: each path only once; combine the methods in one table',
    ),
    "method twice": (
        routes('path = "/a", methods = ["GET", "GET"]'),
        'api.routes.0.methods = ["GET", "GET"]; allowed: each method once; delete the duplicates',
    ),
    "method that is none": (
        routes('path = "/a", methods = ["FETCH"]'),
        'api.routes.0.methods.0 = "FETCH"; allowed: one or more of GET, POST, PUT, PATCH, DELETE, HEAD; '
        "correct the value",
    ),
    "two variables in the same place": (
        routes('path = "/a/{id}"', 'path = "/a/{name}/b"'),
        'api.routes.1.path = "/a/{name}/b"; allowed: {id} instead of {name}, as in /a/{id}: API Gateway allows only '
        "one variable name below /a; use the same name",
    ),
    "the rest of a path beside a variable": (
        routes('path = "/{area}"', 'path = "/{rest+}"'),
        'api.routes.1.path = "/{rest+}"; allowed: {area} instead of {rest+}, as in /{area}: API Gateway allows only '
        "one variable name below /; use the same name",
    ),
    "variable twice in a path": (
        routes('path = "/a/{id}/b/{id}"'),
        'api.routes.0.path = "/a/{id}/b/{id}"; allowed: each variable only once in a path; rename one of them',
    ),
    "path of AWS": (
        routes('path = "/ping"'),
        'api.routes.0.path = "/ping"; allowed: a path other than /ping and /sping, which AWS reserves; choose another',
    ),
    "unknown backend": (
        routes('path = "/a", backend = "queue"'),
        'api.routes.0.backend = "queue"; allowed: "service" (through the VPC link), "lambda" (function_arn) or '
        '"mock" (API Gateway responds itself); correct the value',
    ),
    "lambda without a function": (
        routes('path = "/a", backend = "lambda"'),
        'api.routes.0.function_arn = null; allowed: the ARN of a function with backend = "lambda"; otherwise no '
        "value; add or delete it",
    ),
    "function of another backend": (
        routes(f'path = "/a", function_arn = "{FUNCTION}"'),
        f'api.routes.0.function_arn = "{FUNCTION}"; allowed: the ARN of a function with backend = "lambda"; '
        "otherwise no "
        "value; add or delete it",
    ),
    "function of another region": (
        routes(f'path = "/a", backend = "lambda", function_arn = "{FUNCTION.replace("ca-central-1", "us-east-1")}"'),
        f'api.routes.0.function_arn = "{FUNCTION.replace("ca-central-1", "us-east-1")}"; '
        "allowed: a function in ca-central-1; deploy the function in that region",
    ),
    "mock that takes a body": (
        routes('path = "/a", backend = "mock", methods = ["DELETE"]'),
        'api.routes.0.methods = ["DELETE"]; allowed: GET and HEAD with backend = "mock"; choose another backend',
    ),
    "unknown authorizer": (
        routes('path = "/a", authorizer = "people"'),
        'api.routes.0.authorizer = "people"; allowed: iam; name one, or add its table',
    ),
    "authorizer named like API Gateway's own": (
        {"api.authorizers.iam": f'{{type = "lambda", function_arn = "{FUNCTION}"}}'},
        'api.authorizers.iam = "lambda"; allowed: a name other than iam, which stands for API Gateway\'s IAM '
        "authorization; rename it",
    ),
    "lambda authorizer without a function": (
        {"api.authorizers.people": '{type = "lambda"}'},
        'api.authorizers.people.function_arn = null; allowed: the ARN of a function with type = "lambda"; otherwise '
        "no value; add or delete it",
    ),
    "cognito authorizer without a pool": (
        {"api.authorizers.people": '{type = "cognito"}'},
        'api.authorizers.people.user_pool_arns = []; allowed: one or more ARNs of user pools with type = "cognito"; '
        "otherwise no value; add or delete them",
    ),
    "route with IAM below an open one": (
        routes('path = "/a/{rest+}"', 'path = "/a/secrets", authorizer = "iam"'),
        'api.routes.1.path = "/a/secrets"; allowed: with authorizer = "iam" a path that does not match a route '
        'without it, such as /a/{rest+}; set authorizer = "iam" for that route too, or choose another path',
    ),
    "schema for requests without a body": (
        routes('path = "/a", request_schema = "device"'),
        'api.routes.0.request_schema = "device"; allowed: no schema without one of PATCH, POST, PUT; delete the key',
    ),
    "body without a schema": (
        routes('path = "/a", methods = ["GET", "PUT", "POST"]'),
        "api.routes.0.request_schema = null; allowed: a file in environments/schemas/iot/ for the bodies of POST, "
        "PUT; set one; a schema that contains only $schema allows any JSON",
    ),
    "schema without a file": (
        routes('path = "/a", methods = ["PUT"], request_schema = "devise"'),
        'api.routes.0.request_schema = "devise"; allowed: a JSON Schema of draft 4, the only draft that API Gateway '
        "supports; correct it: there is no environments/schemas/iot/devise.json",
    ),
    "domain's certificate of another region": (
        {"api.domain": f'{{name = "api.example.com", zone_id = "Z012345ABC", certificate_arn = "{CERTIFICATE}"}}'},
        f'api.domain.certificate_arn = "{CERTIFICATE[:76]}...; allowed: a certificate of ca-central-1; '
        "request one in that region",
    ),
    "certificate of the service without its host name": (
        {"api.service_host_name": None, "service.certificate_arn": f'"{OWN_CERTIFICATE}"'},
        f'service.certificate_arn = "{OWN_CERTIFICATE[:76]}...; allowed: a certificate only with '
        "api.service_host_name, the host name that API Gateway checks in it; add "
        "api.service_host_name",
    ),
    "source with host bits": (
        {"api.allowed_cidrs": '["192.0.2.1/24"]'},
        'api.allowed_cidrs = "192.0.2.1/24"; allowed: blocks without host bits; correct the block',
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_api_that_cannot_be_is_refused_with_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    assert files.faults("iot-dev") == [f"iot-dev.toml: {line}"]


@pytest.mark.parametrize(
    "path",
    ["a", "", "/a/", "//", "/a b", "/a~b", "/a/{id", "/{+}", "/{rest+}/a", "/{1}", "/a{id}", "/" + "a/" * 20 + "a"],
)
def test_a_path_that_api_gateway_refuses(path: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(routes(f'path = "{path}"')))

    assert files.faults("iot-dev") == [
        f"iot-dev.toml: api.routes.0.path = {json.dumps(path)}; allowed: {PATHS}; correct the value"
    ]


# Name of the kind -> (text of environments/schemas/iot/thing.json, what the line ends with).
BROKEN_SCHEMAS = {
    "no JSON": ("{", "correct it: it is not valid JSON: "),
    "no schema": ('{"type": "objekt"}', "correct it: 'objekt' is not valid under any of the given schemas (at type)"),
    "no object": ("[]", "correct it: [] is not of type 'object' (at its top)"),
    "newer draft": (
        '{"$schema": "http://json-schema.org/draft-07/schema#", "const": 1}',
        'correct it: its "$schema" must be "http://json-schema.org/draft-04/schema#"',
    ),
    "exclusive minimum of a newer draft": (
        '{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1}',
        "correct it: 1 is not of type 'boolean' (at exclusiveMinimum)",
    ),
    "reference to a file": (
        '{"$schema": "http://json-schema.org/draft-04/schema#", "items": [{"$ref": "other.json"}]}',
        'correct it: "$ref" may only refer to its own definitions, not to "other.json"',
    ),
}


@pytest.mark.parametrize("kind", BROKEN_SCHEMAS)
def test_a_schema_that_api_gateway_refuses(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, ending = BROKEN_SCHEMAS[kind]
    schemas = tmp_path / "schemas" / "iot"
    schemas.mkdir(parents=True)
    (schemas / "thing.json").write_text(text)
    monkeypatch.setattr(api_schemas, "DIRECTORY", tmp_path / "schemas")
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(routes('path = "/a", methods = ["PUT"], request_schema = "thing"')))

    (fault,) = files.faults("iot-dev")
    assert fault.startswith('iot-dev.toml: api.routes.0.request_schema = "thing"; allowed: a JSON Schema of draft 4')
    assert ending in fault
    assert "\n" not in fault


def test_production_has_a_plan(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    changes = {**routes('path = "/a", key = false'), "api.plans.default": None}
    files.write("iot-prod", settings_text(changes, "production"))
    files.write("iot-dev", settings_text({**changes, "network.cidr": '"10.40.0.0/16"'}))

    assert files.faults("iot-dev") == []
    assert files.faults("iot-prod") == [
        "iot-prod.toml: api.plans is a table; allowed: a table [api.plans.default] in production; "
        "add it: without a plan no client is throttled"
    ]


def test_production_holds_the_firewall_to_a_tenth_of_what_an_open_route_takes(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    open_route = routes('path = "/a", key = false', 'path = "/b"')
    files.write("iot-prod", settings_text(open_route, "production"))
    enough = {**open_route, "api.stage_rate_limit": "2000", "network.cidr": '"10.40.0.0/16"'}
    files.write("iot-more", settings_text(enough, "production"))
    files.write("iot-dev", settings_text({**open_route, "network.cidr": '"10.41.0.0/16"'}))

    assert files.faults("iot-prod") == [
        "iot-prod.toml: api.firewall_rate_per_5_minutes = 60000; allowed: at most 6000 in production while /a needs "
        "no key: a tenth of the stage's limit in 5 minutes, so that one address cannot use up the limit of all "
        "others; lower it, or raise api.stage_rate_limit"
    ]
    assert files.faults("iot-more") == []
    assert files.faults("iot-dev") == []


BOUNDARIES: dict[str, Changes] = {
    "a key for one method": routes('path = "/a", methods = ["GET", "DELETE"], key = {GET = false}'),
    "throttle of the plan's own rate": throttle(
        'method = "GET", path = "/health", rate_limit = 200, burst_limit = 400'
    ),
    "second plan": {"api.plans.partners": '{clients = ["one"], rate_limit = 5, burst_limit = 10}'},
    "burst equal to the rate": {"api.plans.default.burst_limit": "200"},
    "rate equal to the stage's": {"api.stage_rate_limit": "200", "api.stage_burst_limit": "400"},
    "variables below each other": routes('path = "/a/{id}"', 'path = "/a/{id}/b/{name}"', 'path = "/b/{name}"'),
    "the rest of a path": routes('path = "/a/{rest+}"', 'path = "/a/b"', 'path = "/"'),
    "most parts of a path": routes(f'path = "/{"/".join("a" * 20)}"'),
    "IAM for the wide and the narrow": routes(
        'path = "/a/{rest+}", authorizer = "iam"', 'path = "/a/secrets", authorizer = "iam"', 'path = "/b"'
    ),
    "an open route below one with IAM": routes('path = "/a/{rest+}", authorizer = "iam"', 'path = "/a/open"'),
    "authorizers": {
        **routes('path = "/a", authorizer = "people"', 'path = "/b", authorizer = "things"'),
        "api.authorizers.people": '{type = "cognito", user_pool_arns = ['
        '"arn:aws:cognito-idp:ca-central-1:111111111111:userpool/ca-central-1_Abc"]}',
        "api.authorizers.things": f'{{type = "lambda", function_arn = "{FUNCTION}:live"}}',
    },
    "sources": {"api.allowed_cidrs": '["192.0.2.0/24", "2001:db8::/32"]'},
    "certificate and host name": {"service.certificate_arn": f'"{OWN_CERTIFICATE}"'},
}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_values_just_inside_a_rule_are_let_through(boundary: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(BOUNDARIES[boundary]))

    assert files.faults("iot-dev") == []


def api(**changed: object) -> ApiSettings:
    return load("iot-dev").api.model_copy(update=changed)


def test_throttles_follow_from_the_plan_unless_they_are_set() -> None:
    plan = api().plans["default"]
    many = plan.model_copy(update={"rate_limit": 5000, "burst_limit": 5000})

    assert (plan.rate_limit, plan.burst_limit, len(plan.clients)) == (200, 400, 2)
    assert (api().stage_throttle, api().firewall_limit) == ((400, 800), 60_000)
    assert api(plans={"default": many}).stage_throttle == (10_000, 5_000), "an account has no more"
    assert api(plans={}).stage_throttle == (200, 400)
    assert api(stage_rate_limit=300, stage_burst_limit=500).stage_throttle == (300, 500)
    assert api(firewall_rate_per_5_minutes=100).firewall_limit == 100
    two = api(plans={"default": plan, "partners": plan.model_copy(update={"clients": ("one",), "rate_limit": 20})})
    assert (two.stage_throttle, two.firewall_limit) == ((420, 1_200), 60_000)


def test_parts_of_a_path() -> None:
    assert path_variables("/a/{b}/c/{d+}") == ["b", "d"]
    assert path_pattern("/a/{b}/c/{d+}") == "/a/*/c/*"
    assert api_schemas.model_name("order-line") == "OrderLine"
