"""The internal load balancer: closed, logged, and the same target group with and without TLS."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cdktf import TerraformOutput
from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.entry import Entry
from modules.entry.log_bucket import log_bucket_policy
from settings import load
from settings.naming import Naming

ACCOUNT = Account("222222222222", "ca-central-1")
CERTIFICATE = "arn:aws:acm:ca-central-1:222222222222:certificate/00000000-0000-0000-0000-000000000000"


def synthesize(*, protected: bool = False, **changed: Any) -> Synthesized:
    def build(scope: Construct) -> None:
        entry = Entry(
            scope,
            "entry",
            settings=load("iot-dev").service.model_copy(update=changed),
            host_name="service.example.com",
            place=place(protected=protected, log_retention_days=365, names=Naming("iot", "prod"), account=ACCOUNT),
            vpc_id="vpc-1",
            subnet_ids=["subnet-a", "subnet-b"],
        )
        TerraformOutput(scope, "base_url", value=entry.base_url)

    return synthesize_module(build)


def test_an_internal_network_load_balancer_over_every_zone() -> None:
    balancer = synthesize().one("aws_lb")

    assert (balancer["load_balancer_type"], balancer["internal"]) == ("network", True)
    assert balancer["subnets"] == ["subnet-a", "subnet-b"]
    assert balancer["enable_cross_zone_load_balancing"] is True
    assert balancer["enforce_security_group_inbound_rules_on_private_link_traffic"] == "off"


def test_the_security_group_opens_nothing() -> None:
    synthesized = synthesize()

    assert synthesized.one("aws_lb")["security_groups"] == [f"${{{synthesized.address('aws_security_group')}.id}}"]
    assert not [address for address in synthesized.addresses if "security_group" in address and "rule" in address]


@pytest.mark.parametrize("protected", [True, False])
def test_protection_is_the_environments(protected: bool) -> None:
    synthesized = synthesize(protected=protected)

    assert synthesized.one("aws_lb")["enable_deletion_protection"] is protected
    assert synthesized.one("aws_s3_bucket")["force_destroy"] is not protected


def test_without_certificate_tcp_to_the_balancers_own_name() -> None:
    synthesized = synthesize()
    listener = synthesized.one("aws_lb_listener")

    assert (listener["protocol"], listener["port"]) == ("TCP", 80)
    assert not {"certificate_arn", "ssl_policy"} & listener.keys()
    assert synthesized.outputs["base_url"]["value"] == f"http://${{{synthesized.address('aws_lb')}.dns_name}}:80"


def test_with_a_certificate_tls_to_the_name_in_it() -> None:
    synthesized = synthesize(certificate_arn=CERTIFICATE)
    listener = synthesized.one("aws_lb_listener")

    assert (listener["protocol"], listener["port"], listener["certificate_arn"]) == ("TLS", 443, CERTIFICATE)
    assert listener["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert synthesized.outputs["base_url"]["value"] == "https://service.example.com:443"


def test_a_target_is_tried_every_10_seconds_and_let_go_within_the_time_that_a_task_has_to_stop() -> None:
    group = synthesize().one("aws_lb_target_group")

    assert group["target_type"] == "ip"
    # A task that is told to stop has 30 seconds (stopTimeout): the load balancer sends it nothing after that.
    assert group["deregistration_delay"] == "30"
    assert {key: group["health_check"][key] for key in group["health_check"] if key != "path"} == {
        "protocol": "HTTP",
        "port": "traffic-port",
        "matcher": "200-299",
        "interval": 10,
        "timeout": 5,
        "healthy_threshold": 2,
        "unhealthy_threshold": 3,
    }


def test_no_setting_replaces_the_target_group_that_a_listener_holds() -> None:
    # Changes of these arguments make the provider replace a target group; AWS then refuses to delete the old one.
    replaces = ("name", "port", "protocol", "target_type", "vpc_id")
    plain = synthesize().one("aws_lb_target_group")
    other = synthesize(port=9000, certificate_arn=CERTIFICATE, health_check_path="/alive").one("aws_lb_target_group")

    assert [plain[key] for key in replaces] == [other[key] for key in replaces]
    assert plain["health_check"]["path"] == "/health"
    assert other["health_check"]["path"] == "/alive"


def test_the_access_log_goes_to_a_private_bucket_that_forgets() -> None:
    synthesized = synthesize()
    bucket = f"${{{synthesized.address('aws_s3_bucket')}.id}}"

    assert synthesized.one("aws_lb")["access_logs"] == {"bucket": bucket, "enabled": True}
    assert synthesized.one("aws_lb")["depends_on"] == [synthesized.address("aws_s3_bucket_policy")]
    assert synthesized.one("aws_s3_bucket")["bucket"] == "iot-entry-logs-prod-222222222222"
    closed = synthesized.one("aws_s3_bucket_public_access_block")
    assert all(closed[key] for key in closed if key.startswith(("block_", "ignore_", "restrict_")))
    (encryption,) = synthesized.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert encryption["apply_server_side_encryption_by_default"] == {"sse_algorithm": "AES256"}
    (rule,) = synthesized.one("aws_s3_bucket_lifecycle_configuration")["rule"]
    assert rule["expiration"] == [{"days": 365}]


def test_only_log_delivery_for_this_account_writes_into_the_bucket() -> None:
    statements = json.loads(log_bucket_policy("arn:aws:s3:::logs", ACCOUNT))["Statement"]
    allowing = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert {statement["Sid"] for statement in statements} == {"DenyWithoutTls", "LogDeliveryLooks", "LogDeliveryWrites"}
    for statement in allowing:
        assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == "222222222222"
    assert allowing[1]["Resource"] == ["arn:aws:s3:::logs/AWSLogs/222222222222/*"]
