"""Values that AWS would refuse, or that no request could match; each with the exact line that a person reads."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import rules

CERTIFICATE = f"arn:aws:acm:ca-central-1:{{}}:certificate/{uuid.UUID(int=0)}"
SHOWN = CERTIFICATE.format("222222222222")[:76]
OTHER = "allowed: a certificate of the account 111111111111; request one in that account"
IMAGE = (
    "allowed: a container image with a tag, or with a digest (required in production): <repository>@sha256:<64 hex "
    "digits>; "
    "correct the value"
)
ORIGIN = 'allowed: an origin such as https://shop.example.com, or "*"; correct the value'
PLATFORM_TAGS = (
    "allowed: keys other than aws:... (reserved by AWS) and Project, Environment, Tier, Stack, "
    "ManagedBy, in upper or lower case; choose another key"
)
SMALL = {"network.cidr": '"192.168.4.0/22"'}
DOMAIN = {"api.domain.name": '"api.example.com"', "api.domain.zone_id": '"Z0123456789ABC"'}

# Name of the kind -> (changes to a valid development file, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    "a region that does not exist": (
        {"region": '"ca-central-7"'},
        'region = "ca-central-7"; allowed: a region that botocore lists, such as ca-central-1; correct it, or if the '
        "region is new, update boto3: make lock",
    ),
    "a region of a country without one": (
        {"region": '"us-north-1"', "zones": '["us-north-1a", "us-north-1b"]'},
        'region = "us-north-1"; allowed: a region that botocore lists, such as ca-central-1; correct it, or if the '
        "region is new, update boto3: make lock",
    ),
    "44 tags beside the platform's": (
        {f"tags.t{number}": '"x"' for number in range(44)},
        "tags has 44 keys; allowed: at most 43 in addition to the platform's tags; delete some",
    ),
    "a tag of the platform in other case": ({"tags.MANAGEDBY": '"x"'}, f'tags = "MANAGEDBY"; {PLATFORM_TAGS}'),
    "a tag of AWS in other case": ({"tags": '{"AWS:owner" = "x"}'}, f'tags = "AWS:owner"; {PLATFORM_TAGS}'),
    "two tags that differ by case": (
        {"tags": '{Owner = "x", owner = "y"}'},
        'tags = "owner"; allowed: keys that differ by more than upper and lower case from Owner; choose another key',
    ),
    "more tasks than addresses": (
        {**SMALL, "service.max_count": "114"},
        "service.max_count = 114; allowed: at most 113: 2 private subnets of 192.168.4.0/22 have 226 addresses for "
        "tasks, and a deployment runs each twice; lower it, or choose a larger network.cidr before the first "
        "deployment",
    ),
    "endpoints that take addresses from tasks": (
        {**SMALL, "service.max_count": "113", "network.interface_endpoints": '["kms"]'},
        "service.max_count = 113; allowed: at most 112: 2 private subnets of 192.168.4.0/22 have 224 addresses for "
        "tasks, and a deployment runs each twice; lower it, or choose a larger network.cidr before the first "
        "deployment",
    ),
    "a certificate of another account": (
        {"service.certificate_arn": f'"{CERTIFICATE.format("222222222222")}"'},
        f'service.certificate_arn = "{SHOWN}...; {OTHER}',
    ),
    "a certificate of another account for the domain": (
        {**DOMAIN, "api.domain.certificate_arn": f'"{CERTIFICATE.format("222222222222")}"'},
        f'api.domain.certificate_arn = "{SHOWN}...; {OTHER}',
    ),
    "a certificate of another partition": (
        {"service.certificate_arn": f'"{CERTIFICATE.format("111111111111").replace("aws", "aws-cn")}"'},
        'service.certificate_arn = "arn:aws-cn:acm:ca-central-1:111111111111:certificate/00000000-0000-0000-0000...; '
        "allowed: the ARN of the load balancer's ACM certificate; required in production; correct the value",
    ),
    "an image with an empty tag": ({"service.image": '"shop/web:"'}, f'service.image = "shop/web:"; {IMAGE}'),
    "an image with two tags": ({"service.image": '"shop/web:1:2"'}, f'service.image = "shop/web:1:2"; {IMAGE}'),
    "an image without a tag": ({"service.image": '"shop/web"'}, f'service.image = "shop/web"; {IMAGE}'),
    "an image with an empty part": ({"service.image": '"shop//web:1"'}, f'service.image = "shop//web:1"; {IMAGE}'),
    "an image of upper case": ({"service.image": '"shop/Web:1"'}, f'service.image = "shop/Web:1"; {IMAGE}'),
    "an origin without a host": ({"api.cors.origin": '"https://"'}, f'api.cors.origin = "https://"; {ORIGIN}'),
    "an origin of dots": ({"api.cors.origin": '"https://..."'}, f'api.cors.origin = "https://..."; {ORIGIN}'),
    "an origin with a path": ({"api.cors.origin": '"https://a.b/"'}, f'api.cors.origin = "https://a.b/"; {ORIGIN}'),
    "an origin with a hyphen first": (
        {"api.cors.origin": '"https://-a.b"'},
        f'api.cors.origin = "https://-a.b"; {ORIGIN}',
    ),
    "an origin with a wildcard": (
        {"api.cors.origin": '"https://*.a.b"'},
        f'api.cors.origin = "https://*.a.b"; {ORIGIN}',
    ),
    "an origin with a port that there is not": (
        {"api.cors.origin": '"https://a.b:65536"'},
        'api.cors.origin = "https://a.b:65536"; allowed: a port from 1 to 65535; correct the port',
    ),
    "an origin with the port that browsers leave out": (
        {"api.cors.origin": '"https://a.b:443"'},
        'api.cors.origin = "https://a.b:443"; allowed: an origin as browsers send it: without :443, and without '
        "leading zeros; "
        "correct the port",
    ),
    "an origin with an address that is none": (
        {"api.cors.origin": '"https://192.0.2.256"'},
        'api.cors.origin = "https://192.0.2.256"; allowed: a host name, or an IPv4 address; correct the host',
    ),
}

BOUNDARIES: dict[str, Changes] = {
    "43 tags": {f"tags.t{number}": '"x"' for number in range(43)},
    "as many tasks as addresses": {**SMALL, "service.max_count": "113"},
    "the most tasks in the largest network": {"service.max_count": "1000"},
    "certificate of the account": {"service.certificate_arn": f'"{CERTIFICATE.format("111111111111")}"'},
    "image of another registry with a port": {"service.image": '"registry.example.com:5000/a/b-c_d__e.f:v1.2-rc_3"'},
    "image with a tag and a digest": {"service.image": f'"shop/web:1@sha256:{"0" * 64}"'},
    "origin with a port": {"api.cors.origin": '"https://shop.example.com:8443"'},
    "origin of one label": {"api.cors.origin": '"https://localhost:3000"'},
    "origin with an address": {"api.cors.origin": '"https://192.0.2.255"'},
    "any origin": {"api.cors.origin": '"*"'},
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    assert files.faults("iot-dev") == [f"iot-dev.toml: {line}"]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_value_just_inside_is_let_through(boundary: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(BOUNDARIES[boundary]))

    assert files.faults("iot-dev") == []


@pytest.mark.parametrize("region", sorted(rules.regions() - {"aws-global"}))
def test_every_region_of_botocore_is_let_through(region: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({"region": f'"{region}"', "zones": f'["{region}a", "{region}b"]'}))

    assert files.faults("iot-dev") == []


def test_without_botocore_every_region_is_let_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(rules, "regions", rules.regions.__wrapped__)
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({"region": '"ca-central-7"', "zones": '["ca-central-7a", "ca-central-7b"]'}))

    assert files.faults("iot-dev") == []


def test_a_conflict_with_a_default_of_the_tier_names_the_file_to_change(tmp_path: Path) -> None:
    # GIVEN a file that raises one of two values that belong together; its tier states the other
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({"database.min_capacity": "40.0"}, "production"))

    # THEN the environment's file is named, and where the other value stands
    assert files.faults("iot-prod") == [
        "iot-prod.toml: database.max_capacity = 32.0 (of tiers/production.toml); allowed: from 40.0 to 256; "
        "raise it above min_capacity"
    ]
