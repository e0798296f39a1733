"""The proof itself: deterministic, and it sees what has no reason and what needs none."""

from __future__ import annotations

import tomllib

import pytest

from tools.scan.checks import ALL
from tools.scan.mutations import mutants
from tools.scan.proof import SURVIVORS, Outcome, reasons, unreasoned
from tools.synthesized.platform import Platform


def _outcome(operation: str, *, found: bool) -> Outcome:
    return Outcome("iot-dev-data", "aws_rds_cluster.x", "storage_encrypted", operation, 0, found)


def test_a_survivor_without_a_reason_and_a_reason_without_a_survivor_are_told() -> None:
    outcomes = [_outcome("flipped", found=False), _outcome("removed", found=True)]

    left, stale = unreasoned(outcomes, ["aws_rds_cluster storage_encrypted removed", "aws_eip * *"])

    assert [outcome.operation for outcome in left] == ["flipped"]
    assert stale == {"aws_rds_cluster storage_encrypted removed", "aws_eip * *"}
    assert unreasoned(outcomes, ["aws_rds_cluster * flipped"]) == ([], set())


def test_every_group_of_survivors_has_a_reason() -> None:
    text = SURVIVORS.read_text(encoding="utf-8")

    assert all(len(reason) > 30 for reason in reasons(text).values())
    patterns = [pattern for group in tomllib.loads(text)["survivors"] for pattern in group["mutants"]]
    assert len(set(patterns)) == len(patterns)


def test_mutants_are_the_same_each_time_and_leave_the_good_one_alone(production: Platform) -> None:
    for resource in production.resources[:40]:
        before = repr(resource.values)
        first = [(m.path, m.operation, repr(m.changed and m.changed.values)) for m in mutants(resource)]
        assert first == [(m.path, m.operation, repr(m.changed and m.changed.values)) for m in mutants(resource)]
        assert repr(resource.values) == before
        assert all(changed != before for _, _, changed in first)


# A sample, so that a check that stops to work is named here, in seconds; `make scan-proof` tries all.
@pytest.mark.parametrize(
    ("type_", "path", "operation", "check"),
    [
        ("aws_rds_cluster", "storage_encrypted", "flipped", "RDS_ENCRYPTED"),
        ("aws_rds_cluster", "manage_master_user_password", "removed", "RDS_MASTER"),
        ("aws_elasticache_replication_group", "transit_encryption_mode", "flipped", "REDIS_TLS_ONLY"),
        ("aws_efs_file_system_policy", "", "removed", "TLS_ONLY"),
        ("aws_s3_bucket_policy", "policy:DenyWithoutTls.Condition.aws:SecureTransport", "widened", "TLS_ONLY"),
        ("aws_s3_bucket_policy", "policy:DenyWithoutTls", "flipped", "TLS_ONLY"),
        ("aws_secretsmanager_secret_policy", "policy:DenyReadingButByReaders", "removed", "SECRET_COMPANIONS"),
        ("aws_iam_role_policy", "policy:ReadSecret.Resource", "widened", "POLICY_RESOURCES"),
        ("aws_iam_role_policy", "policy:ReadSecret.Action", "widened", "POLICY_ACTIONS"),
        ("aws_iam_role", "assume_role_policy:statement-1.Principal", "foreign", "POLICY_FOREIGN"),
        ("aws_kms_key", "policy:UseThroughServices.Condition.kms:ViaService", "removed", "KMS_VIA"),
        ("aws_vpc_security_group_ingress_rule", "referenced_security_group_id", "removed", "GROUP_SOURCE"),
        ("aws_lambda_permission", "source_account", "removed", "LAMBDA_CALLER"),
        ("aws_cloudwatch_log_group", "kms_key_id", "foreign", "LOG_KEY"),
        ("aws_cloudwatch_metric_alarm", "alarm_actions", "removed", "ALARM_ACTION"),
        ("aws_wafv2_web_acl_association", "", "removed", "WAF"),
        ("aws_api_gateway_usage_plan_key", "key_id", "removed", "API_PLAN"),
        ("aws_ecs_task_definition", "container_definitions:readonlyRootFilesystem", "flipped", "ECS_CONTAINER"),
        ("aws_lb_listener", "ssl_policy", "flipped", "LISTENER_TLS"),
        ("aws_flow_log", "", "removed", "FLOW_LOG"),
    ],
)
def test_each_is_noticed(production: Platform, type_: str, path: str, operation: str, check: str) -> None:
    worse = [
        (resource, mutant.changed)
        for resource in production.all(type_)
        for mutant in mutants(resource)
        if (mutant.path, mutant.operation) == (path, operation)
    ]
    assert worse
    resource, changed = worse[0]
    platform = production.replacing(resource, *([changed] if changed else []))

    assert check in {finding.check for each in ALL for finding in each.run(platform)}
