"""CloudFront before the API and static files: what it passes on, to whom, and what it asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_modules import synthesize as synthesize_api
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.front import Front
from modules.front.access_log import FIELDS
from settings.front import FrontSettings

SETTINGS = FrontSettings(
    name="shop.example.com",
    certificate_arn="arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000",
    zone_id="Z012345ABC",
)


def synthesize(**changed: Any) -> Synthesized:
    here = place(account=Account("111111111111", "us-east-1"), protected=changed.pop("protected", False))
    given = {
        "settings": SETTINGS,
        "api_host": "abc.execute-api.ca-central-1.amazonaws.com",
        "api_path": "/v1",
        "api_patterns": ["/orders", "/orders/*"],
        "rate_limit": 6000,
        "user_agent_required": True,
        **changed,
    }
    return synthesize_module(lambda scope: Front(scope, "front", place=here, **given))


@pytest.fixture(scope="module")
def front() -> Synthesized:
    return synthesize()


def test_paths_of_the_api_go_to_the_api_and_are_not_cached(front: Synthesized) -> None:
    distribution = front.one("aws_cloudfront_distribution")
    behaviours = distribution["ordered_cache_behavior"]

    assert [each["path_pattern"] for each in behaviours] == ["/orders", "/orders/*"]
    for behaviour in behaviours:
        assert behaviour["target_origin_id"] == "api"
        assert behaviour["cache_policy_id"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        # Without the visitor's host name: API Gateway finds an API by its own.
        assert behaviour["origin_request_policy_id"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert set(behaviour["allowed_methods"]) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    origin = next(each for each in distribution["origin"] if each["origin_id"] == "api")
    assert (origin["domain_name"], origin["origin_path"]) == ("abc.execute-api.ca-central-1.amazonaws.com", "/v1")
    assert "custom_header" not in origin, "a secret header would stand in the state"


def test_everything_else_is_a_file_that_is_only_read(front: Synthesized) -> None:
    default = front.one("aws_cloudfront_distribution")["default_cache_behavior"]

    assert (default["target_origin_id"], default["allowed_methods"]) == ("static", ["GET", "HEAD"])


def test_tls_1_2_on_both_sides_and_nothing_without(front: Synthesized) -> None:
    distribution = front.one("aws_cloudfront_distribution")
    origin = next(each for each in distribution["origin"] if each["origin_id"] == "api")["custom_origin_config"]

    assert distribution["viewer_certificate"] == {
        "acm_certificate_arn": SETTINGS.certificate_arn,
        "minimum_protocol_version": "TLSv1.2_2021",
        "ssl_support_method": "sni-only",
    }
    assert (origin["origin_protocol_policy"], origin["origin_ssl_protocols"]) == ("https-only", ["TLSv1.2"])
    behaviours = [distribution["default_cache_behavior"], *distribution["ordered_cache_behavior"]]
    assert {each["viewer_protocol_policy"] for each in behaviours} == {"redirect-to-https", "https-only"}
    assert {each["response_headers_policy_id"] for each in behaviours} == {"67f7725c-6f97-4210-82d7-5512b31e9d03"}


def test_the_bucket_is_closed_to_all_but_this_distribution(front: Synthesized) -> None:
    statements = json.loads(front.one("aws_s3_bucket_policy")["policy"])["Statement"]
    read = next(each for each in statements if each["Effect"] == "Allow")
    distribution = front.address("aws_cloudfront_distribution")

    assert [each["Sid"] for each in statements] == ["DenyWithoutTls", "ReadByCloudFront"]
    assert read["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert read["Action"] == ["s3:GetObject"]
    assert read["Condition"] == {"StringEquals": {"aws:SourceArn": f"${{{distribution}.arn}}"}}
    block = front.one("aws_s3_bucket_public_access_block")
    assert all(block[key] for key in block if key.startswith(("block_", "ignore_", "restrict_")))
    origin = next(each for each in front.one("aws_cloudfront_distribution")["origin"] if each["origin_id"] == "static")
    assert origin["origin_access_control_id"] == f"${{{front.address('aws_cloudfront_origin_access_control')}.id}}"
    assert front.one("aws_cloudfront_origin_access_control")["signing_behavior"] == "always"


def test_a_protected_bucket_is_never_destroyed() -> None:
    assert synthesize(protected=True).one("aws_s3_bucket")["lifecycle"] == {"prevent_destroy": True}
    assert synthesize().one("aws_s3_bucket")["force_destroy"] is True


def test_the_firewall_at_the_edge_counts_visitors_by_their_own_address(front: Synthesized) -> None:
    acl = front.one("aws_wafv2_web_acl")
    rules = {rule["name"]: rule for rule in acl["rule"]}

    assert acl["scope"] == "CLOUDFRONT"
    assert rules["rate"]["statement"] == {"rate_based_statement": {"limit": 6000, "aggregate_key_type": "IP"}}
    assert len(rules) == 5
    assert front.one("aws_cloudfront_distribution")["web_acl_id"] == f"${{{front.address('aws_wafv2_web_acl')}.arn}}"
    assert not front.all("aws_wafv2_web_acl_association"), "a distribution names its firewall itself"
    (log,) = front.all("aws_cloudwatch_log_group", name="aws-waf-logs-iot-front-dev")
    assert log["kms_key_id"] == "arn:logs-key"


def test_the_log_says_neither_cookie_nor_query(front: Synthesized) -> None:
    assert front.one("aws_cloudwatch_log_delivery")["record_fields"] == list(FIELDS)
    assert not {"cs(Cookie)", "cs-uri-query", "cs(Referer)"} & set(FIELDS)
    source = front.one("aws_cloudwatch_log_delivery_source")
    assert source["resource_arn"] == f"${{{front.address('aws_cloudfront_distribution')}.arn}}"
    (group,) = front.all("aws_cloudwatch_log_group", name="/aws/vendedlogs/iot/dev/front")
    assert (group["kms_key_id"], group["retention_in_days"]) == ("arn:logs-key", 365)


def test_the_name_leads_to_it_over_both_protocols(front: Synthesized) -> None:
    records = front.all("aws_route53_record")

    assert {(record["name"], record["type"]) for record in records} == {
        ("shop.example.com", "A"),
        ("shop.example.com", "AAAA"),
    }


def test_the_api_behind_it_is_closed_to_other_addresses_than_cloudfronts() -> None:
    synthesized = synthesize_api(behind_cloudfront=True)
    rules = {rule["name"]: rule for rule in synthesized.one("aws_wafv2_web_acl")["rule"]}
    ip_set = synthesized.address("aws_wafv2_ip_set")
    (list_,) = synthesized.json["data"]["aws_ec2_managed_prefix_list"].items()

    assert rules["not-cloudfront"]["action"] == {"block": {}}
    assert rules["not-cloudfront"]["statement"] == {
        "not_statement": {"statement": {"ip_set_reference_statement": {"arn": f"${{{ip_set}.arn}}"}}}
    }
    assert list_[1]["name"] == "com.amazonaws.global.cloudfront.origin-facing"
    addresses = synthesized.one("aws_wafv2_ip_set")["addresses"]
    assert addresses == f"${{data.aws_ec2_managed_prefix_list.{list_[0]}.entries[*].cidr}}"
    # All requests come from addresses of CloudFront: a limit on them would block visitors by the thousand.
    assert rules["rate"]["statement"]["rate_based_statement"] == {
        "limit": 60_000,
        "aggregate_key_type": "FORWARDED_IP",
        "forwarded_ip_config": {"header_name": "X-Forwarded-For", "fallback_behavior": "MATCH"},
    }
    assert sorted(rule["priority"] for rule in rules.values()) == list(range(len(rules)))
    assert "not-cloudfront" not in json.dumps(synthesize_api().json)
