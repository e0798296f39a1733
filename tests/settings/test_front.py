"""The table `front`: what CloudFront would refuse, each with the line that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load
from settings.api import RouteSettings
from settings.front import api_patterns

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"
FRONT: Changes = {
    "front.name": '"shop.example.com"',
    "front.certificate_arn": f'"{CERTIFICATE}"',
    "front.zone_id": '"Z012345ABC"',
}
MANY = ", ".join(f'{{path = "/a{number}", methods = ["GET"]}}' for number in range(75))
OTHER_REGION = CERTIFICATE.replace("us-east-1", "ca-central-1")
OTHER_ACCOUNT = CERTIFICATE.replace("111111111111", "999999999999")

KINDS: dict[str, tuple[Changes, str]] = {
    "certificate of the environment's region": (
        {"front.certificate_arn": f'"{OTHER_REGION}"'},
        f'front.certificate_arn = "{OTHER_REGION[:76]}...; allowed: a certificate of us-east-1; '
        "request one in that region",
    ),
    "certificate of another account": (
        {"front.certificate_arn": f'"{OTHER_ACCOUNT}"'},
        f'front.certificate_arn = "{OTHER_ACCOUNT[:76]}...; allowed: a certificate of the account 111111111111; '
        "request one in that account",
    ),
    "certificate that is none": (
        {"front.certificate_arn": '"mine"'},
        'front.certificate_arn = "mine"; allowed: the ACM certificate of that name, in us-east-1; correct the value',
    ),
    "name that is none": (
        {"front.name": '"https://shop.example.com"'},
        'front.name = "https://shop.example.com"; allowed: a host name such as service.example.com; correct the value',
    ),
    "zone that is none": (
        {"front.zone_id": '"example.com"'},
        'front.zone_id = "example.com"; allowed: the id of a public Route 53 hosted zone, such as Z0123456789ABC; '
        "correct the value",
    ),
    "no name": (
        {"front.name": None},
        "front.name is missing; allowed: a host name such as service.example.com; add it",
    ),
    "key that nobody knows": (
        {"front.enabled": "true"},
        "front.enabled is unknown; allowed: the keys certificate_arn, name, zone_id; delete it",
    ),
    "callers by address": (
        {"api.allowed_cidrs": '["192.0.2.0/24"]'},
        'api.allowed_cidrs = ["192.0.2.0/24"]; allowed: no blocks with [front], because only CloudFront calls the API; '
        "delete the key, or the table [front]",
    ),
    "the API's own name": (
        {"api.domain": f'{{name = "shop.example.com", zone_id = "Z012345ABC", certificate_arn = "{OTHER_REGION}"}}'},
        'front.name = "shop.example.com"; allowed: a name other than api.domain.name; change one of the two',
    ),
    "route that takes every path": (
        {"api.routes": '[{path = "/{rest+}", methods = ["GET"]}]'},
        'api.routes.0.path = "/{rest+}"; allowed: with [front] a path whose first segment is a name, because '
        "CloudFront serves all other paths as static files; add a first segment, such as /api",
    ),
    "route of the root": (
        {"api.routes": '[{path = "/", methods = ["GET"]}]'},
        'api.routes.0.path = "/"; allowed: with [front] a path whose first segment is a name, because CloudFront '
        "serves all other paths as static files; add a first segment, such as /api",
    ),
    "more beginnings than CloudFront takes": (
        {"api.routes": f"[{MANY}]"},
        'api.routes = "75 patterns"; allowed: at most 74 different first path segments with [front], which is '
        "CloudFront's limit; use the same first segment for several routes",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_front_that_cannot_be_is_refused_with_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    merged = {**FRONT, **changes}
    files.write("iot-dev", settings_text({key: value for key, value in merged.items() if value is not None}))

    assert files.faults("iot-dev") == [f"iot-dev.toml: {line}"]


def test_a_front_is_let_through_and_without_the_table_there_is_none(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(FRONT))
    files.write("iot-prod", settings_text({"network.cidr": '"10.40.0.0/16"'}, "production"))

    assert files.faults("iot-dev") == files.faults("iot-prod") == []
    assert load("iot-dev", directory=files.directory).fronted is not None
    assert load("iot-dev", directory=files.directory, suffix="pr-1").fronted is None, "the name is its original's"
    assert load("iot-prod", directory=files.directory).fronted is None


def test_patterns_are_the_beginnings_of_the_routes_paths() -> None:
    paths = ("/orders", "/orders/{orderId}", "/orders/{orderId}/lines", "/carts/{cartId}", "/health")
    api = load("iot-dev").api
    routes = tuple(RouteSettings(path=path, methods=("GET",)) for path in paths)

    patterns = api_patterns(api.model_copy(update={"routes": routes}))

    assert patterns == ["/carts/*", "/health", "/orders", "/orders/*"]
