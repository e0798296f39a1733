"""The proof itself: mutants are what they say, and what has no reason, or needs none, is told."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from all_environments import FULL

from tools.scan import proof
from tools.scan.checks import ALL
from tools.scan.mutations import GONE, Mutant, Path, mutants, replaced
from tools.scan.proof import SURVIVORS, Outcome, applied, kinds, reasons, unreasoned
from tools.synthesized.platform import Platform
from tools.synthesized.values import parsed


def _outcome(operation: str, *, found: bool) -> Outcome:
    return Outcome(f"aws_rds_cluster storage_encrypted {operation}", "", found)


def test_a_survivor_without_a_reason_and_a_reason_without_a_survivor_are_told() -> None:
    outcomes = [_outcome("flipped", found=False), _outcome("removed", found=True)]

    left, stale = unreasoned(outcomes, ["aws_rds_cluster storage_encrypted removed", "aws_eip * *"])

    assert left == outcomes[:1]
    assert stale == {"aws_rds_cluster storage_encrypted removed", "aws_eip * *"}
    assert unreasoned(outcomes, ["aws_rds_cluster * flipped"]) == ([], set())


def test_every_group_of_survivors_has_a_reason() -> None:
    text = SURVIVORS.read_text(encoding="utf-8")

    assert all(len(reason) > 15 for reason in reasons(text).values())
    patterns = [pattern for group in tomllib.loads(text)["survivors"] for pattern in group["mutants"]]
    assert len(set(patterns)) == len(patterns)


def _leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Every value with the way to it, texts that are JSON opened; an empty table or list is a value."""
    inner = parsed(value) if isinstance(value, str) else value
    if isinstance(inner, dict | list) and inner:
        items = inner.items() if isinstance(inner, dict) else enumerate(inner)
        return {at: found for key, item in items for at, found in _leaves(item, (*path, key)).items()}
    return {path: value}


def _differences(mutant: Mutant) -> set[Path]:
    """Where the mutant is not as the good one. What came after a removed item of a list has moved up by one."""
    assert mutant.changed is not None
    before, after = mutant.resource.values, mutant.changed.values
    if mutant.new is GONE and isinstance(mutant.path[-1], int):
        before = replaced(before, mutant.path[:-1], "the list")
        after = replaced(after, mutant.path[:-1], "the list")
    good, worse = _leaves(before), _leaves(after)
    return {path for path in good.keys() | worse.keys() if good.get(path, GONE) != worse.get(path, GONE)}


def test_a_mutant_differs_at_its_place_and_nowhere_else(platforms: list[Platform]) -> None:
    everything = next(platform for platform in platforms if platform.name == FULL)
    inside_texts = 0
    for mutant in kinds(everything):
        if mutant.changed is None or mutant.operation == "added":
            continue
        differences = _differences(mutant)
        shortened = mutant.new is GONE  # what held it may be empty now
        place = mutant.path[:-1] if shortened else mutant.path
        assert differences or (shortened and isinstance(mutant.path[-1], int)), mutant.label
        assert all(path[: len(place)] == place for path in differences), mutant.label
        if not shortened:
            assert _at(mutant.changed.values, mutant.path) == mutant.new, mutant.label
        inside_texts += any(
            isinstance(_at(mutant.resource.values, mutant.path[:depth]), str) for depth in range(1, len(mutant.path))
        )
    assert inside_texts > 500  # policies, containers, schemas, formats of logs


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = (json.loads(value) if isinstance(value, str) else value)[key]
    return value


def test_mutants_are_the_same_each_time_and_leave_the_good_one_alone(production: Platform) -> None:
    for resource in production.resources[:40]:
        before = repr(resource.values)
        first = [(m.label, m.path, repr(m.changed and m.changed.values)) for m in mutants(production, resource)]
        again = [(m.label, m.path, repr(m.changed and m.changed.values)) for m in mutants(production, resource)]
        assert first == again
        assert repr(resource.values) == before
        assert all(operation.endswith(" added") or changed != before for operation, _, changed in first)


def test_every_mutant_is_printed_on_demand(
    production: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof, "read_all", lambda _: [production])

    assert proof.main(["--print"]) == 0

    lines = capsys.readouterr().out.splitlines()
    at = lines.index("aws_rds_cluster storage_encrypted flipped")
    assert lines[at + 1 : at + 4] == [
        "    globecart-prod-data aws_rds_cluster.database_cluster_FAF2FB92 storage_encrypted",
        "    - true",
        "    + false",
    ]


# A sample, so that a hole is named here, in seconds; `make scan-proof` tries all.
@pytest.mark.parametrize(
    "label",
    [
        "aws_rds_cluster storage_encrypted flipped",
        "aws_rds_cluster manage_master_user_password removed",
        "aws_elasticache_replication_group transit_encryption_mode other",
        "aws_efs_file_system_policy - removed",
        "aws_s3_bucket_policy policy.Statement.DenyWithoutTls.Effect flipped",
        "aws_secretsmanager_secret_policy policy.Statement.DenyReadingButByReaders removed",
        "aws_iam_role_policy policy.Statement statement",
        "aws_iam_role assume_role_policy.Statement.Condition removed",
        "aws_kms_key policy.Statement.UseThroughServices.Condition.StringEquals.kms:ViaService more",
        "aws_vpc_security_group_ingress_rule referenced_security_group_id foreign",
        "aws_vpc_security_group_egress_rule prefix_list_id foreign",
        "aws_lambda_permission source_account foreign account",
        "aws_cloudwatch_log_group kms_key_id removed",
        "aws_cloudwatch_metric_alarm - removed",
        "aws_cloudwatch_metric_alarm threshold raised",
        "aws_cloudwatch_metric_alarm alarm_actions removed",
        "aws_sns_topic_subscription - removed",
        "aws_wafv2_web_acl visibility_config.sampled_requests_enabled flipped",
        "aws_wafv2_web_acl_association - removed",
        "aws_vpc_endpoint route_table_ids removed",
        "aws_api_gateway_model schema.additionalProperties flipped",
        "aws_secretsmanager_secret_version version_stages removed",
        "aws_ecs_task_definition volume.files-media.efs_volume_configuration removed",
        "aws_ecs_task_definition container_definitions.service.readonlyRootFilesystem flipped",
        "aws_s3_bucket lifecycle removed",
        "aws_iam_role lifecycle removed",
        "stack terraform.backend.s3.bucket foreign account",
        "stack provider.aws.allowed_account_ids removed",
    ],
)
def test_each_is_noticed(production: Platform, label: str) -> None:
    mutant = next(mutant for mutant in kinds(production) if mutant.label == label)

    assert [finding for check in ALL for finding in check.run(applied(production, mutant))]


def test_what_changes_nothing_is_not_found(production: Platform) -> None:
    """Else every mutant would be: of a resource, and of what a stack has beside its resources."""
    known = {(f.stack, f.address, f.key) for check in ALL for f in check.run(production)}
    beside = [proof._blocks(stack, content) for stack, content in production.stacks.items()]

    for good in [*beside, production.all("aws_vpc")[0]]:
        same = applied(production, Mutant(good, (), "", "same", good.values, good.values, good))
        found = {(f.stack, f.address, f.key) for check in ALL for f in check.run(same)}
        assert found <= known, good.stack
