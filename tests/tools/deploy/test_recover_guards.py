"""`make recover`: it only shows until it is confirmed, breaks locks by their id, and takes back what surely exists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_tools import Tools

from tools.deploy.__main__ import main

NAME = "iot-dev"
LOCK = {"ID": "d1", "Operation": "OperationTypeApply", "Who": "me@here", "Created": "2026-01-02T03:04:05Z"}


def _lock(tools: Tools, component: str, **changed: object) -> None:
    tools.put(tools.stack(component).lock_key, json.dumps({**LOCK, **changed}))


@pytest.mark.parametrize("given", ["iot-prod", f"{NAME}-x"])
@pytest.mark.parametrize("verb", ["recover", "move"])
def test_a_wrong_confirmation_is_an_error(
    tools: Tools, verb: str, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not taken for none, which only shows and ends with 0."""
    _lock(tools, "data")

    assert main([verb, "--env", NAME, "--confirm", given]) == 1

    assert tools.calls == []
    assert f"make {verb} ENV=... CONFIRM={NAME}" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["--confirm", ""]])
def test_until_it_is_confirmed_by_name_it_only_shows(
    tools: Tools, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _lock(tools, "data")

    assert main(["recover", "--env", NAME, *given]) == 0

    assert tools.ran("terraform") == []
    said = capsys.readouterr().out
    assert f"{NAME}-data: locked by me@here since 2026-01-02T03:04:05Z for OperationTypeApply, id d1" in said
    assert f"make recover ENV={NAME} CONFIRM={NAME}" in said
    assert "Imported" not in said


def test_confirmed_it_breaks_each_lock_by_its_id(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _lock(tools, "network", ID="n1")
    _lock(tools, "data")

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    broken = [(call.folder, call.arguments) for call in tools.ran("force-unlock")]
    assert broken == [
        (f"{NAME}-network", ("force-unlock", "-force", "n1")),
        (f"{NAME}-data", ("force-unlock", "-force", "d1")),
    ]
    assert "Imported: 0. Now run the command again that was interrupted." in capsys.readouterr().out


@pytest.mark.parametrize("failing", ["init", "force-unlock"])
def test_a_lock_that_cannot_be_broken_ends_it(tools: Tools, failing: str, capsys: pytest.CaptureFixture[str]) -> None:
    _lock(tools, "network")
    tools.on(failing, code=1, stderr="Error: no")

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 1

    assert tools.calls[-1].has(failing)
    said = capsys.readouterr().err
    assert "Error: no" in said
    assert "Traceback" not in said


def test_without_a_lock_it_says_so(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recover", "--env", NAME]) == 0
    assert capsys.readouterr().out == f"No state of {NAME} is locked\n"


# -- taking back


def _planned(tools: Tools, *changes: tuple[str, dict[str, object]]) -> None:
    """The network's plan creates these until they are imported."""
    made = [
        {"address": f"{type_}.a", "type": type_, "change": {"actions": ["create"], "before": None, "after": after}}
        for type_, after in changes
    ]
    tools.on("show", f"{NAME}-network", stdout=json.dumps({"resource_changes": made}))


def test_what_is_not_there_is_no_failure(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _planned(tools, ("aws_iam_role", {"name": "there"}))
    words = ("plan", f"{NAME}-network")

    def refuse_once() -> None:  # the second plan is the first with an import block
        tools.on(*words, code=1, stderr="Cannot import there", then=lambda: tools.on(*words))

    tools.on(*words, then=refuse_once)

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    assert tools.changes() == []
    assert "Imported: 0" in capsys.readouterr().out


def test_a_stack_that_cannot_be_planned_is_said_with_its_reason(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.put_state("network")
    tools.on("plan", f"{NAME}-data", code=1, stderr="Error: AWS account ID not allowed: 222222222222\n")

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0
    said = capsys.readouterr().out
    assert f"{NAME}-data: cannot be planned, so nothing is imported there: Error: AWS account ID not allowed: " in said


@pytest.mark.parametrize("is_pending", [True, False])
def test_the_value_of_a_secret_that_is_pending_deletion_is_forgotten(tools: Tools, is_pending: bool) -> None:
    # GIVEN a secret and its value in the state, as an interrupted teardown leaves them
    import boto3

    secrets = boto3.client("secretsmanager", region_name="ca-central-1")
    arn = secrets.create_secret(Name="own", SecretString="{}")["ARN"]
    if is_pending:
        secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    value = {"mode": "managed", "type": "aws_secretsmanager_secret_version", "name": "bootstrap"}
    value["instances"] = [{"attributes": {"id": f"{arn}|1", "secret_id": arn}}]  # type: ignore[assignment]
    state = {"version": 4, "serial": 1, "lineage": "data", "outputs": {}, "resources": [value]}
    tools.put(tools.stack("data").backend["key"], json.dumps(state))

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    removed = [call.arguments for call in tools.calls if call.arguments[:2] == ("state", "rm")]
    assert removed == [("state", "rm", "aws_secretsmanager_secret_version.bootstrap")] * is_pending


@pytest.mark.parametrize("code", [0, 1])
def test_what_is_gone_from_aws_is_taken_out_of_the_state(tools: Tools, code: int) -> None:
    # GIVEN a plan, which succeeds or not, that finds one resource gone and another one changed
    drift = [{"address": f"aws_vpc.{action}", "change": {"actions": [action]}} for action in ("delete", "update")]
    tools.put_state("network")
    tools.on("plan", f"{NAME}-network", code=code, stderr="Error: invalid" if code else "")
    tools.on("show", f"{NAME}-network", stdout=json.dumps({"resource_drift": drift}))
    tools.on("state", "rm", then=lambda: tools.on("show", f"{NAME}-network"))

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    removed = [call.arguments for call in tools.calls if call.arguments[:2] == ("state", "rm")]
    assert removed == [("state", "rm", "aws_vpc.delete")]


def test_an_import_that_finds_nothing_is_not_taken_out_of_the_state(tools: Tools) -> None:
    # GIVEN an attempt that Terraform reports as deleted since, as it does of what cannot be imported
    change = {"actions": ["create"], "before": None, "after": {"name": "there"}}
    drift = {"address": "aws_iam_role.a", "change": {"actions": ["delete"]}}
    planned = [{"address": "aws_iam_role.a", "type": "aws_iam_role", "change": change}]
    words = ("show", f"{NAME}-network")

    def with_drift() -> None:  # the second plan is the first with an import block
        tools.on(*words, stdout=json.dumps({"resource_changes": planned, "resource_drift": [drift]}))

    tools.on(*words, stdout=json.dumps({"resource_changes": planned}), then=with_drift)

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    assert [call.arguments for call in tools.calls if call.arguments[:1] == ("state",)] == []


def test_what_was_imported_is_counted_and_named(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _planned(tools, ("aws_iam_role", {"name": "there"}))

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    said = capsys.readouterr().out
    assert f"{NAME}-network: imported there as aws_iam_role.a" in said
    assert "Imported: 1. Now run the command again that was interrupted." in said


_TAGS = {"Name": "iot-dev", "Environment": NAME}


@pytest.fixture
def vpc(tools: Tools) -> str:
    """A VPC that the plan wants to create, and that exists."""
    import boto3

    ec2 = boto3.client("ec2", region_name="ca-central-1")
    found = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[found], Tags=[{"Key": key, "Value": value} for key, value in _TAGS.items()])
    tools.edit("network", provider={"aws": [{"region": "ca-central-1"}]})
    _planned(tools, ("aws_vpc", {"tags_all": _TAGS}))
    return str(found)


def test_what_exists_is_imported_and_nothing_else_is_done(tools: Tools, vpc: str) -> None:
    left: list[Path] = []
    folder = tools.stack("network").folder
    tools.on("import", then=lambda: left.extend(folder.glob("recover*")))

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0

    assert [call[0:2] + call[-3:-1] for call in tools.changes()] == [("terraform", "import", "aws_vpc.a", vpc)]
    assert left == []


@pytest.mark.usefixtures("vpc")
def test_what_exists_and_cannot_be_imported_is_a_failure(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.on("import", code=1, stderr="Error: AWS account ID not allowed: 222222222222")

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 1

    said = capsys.readouterr().err
    assert f"terraform import failed in {NAME}-network" in said
    assert "AWS account ID not allowed" in said


def test_no_deployment_imports_what_a_killed_recovery_was_trying(tools: Tools, vpc: str) -> None:
    # GIVEN the files that are there while it plans: a kill leaves them
    folder = tools.stack("network").folder
    left: dict[Path, str] = {}
    tools.on("plan", f"{NAME}-network", then=lambda: left.update({f: f.read_text() for f in folder.glob("*.tf.json")}))
    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0
    assert any(vpc in text for text in left.values())
    for file, text in left.items():
        file.write_text(text)

    # WHEN the environment is deployed
    seen: list[str] = []
    tools.on("deploy", then=lambda: seen.extend(file.name for file in folder.glob("*.tf.json")))
    assert main(["deploy", "--env", NAME, "--approve"]) == 0

    # THEN Terraform sees the stack alone
    assert seen == ["cdk.tf.json"]
