"""Keys, log groups, the flow log, and the policies they carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthesized import Synthesized, synthesize_module

from modules.account import ApiGatewayAccountRole
from modules.common.encryption import EncryptionKey
from modules.common.keys import EnvironmentKeys
from modules.common.policies import Account, deny_without_tls, document, key_policy, service_trust, statement
from modules.network import VpcFlowLog
from settings.encryption import EncryptionSettings
from settings.naming import Naming

ACCOUNT = Account("111111111111", "ca-central-1")
ROOT = {"AWS": "arn:aws:iam::111111111111:root"}


def statements(policy: str) -> dict[str, Any]:
    """The statements of a document by their Sid."""
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}


def test_a_key_rotates_can_be_restored_and_has_a_name() -> None:
    stack = synthesize_module(
        lambda scope: EncryptionKey(
            scope,
            "key",
            settings=EncryptionSettings(rotation_period_days=180, deletion_window_days=30),
            account=ACCOUNT,
            alias="iot-data-dev",
            description="Data of iot-dev",
            via_services=["rds"],
        )
    )

    key = stack.one("aws_kms_key")
    assert key["enable_key_rotation"] is True
    assert key["rotation_period_in_days"] == 180
    assert key["deletion_window_in_days"] == 30
    assert key["policy"] == key_policy(ACCOUNT, via_services=["rds"])
    alias = stack.one("aws_kms_alias", name="alias/iot-data-dev")
    assert alias["target_key_id"] == f"${{{stack.address('aws_kms_key')}.key_id}}"


def keys(*, protected: bool = True) -> Synthesized:
    return synthesize_module(
        lambda scope: EnvironmentKeys(
            scope,
            "keys",
            settings=EncryptionSettings(rotation_period_days=365, deletion_window_days=30),
            protected=protected,
            alarm_publishers=["cloudwatch", "budgets"],
            names=Naming("iot", "dev"),
            account=ACCOUNT,
        )
    )


@pytest.mark.parametrize(
    ("content", "services"),
    [
        ("Database, cache and files", ["elasticache", "elasticfilesystem", "rds", "secretsmanager"]),
        ("Secrets", ["secretsmanager"]),
        ("Alarms", ["sns"]),
    ],
)
def test_each_class_of_data_has_a_key_for_its_services_only(content: str, services: list[str]) -> None:
    use = statements(keys().one("aws_kms_key", description=f"{content} of iot-dev")["policy"])["UseThroughServices"]

    assert use["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "111111111111",
        "kms:ViaService": [f"{service}.ca-central-1.amazonaws.com" for service in services],
    }


def test_what_publishes_alarms_uses_their_key_for_this_account_only() -> None:
    policy = statements(keys().one("aws_kms_key", description="Alarms of iot-dev")["policy"])

    for service in ("cloudwatch", "budgets"):
        use = policy[f"UseBy{service.title()}"]
        assert use["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(use["Action"])
        assert use["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


@pytest.mark.parametrize("protected", [True, False])
def test_a_protected_environment_keeps_the_keys_that_its_snapshots_need(protected: bool) -> None:
    kept = {key["description"] for key in keys(protected=protected).all("aws_kms_key") if "lifecycle" in key}

    assert kept == ({"Database, cache and files of iot-dev", "Secrets of iot-dev"} if protected else set())


@pytest.mark.parametrize("via", [[], ["s3"], ["rds", "secretsmanager"]])
@pytest.mark.parametrize("principals", [[], ["logs"], ["logs", "cloudwatch"]])
def test_no_key_policy_allows_all_actions(via: list[str], principals: list[str]) -> None:
    for found in statements(key_policy(ACCOUNT, via_services=via, service_principals=principals)).values():
        assert not {"*", "kms:*"} & set(found["Action"])
        assert found["Principal"] != "*"


def test_identities_administer_a_key_but_cannot_use_it_by_hand() -> None:
    policy = statements(key_policy(ACCOUNT, via_services=["rds", "secretsmanager"]))

    # GIVEN the only statement without a condition
    assert [sid for sid, found in policy.items() if "Condition" not in found] == ["AdministrationByIam"]
    administration = policy["AdministrationByIam"]
    # THEN it holds no action that reads or makes data, nor a grant that would allow it
    used = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt", "kms:CreateGrant", "kms:Sign")
    assert not [action for action in administration["Action"] if action.startswith(used)]
    # and the policy can be mended, for else the key would be lost
    assert "kms:PutKeyPolicy" in administration["Action"]
    assert administration["Principal"] == ROOT


def test_a_key_is_used_through_its_services_by_callers_of_the_account() -> None:
    policy = statements(key_policy(ACCOUNT, via_services=["rds", "secretsmanager"]))

    through = {
        "kms:CallerAccount": "111111111111",
        "kms:ViaService": ["rds.ca-central-1.amazonaws.com", "secretsmanager.ca-central-1.amazonaws.com"],
    }
    assert policy["UseThroughServices"]["Condition"] == {"StringEquals": through}
    grants = policy["GrantsForServices"]
    assert grants["Action"] == ["kms:CreateGrant"]
    assert grants["Condition"] == {"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_a_key_without_services_lets_no_identity_use_it() -> None:
    assert list(statements(key_policy(ACCOUNT, via_services=[], service_principals=["logs"]))) == [
        "AdministrationByIam",
        "UseByLogs",
    ]


def test_logs_use_a_key_for_log_groups_of_the_account_only() -> None:
    by_logs = statements(key_policy(ACCOUNT, via_services=[], service_principals=["logs"]))["UseByLogs"]

    assert by_logs["Principal"] == {"Service": "logs.ca-central-1.amazonaws.com"}
    assert by_logs["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:ca-central-1:111111111111:log-group:*"}
    }


def test_other_services_use_a_key_for_the_account_only() -> None:
    policy = statements(key_policy(ACCOUNT, via_services=[], service_principals=["cloudwatch"]))

    assert policy["UseByCloudwatch"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert policy["UseByCloudwatch"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


def test_a_role_trusts_a_service_for_the_account_only() -> None:
    (trust,) = json.loads(service_trust("lambda.amazonaws.com", ACCOUNT))["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}

    (trust,) = json.loads(service_trust("lambda.amazonaws.com", ACCOUNT, source_arns=["arn:x"]))["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111111111111"}
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": ["arn:x"]}


def test_a_bucket_denies_every_request_without_tls() -> None:
    assert deny_without_tls("arn:aws:s3:::b") == {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_an_identity_policy_names_no_principal() -> None:
    assert json.loads(document(statement("Read", actions=["s3:GetObject"], resources=["arn:x"]))) == {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:x"]}],
    }


@pytest.fixture(scope="module")
def flow_log() -> Synthesized:
    """The flow log of a VPC."""
    return synthesize_module(
        lambda scope: VpcFlowLog(
            scope,
            "flow-log",
            vpc_id="vpc-1",
            traffic="ALL",
            retention_days=365,
            key_arn="arn:key",
            names=Naming("iot", "dev"),
            account=ACCOUNT,
        )
    )


def test_the_flow_log_records_the_vpc_every_minute(flow_log: Synthesized) -> None:
    found = flow_log.one("aws_flow_log", vpc_id="vpc-1")

    assert found["traffic_type"] == "ALL"
    assert found["max_aggregation_interval"] == 60
    assert found["log_destination_type"] == "cloud-watch-logs"
    assert found["log_destination"] == f"${{{flow_log.address('aws_cloudwatch_log_group')}.arn}}"
    assert found["iam_role_arn"] == f"${{{flow_log.address('aws_iam_role')}.arn}}"
    # and does not start before it may write
    assert found["depends_on"] == [flow_log.address("aws_iam_role_policy")]


def test_the_log_group_is_kept_and_encrypted(flow_log: Synthesized) -> None:
    group = flow_log.one("aws_cloudwatch_log_group", name="/iot/dev/vpc-flow")

    assert group["retention_in_days"] == 365
    assert group["kms_key_id"] == "arn:key"


def test_the_flow_logs_role_serves_flow_logs_of_the_account_and_writes_its_group_only(flow_log: Synthesized) -> None:
    (trust,) = json.loads(flow_log.one("aws_iam_role")["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111111111111"}
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": ["arn:aws:ec2:ca-central-1:111111111111:vpc-flow-log/*"]}

    (write,) = json.loads(flow_log.one("aws_iam_role_policy")["policy"])["Statement"]
    assert write["Resource"] == [f"${{{flow_log.address('aws_cloudwatch_log_group')}.arn}}:*"]
    assert write["Action"] == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]


def test_api_gateways_role_of_the_account_is_never_destroyed() -> None:
    stack = synthesize_module(
        lambda scope: ApiGatewayAccountRole(scope, "role", names=Naming("iot", "dev"), account=ACCOUNT)
    )

    assert stack.one("aws_api_gateway_account")["lifecycle"] == {"prevent_destroy": True}
    role = stack.one("aws_iam_role", name="iot-api-gateway-logs-dev")
    assert role["lifecycle"] == {"prevent_destroy": True}
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    # AWS shows no trust of API Gateway with a condition: with one, the first bootstrap could be refused.
    assert "Condition" not in trust
    account = stack.one("aws_api_gateway_account")
    assert account["cloudwatch_role_arn"] == f"${{{stack.address('aws_iam_role')}.arn}}"
    # API Gateway tries the role when it is set, so its permission must be there.
    assert account["depends_on"] == [stack.address("aws_iam_role_policy_attachment")]
