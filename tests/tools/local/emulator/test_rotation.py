"""Staging labels and rotation as on AWS. The functions of these tests note their events in a file of this
machine.
"""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.local.emulator.conftest import ACCOUNT_ID, Client, package

_FUNCTION = """
import json, os, pathlib
import boto3

directory = pathlib.Path(os.environ["DIRECTORY"])

def rotate(event, context):
    with (directory / "events").open("a") as events:
        events.write(json.dumps(event) + "\\n")
    if event["Step"] in (directory / "failing").read_text():
        raise RuntimeError("told to fail")
    secrets = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        value = "value of " + token
        secrets.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        versions = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


class Rotation:
    """A secret with a rotation function, and what the function has seen."""

    def __init__(self, client: Client, name: str, directory: Path) -> None:
        self.secrets = client("secretsmanager")
        self.directory = directory
        self.name = name
        self.fail()
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        self.function_arn: str = client("lambda").create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::{ACCOUNT_ID}:role/{name}",
            Runtime="python3.13",
            Handler="app.rotate",
            Code={"ZipFile": package({"app.py": _FUNCTION})},
            Environment={"Variables": {"DIRECTORY": str(directory)}},
            Timeout=20,
        )["FunctionArn"]
        created = self.secrets.create_secret(Name=name, SecretString="first")
        self.arn: str = created["ARN"]
        self.first: str = created["VersionId"]

    def fail(self, *steps: str) -> None:
        (self.directory / "failing").write_text(" ".join(steps))

    def rotate(self, **settings: Any) -> str:
        token: str = self.secrets.rotate_secret(SecretId=self.name, **settings)["VersionId"]
        return token

    def events(self) -> list[dict[str, str]]:
        path = self.directory / "events"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def stages(self) -> dict[str, list[str]]:
        versions: dict[str, list[str]] = self.describe().get("VersionIdsToStages", {})
        return {version: sorted(stages) for version, stages in versions.items()}

    def describe(self) -> Any:
        return self.secrets.describe_secret(SecretId=self.name)

    def value(self, **version: str) -> str:
        value: str = self.secrets.get_secret_value(SecretId=self.name, **version)["SecretString"]
        return value

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, (self.stages(), self.events())
            time.sleep(0.05)

    def wait_until_current(self, token: str) -> None:
        self.wait(lambda: "AWSCURRENT" in self.stages().get(token, []))


@pytest.fixture
def unpermitted(client: Client, name: str, tmp_path: Path) -> Rotation:
    return Rotation(client, name, tmp_path)


@pytest.fixture
def rotation(client: Client, unpermitted: Rotation) -> Rotation:
    client("lambda").add_permission(
        FunctionName=unpermitted.name,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    return unpermitted


def test_rotation_calls_the_four_steps_with_arn_and_token(rotation: Rotation) -> None:
    token = rotation.rotate(RotationLambdaARN=rotation.function_arn, RotationRules={"AutomaticallyAfterDays": 30})
    rotation.wait_until_current(token)
    assert rotation.events() == [
        {"Step": step, "SecretId": rotation.arn, "ClientRequestToken": token}
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret")
    ]
    assert rotation.value() == rotation.value(VersionStage="AWSCURRENT") == f"value of {token}"
    assert rotation.value(VersionStage="AWSPREVIOUS") == "first"
    assert rotation.stages() == {token: ["AWSCURRENT", "AWSPENDING"], rotation.first: ["AWSPREVIOUS"]}


def test_rotate_secret_answers_before_the_function_has_run(rotation: Rotation) -> None:
    token = rotation.rotate(RotationLambdaARN=rotation.function_arn)
    assert "AWSCURRENT" not in rotation.stages()[token]
    rotation.wait_until_current(token)


def test_second_rotation_keeps_function_and_rules_and_drops_the_oldest_version(rotation: Rotation) -> None:
    rules = {"ScheduleExpression": "rate(30 days)", "Duration": "2h"}
    first = rotation.rotate(RotationLambdaARN=rotation.function_arn, RotationRules=rules)
    rotation.wait_until_current(first)
    second = rotation.rotate()
    rotation.wait_until_current(second)
    assert rotation.stages() == {second: ["AWSCURRENT", "AWSPENDING"], first: ["AWSPREVIOUS"]}
    described = rotation.describe()
    assert described["RotationLambdaARN"] == rotation.function_arn
    assert described["RotationRules"] == rules
    with pytest.raises(rotation.secrets.exceptions.ResourceNotFoundException):
        rotation.value(VersionId=rotation.first)


def test_version_with_a_label_of_its_own_outlives_two_rotations(rotation: Rotation) -> None:
    rotation.secrets.update_secret_version_stage(
        SecretId=rotation.name, VersionStage="BOOTSTRAP", MoveToVersionId=rotation.first
    )
    for _ in range(2):
        rotation.wait_until_current(rotation.rotate(RotationLambdaARN=rotation.function_arn))
    assert rotation.stages()[rotation.first] == ["BOOTSTRAP"]
    assert rotation.value(VersionId=rotation.first) == "first"


@pytest.mark.parametrize("step", ["createSecret", "finishSecret"])
def test_failed_step_is_repeated_from_the_start_with_the_same_token(rotation: Rotation, step: str) -> None:
    rotation.fail(step)
    token = rotation.rotate(RotationLambdaARN=rotation.function_arn)
    rotation.wait(lambda: step in [event["Step"] for event in rotation.events()])
    rotation.fail()
    rotation.wait_until_current(token)
    events = rotation.events()
    assert {event["ClientRequestToken"] for event in events} == {token}
    steps = [event["Step"] for event in events]
    assert steps[steps.index(step) + 1] == "createSecret"
    assert steps[-1] == "finishSecret"


def test_rotation_that_is_given_up_leaves_awspending_and_is_taken_up_again(
    rotation: Rotation,
) -> None:
    rotation.fail("setSecret")
    token = rotation.rotate(RotationLambdaARN=rotation.function_arn)
    rotation.wait(lambda: [event["Step"] for event in rotation.events()].count("setSecret") == 3)
    assert rotation.stages() == {rotation.first: ["AWSCURRENT"], token: ["AWSPENDING"]}
    assert rotation.value() == "first"

    rotation.fail()
    with pytest.raises(rotation.secrets.exceptions.InvalidRequestException, match="will be reattempted"):
        rotation.rotate()
    rotation.wait_until_current(token)


def test_a_request_while_attempts_are_left_gives_all_of_them_once_more(rotation: Rotation) -> None:
    rotation.fail("createSecret")
    rotation.rotate(RotationLambdaARN=rotation.function_arn)
    rotation.wait(lambda: len(rotation.events()) == 2)
    with pytest.raises(rotation.secrets.exceptions.InvalidRequestException, match="will be reattempted"):
        rotation.rotate()
    rotation.wait(lambda: len(rotation.events()) >= 4)


def test_same_token_again_takes_the_rotation_up_again(rotation: Rotation) -> None:
    rotation.fail("createSecret")
    token = str(uuid.uuid4())
    assert rotation.rotate(RotationLambdaARN=rotation.function_arn, ClientRequestToken=token) == token
    rotation.wait(lambda: len(rotation.events()) == 1)
    rotation.fail()
    assert rotation.rotate(ClientRequestToken=token) == token
    rotation.wait_until_current(token)


def test_without_immediate_rotation_only_the_rules_are_changed(rotation: Rotation) -> None:
    rotation.rotate(
        RotationLambdaARN=rotation.function_arn,
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
    )
    assert rotation.stages() == {rotation.first: ["AWSCURRENT"]}
    assert rotation.describe()["RotationEnabled"] is True
    assert rotation.events() == []


def test_cancelled_rotation_is_not_repeated(rotation: Rotation) -> None:
    rotation.fail("createSecret")
    token = rotation.rotate(RotationLambdaARN=rotation.function_arn)
    rotation.wait(lambda: len(rotation.events()) == 1)
    rotation.secrets.cancel_rotate_secret(SecretId=rotation.name)
    time.sleep(1.5)  # the first repetition would come after one second
    assert len(rotation.events()) == 1
    assert rotation.describe()["RotationEnabled"] is False
    assert rotation.stages()[token] == ["AWSPENDING"]


def test_function_that_does_not_admit_secrets_manager_is_refused(unpermitted: Rotation) -> None:
    with pytest.raises(unpermitted.secrets.exceptions.ClientError, match=r"AccessDeniedException.*principal"):
        unpermitted.rotate(RotationLambdaARN=unpermitted.function_arn)
    assert unpermitted.stages() == {unpermitted.first: ["AWSCURRENT"]}


def test_missing_function_and_impossible_rules_are_refused(rotation: Rotation) -> None:
    exceptions = rotation.secrets.exceptions
    with pytest.raises(exceptions.ResourceNotFoundException):
        rotation.rotate(RotationLambdaARN=f"{rotation.function_arn}-none")
    with pytest.raises(exceptions.InvalidParameterException):
        rotation.rotate(RotationLambdaARN=rotation.function_arn, RotationRules={"AutomaticallyAfterDays": 1001})
    with pytest.raises(exceptions.InvalidRequestException, match="No Lambda rotation function"):
        rotation.rotate()
    with pytest.raises(exceptions.InvalidRequestException):
        rotation.secrets.cancel_rotate_secret(SecretId=rotation.name)
    assert rotation.events() == []


@pytest.mark.parametrize("immediately", [True, False])
def test_secret_managed_by_rds_rotates_without_a_function_and_keeps_its_value(
    client: Client, name: str, immediately: bool
) -> None:
    secrets = client("secretsmanager")
    cluster = client("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="steward",
        ManageMasterUserPassword=True,
    )["DBCluster"]
    arn = cluster["MasterUserSecret"]["SecretArn"]
    value = secrets.get_secret_value(SecretId=arn)["SecretString"]

    secrets.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=immediately)
    described = secrets.describe_secret(SecretId=arn)
    assert described["RotationEnabled"] is True
    assert described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    assert "RotationLambdaARN" not in described
    assert list(described["VersionIdsToStages"].values()) == [["AWSCURRENT"]]
    assert secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"] == value
    secrets.cancel_rotate_secret(SecretId=arn)
    assert secrets.describe_secret(SecretId=arn)["RotationEnabled"] is False
