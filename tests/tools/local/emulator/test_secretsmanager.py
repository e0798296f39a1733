"""Staging labels and values of versions, as on AWS."""

import uuid
from typing import Any

import pytest

from tests.tools.local.emulator.conftest import Client


class Secret:
    """A secret whose first version holds `first`."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client("secretsmanager")
        self.name = name
        self.first: str = self.client.create_secret(Name=name, SecretString="first")["VersionId"]

    def stages(self) -> dict[str, list[str]]:
        versions: dict[str, Any] = self.client.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return {version: sorted(stages) for version, stages in versions.items()}

    def value(self, **version: str) -> str:
        value: str = self.client.get_secret_value(SecretId=self.name, **version)["SecretString"]
        return value


@pytest.fixture
def secret(client: Client, name: str) -> Secret:
    return Secret(client, name)


def test_value_of_a_version_never_changes(secret: Secret) -> None:
    token = str(uuid.uuid4())

    def put(value: str) -> None:
        secret.client.put_secret_value(
            SecretId=secret.name, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )

    put("pending")
    put("pending")
    with pytest.raises(secret.client.exceptions.ResourceExistsException):
        put("other")
    assert secret.value(VersionStage="AWSPENDING") == "pending"
    secret.client.update_secret_version_stage(
        SecretId=secret.name,
        VersionStage="AWSCURRENT",
        MoveToVersionId=token,
        RemoveFromVersionId=secret.first,
    )
    put("pending")
    assert secret.stages()[token] == ["AWSCURRENT", "AWSPENDING"]


def test_label_moves_and_is_never_on_two_versions(secret: Secret) -> None:
    secrets = secret.client
    second = secrets.put_secret_value(SecretId=secret.name, SecretString="second", VersionStages=["A"])["VersionId"]

    def move(stage: str, **versions: str) -> None:
        secrets.update_secret_version_stage(SecretId=secret.name, VersionStage=stage, **versions)

    with pytest.raises(secrets.exceptions.InvalidParameterException, match="can't be empty"):
        move("A", MoveToVersionId=secret.first)
    with pytest.raises(secrets.exceptions.InvalidParameterException, match="not attached"):
        move("A", RemoveFromVersionId=secret.first)
    with pytest.raises(secrets.exceptions.InvalidParameterException, match="Not a valid version"):
        move("A", MoveToVersionId=str(uuid.uuid4()))
    with pytest.raises(secrets.exceptions.InvalidParameterException, match="can't be completely removed"):
        move("AWSCURRENT", RemoveFromVersionId=secret.first)

    move("AWSCURRENT", MoveToVersionId=second, RemoveFromVersionId=secret.first)
    assert secret.stages() == {second: ["A", "AWSCURRENT"], secret.first: ["AWSPREVIOUS"]}
    assert secret.value() == "second"
    move("AWSCURRENT", MoveToVersionId=secret.first, RemoveFromVersionId=second)
    assert secret.stages() == {second: ["A", "AWSPREVIOUS"], secret.first: ["AWSCURRENT"]}
    move("A", MoveToVersionId=secret.first, RemoveFromVersionId=second)
    move("AWSPREVIOUS", RemoveFromVersionId=second)
    assert secret.stages() == {secret.first: ["A", "AWSCURRENT"]}


def test_new_current_value_leaves_other_labels_where_they_are(secret: Secret) -> None:
    secret.client.update_secret_version_stage(SecretId=secret.name, VersionStage="MINE", MoveToVersionId=secret.first)
    second = secret.client.put_secret_value(SecretId=secret.name, SecretString="second")["VersionId"]
    assert secret.stages() == {second: ["AWSCURRENT"], secret.first: ["AWSPREVIOUS", "MINE"]}
    third = secret.client.put_secret_value(SecretId=secret.name, SecretString="third")["VersionId"]
    assert secret.stages() == {
        third: ["AWSCURRENT"],
        second: ["AWSPREVIOUS"],
        secret.first: ["MINE"],
    }
