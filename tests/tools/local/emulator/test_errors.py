import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import Client


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("ec2", "create_coip_cidr", {"Cidr": "10.0.0.0/8", "CoipPoolId": "pool"}),
        ("efs", "describe_replication_configurations", {}),
        ("elasticache", "describe_serverless_caches", {}),
        ("kms", "describe_custom_key_stores", {}),
        ("route53", "list_cidr_blocks", {"CollectionId": "00000000-0000-0000-0000-000000000000"}),
    ],
    ids=["ec2 protocol", "rest-json", "query", "json", "rest-xml"],
)
def test_missing_operation_is_refused_by_name_in_the_services_protocol(
    client: Client, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    caller = client(service)
    name = caller.meta.method_to_api_mapping[operation]
    with pytest.raises(ClientError) as raised:
        getattr(caller, operation)(**arguments)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert raised.value.response["Error"]["Code"] == "NotImplemented"
    assert f"does not implement {service}:{name}" in raised.value.response["Error"]["Message"]


def test_fault_inside_the_emulator_names_its_cause_and_is_not_retried(client: Client) -> None:
    started = time.monotonic()
    with pytest.raises(ClientError) as raised:
        client("efs").describe_backup_policy(FileSystemId="fs-00000000")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert raised.value.response["Error"]["Code"] == "EmulatorFault"
    assert "efs:DescribeBackupPolicy: KeyError" in raised.value.response["Error"]["Message"]
    assert time.monotonic() - started < 2


def test_errors_of_moto_itself_pass_unchanged(client: Client) -> None:
    with pytest.raises(ClientError) as raised:
        client("kms").describe_key(KeyId="00000000-0000-0000-0000-000000000000")
    assert raised.value.response["Error"]["Code"] == "NotFoundException"
