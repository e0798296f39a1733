"""What the page says of changes to a running platform: each is a pair of syntheses whose settings differ.

The fast part of `test_rehearsal`: no value here was written for the test, only the settings were.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from json_changes import gone
from synthesized_changes import Edit, synthesize
from synthesized_plans import configurations, review

from tools.change.findings import FindingKind, ReviewFinding
from tools.change.page import Page
from tools.synthesized.references import Configurations

_PROD, _DEV = "globecart-prod", "iot-dev"
_ENDPOINTS = ["secretsmanager", "kms", "ecr.api", "ecr.dkr", "logs", "monitoring", "sqs", "xray"]
_MAIL = "arn:aws:ses:ca-central-1:444444444444:identity/example.com"
_LOCK, _PLAN = "aws_backup_vault_lock_configuration", "aws_backup_plan"


def _new_worker(file: dict[str, Any]) -> None:
    file["workers"]["mails"] = {"command": ["python", "-m", "shop.mails"]}


def _no_way_out(file: dict[str, Any]) -> None:
    file["service"]["outbound"] = "none"
    file["network"].update(nat="none", interface_endpoints=_ENDPOINTS)


def _wider_rights(file: dict[str, Any]) -> None:
    file["service"]["allow"] = [{"actions": ["ses:SendEmail"], "resources": [_MAIL]}]


def _no_queue(file: dict[str, Any]) -> None:
    del file["service"]["queues"]
    for key in ("queue", "messages_per_task"):
        del file["workers"]["orders"][key]


def _more_backups(file: dict[str, Any]) -> None:
    file["cache"]["snapshot_retention_days"] = 20
    file["backup"] = {"retention_days": 90, "copy_to": "ca-west-1", "copy_retention_days": 40, "lock_minimum_days": 10}


def _fewer_backups(file: dict[str, Any]) -> None:
    file["database"]["backup_retention_days"] = 7
    file["backup"] = {"copy_to": "ca-west-1"}


def _locked(file: dict[str, Any]) -> None:
    file["backup"] = {"lock": "governance"}


def _unlocked(file: dict[str, Any]) -> None:
    file["backup"] = {}


def _open_api(file: dict[str, Any]) -> None:
    (route,) = (route for route in file["api"]["routes"] if route["path"] == "/shipments")
    route["key"] = False
    file["api"].update(stage_rate_limit=3_000, firewall_rate_per_5_minutes=80_000)
    file["api"]["plans"]["default"].update(rate_limit=300, burst_limit=900)


Review = Callable[..., Page]


@pytest.fixture(scope="module")
def reviewed(app_outdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Review:
    """The page about an environment that changes from one edit of its file to another; None is the shipped file."""

    @functools.cache
    def synthesized(name: str, edit: Edit | None) -> Configurations:
        outdir = synthesize(tmp_path_factory.mktemp("changed"), name, change=edit) if edit else app_outdir
        return configurations(outdir, name)

    def made(before: Edit | None, after: Edit | None, *, name: str = _PROD, allow: tuple[str, ...] = ()) -> Page:
        return review(synthesized(name, before), synthesized(name, after), allow=allow)

    return made


def _type(item: ReviewFinding) -> str:
    return item.address.partition(".")[0]


def _red(made: Page) -> set[tuple[FindingKind, str]]:
    return {(item.kind, _type(item)) for item in made.findings if item.is_red}


def test_a_new_worker_is_calm(reviewed: Review) -> None:
    made = reviewed(None, _new_worker)

    # THEN it is there, and the page says only what rights it has
    created = {change.type for plan in made.plans for change in plan.changes if "worker-mails" in change.address}
    assert {"aws_ecs_service", "aws_ecs_task_definition", "aws_iam_role", "aws_appautoscaling_target"} <= created
    assert {item.kind for item in made.findings} == {FindingKind.IAM}
    assert (_red(made), made.exit_code) == (set(), 0)
    # and that it may read the database's secret
    others = [_type(item) for item in made.findings if "worker-mails" not in item.address]
    assert others == ["aws_secretsmanager_secret_policy"]


def test_a_way_out_that_opens_is_a_port(reviewed: Review) -> None:
    opening, closing = reviewed(_no_way_out, None), reviewed(None, _no_way_out)

    (found,) = opening.of(FindingKind.PORT)
    assert (found.says, found.less) == ("opened", ())
    (line,) = found.more
    assert (line[:15], line[-13:]) == ("tcp 443 out of ", " to 0.0.0.0/0")
    assert _red(opening) == {(FindingKind.PORT, "aws_vpc_security_group_egress_rule")}
    assert [item.says for item in closing.of(FindingKind.PORT)] == ["closed"]


def test_wider_rights_of_a_task_are_named(reviewed: Review) -> None:
    made = reviewed(None, _wider_rights)

    assert {(item.kind, item.says, item.more) for item in made.findings} == {
        (FindingKind.IAM, "widened", (f"ses:SendEmail on {_MAIL}",))
    }
    roles = {item.address.split("_roles_task-policy")[0] for item in made.findings}
    assert roles == {f"aws_iam_role_policy.{of}" for of in ("service", "worker-orders", "job-report")}


def test_a_queue_that_is_removed_is_lost(reviewed: Review) -> None:
    made = reviewed(None, _no_queue)

    assert {(_type(item), item.says) for item in made.lost} == {
        ("aws_sqs_queue", "destroyed. Lost: the messages in it"),
        ("aws_kms_key", "destroyed. Lost: everything encrypted with it"),
    }
    assert made.exit_code == 3


_FEWER = [
    (_LOCK, "min_retention_days: 10 → 7; backups are kept for fewer days"),
    (_PLAN, "rule.lifecycle.delete_after: 90 → 35; backups are kept for fewer days"),
    (_PLAN, "rule.copy_action.lifecycle.delete_after: 40 → 7; backups are kept for fewer days"),
    ("aws_rds_cluster", "backup_retention_period: 35 → 7; backups are kept for fewer days"),
    ("aws_elasticache_replication_group", "snapshot_retention_limit: 20 → 5; backups are kept for fewer days"),
]


@pytest.mark.parametrize(("type_", "says"), _FEWER)
def test_fewer_days_of_backups_are_red(reviewed: Review, type_: str, says: str) -> None:
    made = reviewed(_more_backups, _fewer_backups)

    assert says in [item.says for item in made.of(FindingKind.BACKUPS) if _type(item) == type_ and item.is_red]
    assert len(made.of(FindingKind.BACKUPS)) == len([*_FEWER, "the lock of the second region's vault"])
    assert made.exit_code == 3


def test_more_backups_are_calm(reviewed: Review) -> None:
    made = reviewed(_fewer_backups, _more_backups)

    assert (made.findings, made.exit_code) == ((), 0)


def test_fewer_days_are_allowed_by_name(reviewed: Review) -> None:
    names = tuple(item.address for item in reviewed(_more_backups, _fewer_backups).lost)

    made = reviewed(_more_backups, _fewer_backups, allow=names)

    assert (_red(made), made.exit_code, made.unused) == (set(), 0, ())


def test_the_lock_of_a_vault_that_is_removed_is_red(reviewed: Review) -> None:
    made = reviewed(_locked, _unlocked, name=_DEV)

    (found,) = made.findings
    assert (found.kind, _type(found), found.is_red) == (FindingKind.BACKUPS, _LOCK, True)
    assert found.says == "the vault's lock is removed: whoever may delete backups can delete those in it"
    assert (made.exit_code, made.verdict) == (3, f"Something stateful would be lost: {found.address}")


def test_copies_that_end_are_red_with_their_vault_and_key(reviewed: Review) -> None:
    made = reviewed(_more_backups, None)

    (ended,) = (item for item in made.of(FindingKind.BACKUPS) if "copy_action: " in item.says)
    assert (_type(ended), ended.is_red) == (_PLAN, True)
    assert ended.says.startswith("rule.copy_action: backups are no longer copied to ${aws_backup_vault.copies_vault")
    assert {
        (FindingKind.BACKUPS, _LOCK),
        (FindingKind.STATEFUL, "aws_backup_vault"),
        (FindingKind.STATEFUL, "aws_kms_key"),
    } <= _red(made)


def test_a_plan_that_ends_is_red_with_its_vault_and_key(reviewed: Review) -> None:
    made = reviewed(_unlocked, None, name=_DEV)

    assert _red(made) == {
        (FindingKind.BACKUPS, _PLAN),
        (FindingKind.STATEFUL, "aws_backup_vault"),
        (FindingKind.STATEFUL, "aws_kms_key"),
    }


def test_a_kept_key_that_is_destroyed_is_red(reviewed: Review, app_outdir: Path) -> None:
    before = configurations(app_outdir, _PROD)
    after = copy.deepcopy(before)
    gone("aws_kms_key.keys_data_key*")(after)

    made = review(before, after)

    (found,) = made.lost
    assert (_type(found), found.says) == ("aws_kms_key", "destroyed. Lost: everything encrypted with it")
    assert made.exit_code == 3


def test_a_route_that_becomes_open_is_red(reviewed: Review) -> None:
    made = reviewed(None, _open_api)

    (found,) = (item for item in made.findings if _type(item) == "aws_api_gateway_method")
    assert found.address.startswith("aws_api_gateway_method.api_routes_GETshipments")
    assert (found.kind, found.is_red) == (FindingKind.CALLERS, True)
    assert found.more == ("asks for no key any more", "asks for neither key nor login: open to everybody")


@pytest.mark.parametrize(
    ("type_", "line"),
    [
        ("aws_api_gateway_usage_plan", "throttle_settings.rate_limit: 200 → 300"),
        ("aws_api_gateway_usage_plan", "throttle_settings.burst_limit: 400 → 900"),
        ("aws_api_gateway_method_settings", "settings.throttling_rate_limit: 2000 → 3000"),
        ("aws_wafv2_web_acl", ".limit: 60000 → 80000"),
    ],
)
def test_a_throttle_that_rises_is_red(reviewed: Review, type_: str, line: str) -> None:
    found = [item for item in reviewed(None, _open_api).of(FindingKind.CALLERS) if _type(item) == type_]

    assert any(said.endswith(line) for item in found for said in item.more)
    assert all(item.is_red and item.says == "more is let in" for item in found)
