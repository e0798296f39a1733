"""What AWS would refuse is refused before: wrong values of many types in the synthesized JSON, each by its argument."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tools.scan import gate, values
from tools.scan.models import models
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource
from tools.synthesized.values import leaves, lookup

# type, argument, value, and what the finding says of it
WRONG: list[tuple[str, str, object, str]] = [
    # what does not exist
    ("aws_rds_cluster", "engine", "aurora-oracle", "is not one of"),
    ("aws_rds_cluster", "engine_version", "99.1", "is not one of"),
    ("aws_rds_cluster_instance", "instance_class", "db.r6z.large", "in 'ca-central-1'"),
    ("aws_elasticache_replication_group", "engine_version", "9.9", "is not one of"),
    ("aws_elasticache_replication_group", "node_type", "cache.t9.huge", "in 'ca-central-1'"),
    ("aws_lambda_function", "runtime", "python3.99", "is not one of"),
    ("aws_lambda_function", "architectures.0", "arm", "is not one of"),
    ("aws_ecs_task_definition", "cpu", "300", "is not one of ['256', '512'"),
    ("aws_ecs_task_definition", "network_mode", "vpc", "is not one of"),
    ("aws_ecs_service", "launch_type", "FARGATE_SPOT", "is not one of"),
    ("aws_efs_file_system", "throughput_mode", "fast", "is not one of"),
    ("aws_elasticache_user", "engine", "mongo", "is not one of"),
    ("aws_cloudwatch_metric_alarm", "comparison_operator", "GreaterThan", "is not one of"),
    ("aws_cloudwatch_metric_alarm", "treat_missing_data", "ok", "is not one of"),
    ("aws_s3_bucket_versioning", "versioning_configuration.status", "On", "is not one of"),
    ("aws_s3_bucket_lifecycle_configuration", "rule.0.status", "On", "is not one of"),
    ("aws_wafv2_web_acl", "scope", "GLOBAL", "is not one of"),
    ("aws_api_gateway_integration", "type", "LAMBDA", "is not one of"),
    ("aws_api_gateway_gateway_response", "response_type", "TEAPOT", "is not one of"),
    ("aws_lb_target_group", "health_check.protocol", "PING", "is not one of"),
    ("aws_lb_listener", "protocol", "SSL", "is not one of"),
    ("aws_cloudfront_distribution", "price_class", "PriceClass_1", "is not one of"),
    ("aws_cloudfront_distribution", "viewer_certificate.minimum_protocol_version", "TLSv9", "is not one of"),
    ("aws_vpc_endpoint", "vpc_endpoint_type", "Bridge", "is not one of"),
    ("aws_flow_log", "traffic_type", "NONE", "is not one of"),
    ("aws_network_acl", "egress.0.action", "accept", "is not one of"),
    ("aws_ecr_repository", "image_tag_mutability", "NEVER", "is not one of"),
    ("aws_appautoscaling_target", "scalable_dimension", "ecs:service:Count", "is not one of"),
    ("aws_sfn_state_machine", "type", "FAST", "is not one of"),
    ("aws_route53_record", "type", "ALIAS", "is not one of"),
    ("aws_cloudwatch_log_group", "retention_in_days", 31, "is not one of [1, 3, 5"),
    # too much, too little, too long
    ("aws_lambda_function", "memory_size", 64, "is less than the minimum of 128"),
    ("aws_lambda_function", "timeout", 901, "is greater than the maximum of 900"),
    ("aws_sqs_queue", "visibility_timeout_seconds", 50000, "is greater than the maximum of 43200"),
    ("aws_sqs_queue", "message_retention_seconds", 2_000_000, "is greater than the maximum of 1209600"),
    ("aws_rds_cluster", "backup_retention_period", 36, "is greater than the maximum of 35"),
    ("aws_rds_cluster_instance", "promotion_tier", 16, "is greater than the maximum of 15"),
    ("aws_kms_key", "deletion_window_in_days", 3, "is less than the minimum of 7"),
    ("aws_kms_key", "rotation_period_in_days", 30, "is less than the minimum of 90"),
    ("aws_cloudwatch_metric_alarm", "period", 45, "is not one of [10, 30, 60] or a multiple of 60"),
    ("aws_api_gateway_integration", "timeout_milliseconds", 20, "is less than the minimum of 50"),
    ("aws_api_gateway_integration", "timeout_milliseconds", "20", "is less than the minimum of 50"),
    ("aws_lb_target_group", "health_check.interval", 301, "is greater than the maximum of 300"),
    ("aws_secretsmanager_secret_rotation", "rotation_rules.automatically_after_days", 1001, "the maximum of 1000"),
    ("aws_efs_access_point", "posix_user.uid", -5, "is less than the minimum of 0"),
    ("aws_iam_role", "max_session_duration", 50000, "is greater than the maximum of 43200"),
    ("aws_iam_role", "name", "x" * 70, "is too long"),
    ("aws_cloudwatch_metric_alarm", "alarm_name", "x" * 300, "is too long"),
    # wrongly written
    ("aws_cloudwatch_event_rule", "schedule_expression", "cron(0 12 * * * *)", "both Day-of-month and Day-of-week"),
    ("aws_cloudwatch_event_rule", "name", "a b", "does not match"),
    ("aws_scheduler_schedule", "schedule_expression", "cron(0 12 * *)", "is not of length 6"),
    ("aws_s3_bucket", "bucket", "Upper_Case", "with pattern"),
    ("aws_kms_alias", "name", "orders", "with pattern '^alias/"),
    ("aws_subnet", "cidr_block", "10.0.0.0/33", "is not a 'ipv4-network'"),
    ("aws_backup_vault", "name", "x", "does not match"),
    ("aws_security_group", "description", "ümlaut", "does not match"),
    ("aws_lambda_permission", "action", "invoke", "does not match"),
    ("aws_lambda_permission", "statement_id", "a b", "does not match"),
    ("aws_ecr_repository", "name", "Upper", "does not match"),
]


def _with(body: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with another value; a list of blocks is gone through by its first."""
    changed = copy.deepcopy(dict(body))
    target: Any = changed
    parts = path.split(".")
    for part in parts[:-1]:
        target = target[int(part)] if isinstance(target, list) else target if part == "0" else target[part]
        target = target[0] if isinstance(target, list) and part != parts[-2] else target
    if isinstance(target, list):
        target[int(parts[-1])] = value
    else:
        target[parts[-1]] = value
    return changed


def _wrong(platform: Platform, type_: str, path: str, value: object, number: int) -> Resource:
    blocks = ".".join(part for part in path.split(".")[:-1] if not part.isdigit())
    having = (r for r in platform.all(type_) if not blocks or lookup(r.values, blocks))
    return replace(old := next(having), id=f"wrong-{number}", values=_with(old.values, path, value))


@pytest.fixture(scope="module")
def said(production: Platform) -> dict[int, str]:
    """What is said of each wrong value; all are asked at once."""
    wrong = [_wrong(production, type_, path, value, n) for n, (type_, path, value, _) in enumerate(WRONG)]
    found: dict[int, str] = defaultdict(str)
    for finding in values.run([replace(production, subjects=tuple(wrong))]):
        number = int(finding.address.rpartition("-")[2])
        assert finding.check == "VALUE"
        if finding.part == values.plain(WRONG[number][1]):
            found[number] += finding.message + "\n"
    return found


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[f"{line[0]}.{line[1]}={line[2]}"[:70] for line in WRONG])
def test_it_is_refused(said: dict[int, str], number: int) -> None:
    assert WRONG[number][3] in said[number]


def test_there_are_enough_of_many_types() -> None:
    assert len(WRONG) >= 40
    assert len({line[0] for line in WRONG}) >= 20


def test_most_of_what_is_deployed_is_really_held_against_a_model(platforms: list[Platform]) -> None:
    resources = [resource for platform in platforms for resource in platform.resources]
    without = {r.type for r in resources if not models(r.type, "ca-central-1")}
    known, bounded = set(), set()
    for platform in platforms:
        for _, translation in values.translations(platform):
            for argument, _, schema in translation.values.values():
                place = (translation.resource.stack, translation.resource.address, values.plain(argument))
                known.add(place)
                bounded |= {place} if values.SAID & schema.keys() else set()
    literal = {
        (r.stack, r.address, values.plain(".".join(map(str, path))))
        for r in resources
        for path, value in leaves({k: v for k, v in r.arguments.items() if k not in values._OF_TERRAFORM})
        if value is not None and "${" not in str(value)
    }

    of_literals, of_known = ({place[:2] for place in places} for places in (literal, literal & known))
    print(f"{len(resources)} resources, {len(of_literals)} with literal values, {len(of_known)} held against a model;")
    print(f"{len(literal)} values, {len(literal & known)} of known properties, {len(literal & bounded)} with bounds")
    # A base path mapping is of two references and a name; `terraform_data` is Terraform's own.
    assert without <= {"aws_api_gateway_base_path_mapping", "terraform_data"}
    assert len(of_known) / len(of_literals) > 0.98
    assert len(literal & known) / len(literal) > 0.93
    assert len(literal & bounded) / len(literal) > 0.5


def test_the_scan_asks(production: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.scan.scanners.run", lambda platforms: [])
    (function,) = production.all("aws_lambda_function")
    wrong = replace(function, values={**function.values, "runtime": "python3.99"})

    failures = gate.scan([production.replacing(function, wrong)]).failures

    assert ("VALUE", "runtime") in {(finding.check, finding.part) for finding in failures}


def test_what_is_shipped_is_accepted(production: Platform) -> None:
    assert values.run([production]) == []


def test_a_reference_is_known_only_once_it_is_deployed(production: Platform) -> None:
    (function,) = production.all("aws_lambda_function")
    unknown = replace(function, values={**function.values, "runtime": "${aws_ssm_parameter.runtime.value}"})

    assert values.run([production.replacing(function, unknown)]) == []


def test_a_region_that_cfn_lint_does_not_know_is_as_another() -> None:
    assert [model.name for model in models("aws_sqs_queue", "xx-nowhere-9")] == ["AWS::SQS::Queue", "sqs:CreateQueue"]
