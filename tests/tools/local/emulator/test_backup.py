"""What AWS Backup is asked by the provider and moto does not answer."""

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client

SELECTION = {"SelectionName": "all", "IamRoleArn": "arn:aws:iam::111111111111:role/backup", "Resources": ["arn:a"]}


def plan(name: str, days: int = 7) -> dict[str, object]:
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault", "Lifecycle": {"DeleteAfterDays": days}}
    return {"BackupPlanName": name, "Rules": [rule]}


def test_a_selection_is_kept_until_it_is_deleted(client: Client, name: str) -> None:
    backup = client("backup")
    id_ = backup.create_backup_plan(BackupPlan=plan(name))["BackupPlanId"]
    made = backup.create_backup_selection(BackupPlanId=id_, BackupSelection=SELECTION)["SelectionId"]

    assert backup.get_backup_selection(BackupPlanId=id_, SelectionId=made)["BackupSelection"] == SELECTION

    backup.delete_backup_selection(BackupPlanId=id_, SelectionId=made)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.get_backup_selection(BackupPlanId=id_, SelectionId=made)


def test_a_selection_needs_a_plan(client: Client) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("backup").create_backup_selection(BackupPlanId="none", BackupSelection=SELECTION)


def test_a_changed_plan_has_another_version(client: Client, name: str) -> None:
    backup = client("backup")
    first = backup.create_backup_plan(BackupPlan=plan(name))
    second = backup.update_backup_plan(BackupPlanId=first["BackupPlanId"], BackupPlan=plan(name, 35))

    assert second["VersionId"] != first["VersionId"]
    found = backup.get_backup_plan(BackupPlanId=first["BackupPlanId"])["BackupPlan"]["Rules"][0]
    assert found["Lifecycle"]["DeleteAfterDays"] == 35


def test_services_are_opted_in_one_by_one(client: Client) -> None:
    backup = client("backup")
    assert not backup.describe_region_settings()["ResourceTypeOptInPreference"].get("Aurora")

    backup.update_region_settings(ResourceTypeOptInPreference={"Aurora": True})

    found = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    assert (found["Aurora"], found["EFS"]) == (True, True)


@pytest.mark.parametrize("ending", ["/", ""])
def test_tags_are_found_by_a_path_with_and_without_a_slash_at_its_end(client: Client, name: str, ending: str) -> None:
    backup = client("backup")
    arn = backup.create_backup_vault(BackupVaultName=name, BackupVaultTags={"Name": name})["BackupVaultArn"]

    def end(request: AWSRequest, **_: object) -> None:
        request.url = request.url.rstrip("/") + ending

    backup.meta.events.register("request-created.backup.ListTags", end)
    try:
        assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Name": name}
    finally:
        backup.meta.events.unregister("request-created.backup.ListTags", end)
