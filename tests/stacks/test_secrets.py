"""The secrets stack of every shipped environment: above all, what the first rotation waits for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load
from dependencies import needed_by
from synthesized import Synthesized, read_stack

from main import build_app
from settings import Environment

ROTATION = "aws_secretsmanager_secret_rotation"
every_environment = pytest.mark.parametrize("environment", environment_names())


def secrets(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-secrets")


def must_wait_for(outdir: Path, environment: str) -> set[str]:
    """Everything without which a rotation that begins now would fail."""
    own, data = secrets(outdir, environment), read_stack(outdir, f"{environment}-data")
    here = (
        "aws_iam_role_policy",
        "aws_lambda_invocation",
        "aws_secretsmanager_secret",
        "aws_secretsmanager_secret_policy",
        "aws_secretsmanager_secret_version",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    )
    found = {f"{environment}-secrets/{address}" for address in own.addresses if address.split(".")[0] in here}
    found.add(f"{environment}-secrets/{own.address('aws_lambda_permission', principal='secretsmanager.amazonaws.com')}")
    found |= {
        f"{environment}-data/{address}"
        for address in data.addresses
        if address.startswith(("aws_rds_cluster.", "aws_rds_cluster_instance."))
    }
    rotation = read_stack(outdir, f"{environment}-rotation")
    return found | {f"{environment}-rotation/{rotation.address('aws_lambda_function')}"}


@every_environment
def test_the_rotation_waits_for_everything_that_it_needs(app_outdir: Path, environment: str) -> None:
    needed = needed_by(app_outdir, f"{environment}-secrets", ROTATION)

    assert must_wait_for(app_outdir, environment) <= needed


@every_environment
def test_the_preflight_waits_for_all_of_that_but_itself(app_outdir: Path, environment: str) -> None:
    needed = needed_by(app_outdir, f"{environment}-secrets", "aws_lambda_invocation")

    assert must_wait_for(app_outdir, environment) <= needed


def test_a_dependency_that_is_taken_away_is_missed(app_outdir: Path, tmp_path: Path) -> None:
    # GIVEN the stacks of an environment, and each `depends_on` of the rotation and its preflight in turn
    for folder in (app_outdir / "stacks").glob("iot-prod-*"):
        target = tmp_path / "stacks" / folder.name
        target.mkdir(parents=True)
        (target / "cdk.tf.json").write_bytes((folder / "cdk.tf.json").read_bytes())
    file = tmp_path / "stacks" / "iot-prod-secrets" / "cdk.tf.json"
    whole = file.read_text()
    (rotation,) = json.loads(whole)["resource"][ROTATION].values()
    assert len(rotation["depends_on"]) >= 8

    for address in rotation["depends_on"]:
        # WHEN it is taken away from both
        document = json.loads(whole)
        for type_ in (ROTATION, "aws_lambda_invocation"):
            for resource in document["resource"][type_].values():
                resource["depends_on"] = [other for other in resource["depends_on"] if other != address]
        file.write_text(json.dumps(document))

        # THEN the walk above does not find it; what is referred to by another way is waited for all the same
        missing = must_wait_for(tmp_path, "iot-prod") - needed_by(tmp_path, "iot-prod-secrets", ROTATION)
        referred = address.startswith("aws_secretsmanager_secret_version")
        assert (f"iot-prod-secrets/{address}" in missing) is not referred, address


@every_environment
def test_the_stack_comes_after_data_rotation_and_the_way_out(app_outdir: Path, environment: str) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))

    needed = set(manifest["stacks"][f"{environment}-secrets"]["dependencies"])
    assert {f"{environment}-{other}" for other in ("data", "egress", "rotation")} <= needed


@every_environment
def test_services_may_call_the_function_for_this_account_or_rule_only(app_outdir: Path, environment: str) -> None:
    stack = secrets(app_outdir, environment)

    by_service = {permission["principal"]: permission for permission in stack.all("aws_lambda_permission")}
    assert by_service.keys() == {"secretsmanager.amazonaws.com", "events.amazonaws.com"}
    assert by_service["secretsmanager.amazonaws.com"]["source_account"] == load(environment).account_id
    rule = stack.address("aws_cloudwatch_event_rule", schedule_expression="rate(1 day)")
    assert by_service["events.amazonaws.com"]["source_arn"] == f"${{{rule}.arn}}"


@every_environment
def test_the_schedule_is_the_settings(app_outdir: Path, environment: str) -> None:
    stack = secrets(app_outdir, environment)
    rotation = stack.one(ROTATION)

    assert rotation["rotate_immediately"] is True
    settings = load(environment).rotation
    window = {"duration": f"{settings.window_hours}h"} if settings.window_hours else {}
    assert rotation["rotation_rules"] == {"automatically_after_days": settings.interval_days, **window}
    assert not [key for key in stack.one("aws_secretsmanager_secret") if key.startswith("rotation")]


@every_environment
def test_the_preflight_is_sent_again_when_code_facts_or_instances_change(app_outdir: Path, environment: str) -> None:
    stack = secrets(app_outdir, environment)
    preflight = stack.one("aws_lambda_invocation")
    function = read_stack(app_outdir, f"{environment}-rotation").one("aws_lambda_function")

    assert preflight["lifecycle_scope"] == "CREATE_ONLY"
    assert json.loads(preflight["input"]).keys() == {"preflight"}
    assert preflight["triggers"]["code"] == function["source_code_hash"]
    assert preflight["triggers"]["facts"] == stack.one("aws_secretsmanager_secret_version")["secret_string"]
    assert preflight["triggers"]["instances"].count("${") == load(environment).database.instances


@every_environment
def test_no_password_stands_in_any_stack(app_outdir: Path, environment: str) -> None:
    for folder in (app_outdir / "stacks").glob(f"*{environment}*"):
        for found in _keys(read_stack(app_outdir, folder.name).json):
            assert not re.fullmatch(r"(master_|user_|db_)?passwords?(_wo)?|auth_token", found), folder.name
    facts = json.loads(secrets(app_outdir, environment).one("aws_secretsmanager_secret_version")["secret_string"])
    logins = {"username"} if load(environment).rotation.strategy == "single" else {"role", "usernames"}
    assert facts.keys() == {"engine", "host", "port", "dbname", "masterarn", *logins}


def _keys(value: Any) -> set[str]:
    own = set(value) if isinstance(value, dict) else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return own.union(*map(_keys, inner))


@every_environment
def test_failures_of_this_secret_alone_match_the_rule(app_outdir: Path, environment: str) -> None:
    stack = secrets(app_outdir, environment)
    (pattern,) = (
        json.loads(r["event_pattern"]) for r in stack.all("aws_cloudwatch_event_rule") if "event_pattern" in r
    )

    assert pattern["source"] == ["aws.secretsmanager"]
    assert pattern["detail"]["eventName"] == ["RotationFailed"]
    secret = stack.address("aws_secretsmanager_secret")
    assert pattern["detail"]["additionalEventData"] == {"SecretId": [f"${{{secret}.arn}}"]}


@every_environment
def test_the_age_is_reported_every_day(app_outdir: Path, environment: str) -> None:
    stack = secrets(app_outdir, environment)
    target = stack.one("aws_cloudwatch_event_target")

    assert json.loads(target["input"]) == {
        "report": {"SecretId": f"${{{stack.address('aws_secretsmanager_secret')}.arn}}"}
    }
    assert (
        target["rule"] == f"${{{stack.address('aws_cloudwatch_event_rule', schedule_expression='rate(1 day)')}.name}}"
    )
    assert target["depends_on"] == [stack.address("aws_lambda_permission", principal="events.amazonaws.com")]


@every_environment
def test_consumers_are_told_arns_only(app_outdir: Path, environment: str) -> None:
    outputs = secrets(app_outdir, environment).outputs

    assert {name for name in outputs if not name.startswith("cross-stack")} == {
        "protected",
        "secret_arn",
        "secrets_key_arn",
    }


def with_rotation(**changes: Any) -> Environment:
    environment = load("iot-dev")
    return environment.model_copy(update={"rotation": environment.rotation.model_copy(update=changes)})


def test_a_window_and_a_single_login_are_settings(tmp_path: Path) -> None:
    build_app([with_rotation(strategy="single", window_hours=3, interval_days=7)], tmp_path).synth()
    stack = secrets(tmp_path, "iot-dev")

    assert stack.one(ROTATION)["rotation_rules"] == {"automatically_after_days": 7, "duration": "3h"}
    facts = json.loads(stack.one("aws_secretsmanager_secret_version")["secret_string"])
    assert facts["username"] == "application"
    assert not {"role", "usernames"} & facts.keys()
