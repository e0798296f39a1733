import json

import pytest

from tests.tools.local.emulator.conftest import Client


@pytest.fixture
def file_system_id(client: Client, name: str) -> str:
    file_system_id: str = client("efs").create_file_system(CreationToken=name)["FileSystemId"]
    return file_system_id


def test_backup_policy_is_unset_then_on_then_off(client: Client, file_system_id: str) -> None:
    efs = client("efs")
    with pytest.raises(efs.exceptions.PolicyNotFound):
        efs.describe_backup_policy(FileSystemId=file_system_id)
    for status in ("ENABLED", "DISABLED", "ENABLED"):
        efs.put_backup_policy(FileSystemId=file_system_id, BackupPolicy={"Status": status})
        assert efs.describe_backup_policy(FileSystemId=file_system_id)["BackupPolicy"]["Status"] == status


def test_file_system_policy_can_be_deleted(client: Client, file_system_id: str) -> None:
    efs = client("efs")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    efs.put_file_system_policy(FileSystemId=file_system_id, Policy=policy)
    efs.delete_file_system_policy(FileSystemId=file_system_id)
    with pytest.raises(efs.exceptions.PolicyNotFound):
        efs.describe_file_system_policy(FileSystemId=file_system_id)


def test_missing_file_system_is_named(client: Client) -> None:
    efs = client("efs")
    with pytest.raises(efs.exceptions.FileSystemNotFound, match="fs-00000000"):
        efs.put_backup_policy(FileSystemId="fs-00000000", BackupPolicy={"Status": "ENABLED"})
