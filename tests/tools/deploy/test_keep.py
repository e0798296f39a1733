"""Which keys a teardown keeps, and what the next deployment imports again; all tools played."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_tools import Tools

from tests.tools.deploy.kept_parts import (
    CONFIRMED,
    DEPLOY,
    NAME,
    PROVIDERS,
    REGION,
    aws,
    imported,
    in_state,
    key_rows,
    make_key,
    name_in_json,
    released,
)
from tools.deploy import keep, leftovers
from tools.deploy.__main__ import main

# -- destroy


@pytest.mark.parametrize(
    ("type_", "kept", "gone"),
    [
        ("aws_rds_cluster", {"skip_final_snapshot": False}, {}),
        ("aws_rds_cluster", {"skip_final_snapshot": True, "delete_automated_backups": False}, {}),
        ("aws_rds_cluster", {}, {"skip_final_snapshot": True, "delete_automated_backups": True}),
        ("aws_elasticache_replication_group", {"final_snapshot_identifier": "a"}, {"final_snapshot_identifier": None}),
        ("aws_secretsmanager_secret", {"recovery_window_in_days": 7}, {"recovery_window_in_days": 0}),
        ("aws_secretsmanager_secret", {"recovery_window_in_days": None}, {"recovery_window_in_days": 0}),
    ],
)
def test_the_key_of_what_outlives_its_destruction_is_kept(
    tools: Tools, type_: str, kept: dict[str, Any], gone: dict[str, Any]
) -> None:
    one, other = make_key("data"), make_key("logs")
    in_state(tools, "network", *key_rows("data", one), *key_rows("logs", other))
    in_state(tools, "data", (type_, "kept", {"kms_key_id": one, **kept}), ("aws_sqs_queue", "q", {"kms_key_id": other}))

    assert main(["destroy", *CONFIRMED]) == 0
    assert released(tools) == ["aws_kms_alias.data", "aws_kms_key.data"]

    if gone:
        tools.calls.clear()
        in_state(tools, "data", (type_, "gone", {"kms_key_id": one, **gone}))
        assert main(["destroy", *CONFIRMED]) == 0
        assert released(tools) == []


def test_a_vault_that_is_not_emptied_is_kept_with_its_key_and_that_of_the_database(tools: Tools) -> None:
    data, vault = make_key("data"), make_key("backup")
    gone = {"skip_final_snapshot": True, "delete_automated_backups": True}
    in_state(tools, "network", *key_rows("data", data))
    in_state(
        tools,
        "data",
        *key_rows("backup", vault),
        ("aws_rds_cluster", "db", {"kms_key_id": data, **gone}),
        ("aws_backup_vault", "vault", {"name": "iot-backup-dev", "kms_key_arn": vault, "force_destroy": False}),
        ("aws_backup_vault_lock_configuration", "lock", {"backup_vault_name": "iot-backup-dev"}),
        ("aws_backup_plan", "plan", {}),
    )

    assert main(["destroy", *CONFIRMED]) == 0

    assert released(tools) == [
        "aws_backup_vault.vault", "aws_backup_vault_lock_configuration.lock", "aws_kms_alias.backup",
        "aws_kms_alias.data", "aws_kms_key.backup", "aws_kms_key.data",
    ]  # fmt: skip


def test_what_was_left_before_keeps_its_key_although_no_state_knows_it(tools: Tools) -> None:
    """A snapshot made by hand, or a destruction that was killed when the database was gone and its key was not."""
    key, other = make_key("data"), make_key("logs")
    aws("rds").create_db_cluster(
        DBClusterIdentifier="a", Engine="aurora-postgresql", MasterUsername="owner", MasterUserPassword="only-for-this",
        StorageEncrypted=True, KmsKeyId=key,
    )  # fmt: skip
    aws("rds").delete_db_cluster(DBClusterIdentifier="a", FinalDBSnapshotIdentifier="last")
    in_state(tools, "network", *key_rows("data", key), *key_rows("logs", other))

    assert main(["destroy", *CONFIRMED]) == 0

    assert released(tools) == ["aws_kms_alias.data", "aws_kms_key.data"]


def test_an_aws_that_does_not_say_what_needs_a_key_stops_a_destruction(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from botocore.exceptions import EndpointConnectionError

    def refuse(*_: object, **__: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://rds")

    in_state(tools, "network", *key_rows("data", make_key("data")))
    monkeypatch.setattr(leftovers, "find", refuse)

    assert main(["destroy", *CONFIRMED]) == 1

    assert tools.changes() == []
    assert "nothing was destroyed, for it is not known which keys are still needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("type_", "deployed", "wanted", "argument"),
    [
        ("aws_rds_cluster", {"skip_final_snapshot": True}, {"skip_final_snapshot": False}, "skip_final_snapshot"),
        # What an import writes.
        (
            "aws_rds_cluster",
            {"skip_final_snapshot": False, "delete_automated_backups": True},
            {"skip_final_snapshot": False, "delete_automated_backups": False},
            "delete_automated_backups",
        ),
        (
            "aws_elasticache_replication_group",
            {"final_snapshot_identifier": None},
            {"final_snapshot_identifier": "last"},
            "final_snapshot_identifier",
        ),
        (
            "aws_secretsmanager_secret",
            {"recovery_window_in_days": None},
            {"recovery_window_in_days": 30},
            "recovery_window_in_days",
        ),
    ],
)
def test_data_that_the_settings_keep_and_terraform_would_not_stops_a_destruction(
    tools: Tools, type_: str, deployed: dict[str, Any], wanted: dict[str, Any], argument: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    in_state(tools, "data", (type_, "kept", deployed))
    tools.edit("data", resource={type_: {"kept": wanted}})

    assert main(["destroy", *CONFIRMED]) == 1

    assert tools.changes() == []
    said = capsys.readouterr().err
    assert f"{NAME}-data: {type_}.kept: {argument} = " in said
    assert f"first run: make unprotect ENV={NAME} CONFIRM={NAME}" in said

    # AND what is deployed as the settings have it, or keeps more, is destroyed
    in_state(tools, "data", (type_, "kept", wanted))
    assert main(["destroy", *CONFIRMED]) == 0
    tools.edit("data", resource={type_: {"kept": deployed}})
    assert main(["destroy", *CONFIRMED]) == 0


@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_a_final_snapshot_whose_name_is_taken_gets_another(tools: Tools, earlier: int) -> None:
    """By an earlier life of the same stack: an interrupted destruction, and then a deployment."""
    rds = aws("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="a", Engine="aurora-postgresql", MasterUsername="owner", MasterUserPassword="only-for-this"
    )
    for name in ("last", "last-2")[:earlier]:
        rds.create_db_cluster_snapshot(DBClusterIdentifier="a", DBClusterSnapshotIdentifier=name)
    arn = rds.describe_db_clusters()["DBClusters"][0]["DBClusterArn"]
    in_state(tools, "data", ("aws_rds_cluster", "a", {"arn": arn, "final_snapshot_identifier": "last"}))
    state = tools.s3.get_object(Bucket=tools.stack("data").backend["bucket"], Key=tools.stack("data").backend["key"])[
        "Body"
    ].read()
    pushed: list[dict[str, Any]] = []
    file = tools.stack("data").folder / "renamed.state.json"
    tools.on("state", "pull", stdout=state.decode())
    tools.on("state", "push", then=lambda: pushed.append(json.loads(file.read_text())))

    assert main(["destroy", *CONFIRMED]) == 0

    names = [one["resources"][0]["instances"][0]["attributes"]["final_snapshot_identifier"] for one in pushed]
    assert names == [[], ["last-2"], ["last-3"]][earlier]
    assert [one["serial"] for one in pushed] == [2] * len(pushed)
    assert not file.exists()


def test_a_key_under_which_something_of_others_stands_is_kept(tools: Tools) -> None:
    """A secret that somebody has made under the environment's key, and not the environment's own."""
    key = make_key("secrets")
    own = aws("secretsmanager").create_secret(Name="own", SecretString="{}", KmsKeyId=key)["ARN"]
    in_state(tools, "network", *key_rows("secrets", key))
    in_state(
        tools, "data", ("aws_secretsmanager_secret", "s", {"arn": own, "kms_key_id": key, "recovery_window_in_days": 0})
    )
    assert main(["destroy", *CONFIRMED]) == 0
    assert released(tools) == []

    tools.calls.clear()
    aws("secretsmanager").create_secret(Name="other", SecretString="{}", KmsKeyId="alias/iot-secrets-dev")
    assert main(["destroy", *CONFIRMED]) == 0
    assert released(tools) == ["aws_kms_alias.secrets", "aws_kms_key.secrets"]


def test_a_vault_that_a_killed_destruction_has_released_keeps_the_key_of_the_database(tools: Tools) -> None:
    """It is in no state any more, and what is in it is encrypted under the database's key."""
    data = make_key("data")
    gone = {"kms_key_id": data, "skip_final_snapshot": True, "delete_automated_backups": True}
    in_state(tools, "network", *key_rows("data", data))
    in_state(tools, "data", ("aws_rds_cluster", "db", gone))
    tools.edit("data", provider=PROVIDERS, resource={"aws_backup_vault": {"v": {"name": "iot-backup-dev"}}})
    assert main(["destroy", *CONFIRMED]) == 0
    assert released(tools) == []

    tools.calls.clear()
    aws("backup").create_backup_vault(BackupVaultName="iot-backup-dev", BackupVaultTags={"Environment": NAME})
    assert main(["destroy", *CONFIRMED]) == 0
    assert released(tools) == ["aws_kms_alias.data", "aws_kms_key.data"]


def test_a_kept_key_that_is_pending_deletion_is_named_with_the_way_back(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    key = make_key("data")
    name_in_json(tools, "network", "data")
    aws("kms").schedule_key_deletion(KeyId=key.rpartition("/")[2], PendingWindowInDays=7)

    assert main(["destroy", *CONFIRMED]) == 0

    said = capsys.readouterr().out
    assert "alias/iot-data-dev is pending deletion, and what it encrypts is lost with it; to keep it: aws " in said
    assert f"--region {REGION} kms cancel-key-deletion --key-id {key}" in said


def test_import_blocks_that_a_killed_deployment_left_do_not_reach_a_destruction(tools: Tools) -> None:
    (tools.stack("data").folder / keep.BLOCKS).write_text("{}")
    tools.on("destroy", then=lambda: pytest.fail("still there") if imports_left(tools) else None)

    assert main(["destroy", *CONFIRMED]) == 0


def imports_left(tools: Tools) -> bool:
    return (tools.stack("data").folder / keep.BLOCKS).exists()


# -- the next deployment


def test_a_deployment_imports_a_kept_key_with_its_alias(tools: Tools) -> None:
    key = make_key("data")
    name_in_json(tools, "network", "data", "logs")

    found = imported(tools, "network", *DEPLOY)

    assert found == {"aws_kms_alias.data": "alias/iot-data-dev", "aws_kms_key.data": key.rpartition("/")[2]}


def test_what_is_in_a_state_is_not_imported(tools: Tools) -> None:
    name_in_json(tools, "network", "data")
    in_state(tools, "network", *key_rows("data", make_key("data")))
    secret = {"database": {"name": "iot/dev/database"}}
    tools.edit("data", provider=PROVIDERS, resource={"aws_secretsmanager_secret": secret})
    tags = [{"Key": "Environment", "Value": NAME}]
    arn = aws("secretsmanager").create_secret(Name="iot/dev/database", SecretString="{}", Tags=tags)["ARN"]
    in_state(tools, "data", ("aws_secretsmanager_secret", "database", {"arn": arn}))

    assert imported(tools, "network", *DEPLOY) == {}
    assert imported(tools, "data", *DEPLOY) == {}


@pytest.mark.parametrize("recovered", [False, True])
def test_a_key_whose_deletion_somebody_has_scheduled_is_brought_back(tools: Tools, recovered: bool) -> None:
    """While the environment stands. Terraform takes it for gone, and would make another for the same alias.

    `make recover` takes it out of the state, as everything that Terraform finds to be gone, and leaves the alias.
    """
    key = make_key("data")
    rows = key_rows("data", key)
    name_in_json(tools, "network", "data")
    in_state(tools, "network", *(rows[1:] if recovered else rows))
    aws("kms").schedule_key_deletion(KeyId=key.rpartition("/")[2], PendingWindowInDays=7)

    found = imported(tools, "network", *DEPLOY)

    assert found == ({"aws_kms_key.data": key.rpartition("/")[2]} if recovered else {})
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_the_key_of_another_environment_is_left_alone(tools: Tools) -> None:
    make_key("data", environment="iot-prod")
    name_in_json(tools, "network", "data")

    assert imported(tools, "network", *DEPLOY) == {}


@pytest.mark.parametrize("call", [["deploy", "--env", NAME, "--approve"], ["forget", *CONFIRMED]])
def test_with_the_credentials_of_another_account_nothing_is_changed(
    tools: Tools, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Two accounts may have environments of one name; Terraform refuses by itself, and comes later."""
    key = make_key("data")
    if call[0] == "deploy":
        aws("kms").schedule_key_deletion(KeyId=key.rpartition("/")[2], PendingWindowInDays=7)
    before = aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    name_in_json(tools, "network", "data")
    tools.edit("network", provider={"aws": [{"region": REGION, "allowed_account_ids": ["999999999999"]}]})

    assert main(call) == 1

    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == before
    assert tools.changes() == []
    assert "the credentials are of another account than 999999999999" in capsys.readouterr().err


def test_the_key_of_another_environment_is_not_forgotten(tools: Tools) -> None:
    key = make_key("data", environment="iot-prod")
    name_in_json(tools, "network", "data")

    assert main(["forget", *CONFIRMED]) == 0
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_key_is_looked_for_in_the_region_of_its_provider(tools: Tools) -> None:
    key = make_key("data", region="eu-west-1")
    make_key("data")
    name_in_json(tools, "network", "data", provider="aws.copies")

    assert imported(tools, "network", *DEPLOY)["aws_kms_key.data"] == key.rpartition("/")[2]


def test_the_deletion_of_a_key_is_cancelled_by_a_deployment_alone(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    key = make_key("data").rpartition("/")[2]
    aws("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    name_in_json(tools, "network", "data")

    assert imported(tools, "network", "diff", "--env", NAME) == {}
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "a deployment brings it back" in capsys.readouterr().out

    assert imported(tools, "network", *DEPLOY)["aws_kms_key.data"] == key
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_secret_that_is_pending_deletion_is_restored(tools: Tools) -> None:
    tags = [{"Key": "Environment", "Value": NAME}]
    arn = aws("secretsmanager").create_secret(Name="iot/dev/database", SecretString="{}", Tags=tags)["ARN"]
    aws("secretsmanager").delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    secret = {"database": {"name": "iot/dev/database"}}
    tools.edit("data", provider=PROVIDERS, resource={"aws_secretsmanager_secret": secret})

    assert imported(tools, "data", *DEPLOY) == {"aws_secretsmanager_secret.database": arn}
    assert "DeletedDate" not in aws("secretsmanager").describe_secret(SecretId=arn)


@pytest.mark.parametrize("deleted", [True, False])
def test_a_rotation_that_was_in_progress_does_not_stop_the_first_one(tools: Tools, deleted: bool) -> None:
    """Neither after a deployment that was killed when it had just restored the secret."""
    secrets, tags = aws("secretsmanager"), [{"Key": "Environment", "Value": NAME}]
    arn = secrets.create_secret(Name="iot/dev/database", SecretString="{}", Tags=tags)["ARN"]
    secrets.put_secret_value(SecretId=arn, SecretString="{}", VersionStages=["AWSPENDING"])
    if deleted:
        secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=30)
    named = {"database": {"name": "iot/dev/database"}}
    tools.edit("data", provider=PROVIDERS, resource={"aws_secretsmanager_secret": named})

    assert imported(tools, "data", *DEPLOY) == {"aws_secretsmanager_secret.database": arn}
    stages = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"].values()
    assert not [labels for labels in stages if "AWSPENDING" in labels]
    assert [labels for labels in stages if "AWSCURRENT" in labels]


def test_saved_plans_made_before_something_came_back_are_not_applied(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    aws("kms").schedule_key_deletion(KeyId=make_key("data").rpartition("/")[2], PendingWindowInDays=7)
    name_in_json(tools, "network", "data")

    assert main(["apply", "--env", NAME]) == 1

    assert tools.changes() == []
    assert (
        f"alias/iot-data-dev was restored from what destroy had kept; plan again: make plan ENV={NAME}"
        in capsys.readouterr().err
    )


def test_a_vault_is_imported_with_its_lock(tools: Tools) -> None:
    backup = aws("backup")
    backup.create_backup_vault(BackupVaultName="iot-backup-dev", BackupVaultTags={"Environment": NAME})
    backup.put_backup_vault_lock_configuration(BackupVaultName="iot-backup-dev", MinRetentionDays=1)
    vault, lock = "aws_backup_vault", "aws_backup_vault_lock_configuration"
    made = {vault: {"v": {"name": "iot-backup-dev"}}, lock: {"l": {"backup_vault_name": f"${{{vault}.v.name}}"}}}
    tools.edit("data", provider=PROVIDERS, resource=made)

    assert imported(tools, "data", *DEPLOY) == {f"{vault}.v": "iot-backup-dev", f"{lock}.l": "iot-backup-dev"}
