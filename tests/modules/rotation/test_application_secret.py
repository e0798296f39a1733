"""The secret's first version, who may read it, and what rotating it takes: the pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.database import Database
from modules.rotation import ApplicationSecret, RotationPath
from modules.rotation.access import rotation_policy
from modules.rotation.secret import connection_facts, master_reading_policy, reading_policy
from settings.naming import Naming
from settings.network import NetworkSettings
from settings.rotation import RotationSettings

ROOT = Path(__file__).parents[3]
ROLE = "arn:aws:iam::111111111111:role/{}"
SECRET = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:iot/dev/database-a1b2c3"
MASTER = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:rds!cluster-1-a1b2c3"


@dataclass(frozen=True)
class _Database:
    """What is read of a database."""

    writer_endpoint: str = "iot.cluster-1.ca-central-1.rds.amazonaws.com"
    port: int = 5432
    name: str = "telemetry"
    master_secret_arn: str = MASTER
    security_group_id: str = "sg-database"


DATABASE = cast(Database, _Database())


def settings(**values: Any) -> RotationSettings:
    return RotationSettings(**{"recovery_window_days": 7, **values})


def secret(*, protected: bool = False, **values: Any) -> Synthesized:
    return synthesize_module(
        lambda scope: ApplicationSecret(
            scope,
            "database",
            settings=settings(**values),
            protected=protected,
            names=Naming("iot", "dev", "pr-12"),
            database=DATABASE,
            key_arn="arn:key",
            reader_role_arns=[ROLE.format("rotation")],
        )
    )


def test_the_secret_is_encrypted_restorable_and_named_by_its_environment() -> None:
    made = secret().one("aws_secretsmanager_secret")

    assert made["name"] == "iot/dev-pr-12/database"
    assert (made["kms_key_id"], made["recovery_window_in_days"]) == ("arn:key", 7)
    assert "lifecycle" not in made
    assert secret(protected=True).one("aws_secretsmanager_secret")["lifecycle"] == {"prevent_destroy": True}


def test_the_rotation_is_no_argument_of_the_secret() -> None:
    assert not [key for key in secret().one("aws_secretsmanager_secret") if key.startswith("rotation")]


def test_terraform_never_overwrites_and_aws_never_deletes_the_bootstrap_version() -> None:
    version = secret().one("aws_secretsmanager_secret_version")

    assert version["lifecycle"] == {"ignore_changes": ["secret_string", "version_stages"]}
    assert version["version_stages"] == ["AWSCURRENT", "BOOTSTRAP"]


@pytest.mark.parametrize("strategy", ["alternating", "single"])
def test_the_function_can_begin_with_the_bootstrap_version(strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "rotation_lambda"))
    from rotation.secret import parse_secret

    # GIVEN the facts as they stand in the secret
    text = json.dumps(connection_facts(settings(strategy=strategy, role_name="app"), DATABASE))

    # WHEN the function's own reader parses them
    parsed = parse_secret(text, "AWSCURRENT")

    # THEN they are a first version: roles, master, and no password
    assert parsed.login is None
    assert parsed.master_arn == MASTER
    assert (parsed.host, parsed.port, parsed.dbname) == (DATABASE.writer_endpoint, 5432, "telemetry")
    if strategy == "single":
        assert (parsed.role, parsed.usernames, parsed.username) == (None, (), "app")
    else:
        assert (parsed.role, parsed.usernames) == ("app", ("application_blue", "application_green"))
    assert "password" not in text


def denied(principal: str, version: str | None, policy: str) -> bool:
    """Whether the resource policy denies GetSecretValue; an absent version matches StringNotEquals, as on AWS."""
    for statement in json.loads(policy)["Statement"]:
        condition = statement["Condition"]
        hits = principal not in condition["ArnNotEquals"]["aws:PrincipalArn"]
        if "StringNotEquals" in condition:
            hits = hits and version != condition["StringNotEquals"]["secretsmanager:VersionId"]
        assert statement["Effect"] == "Deny"
        assert statement["Action"] == ["secretsmanager:GetSecretValue"]
        if hits:
            return True
    return False


@pytest.mark.parametrize("deployers", [(), (ROLE.format("deploy"),)])
def test_nobody_but_readers_gets_a_password(deployers: tuple[str, ...]) -> None:
    policy = reading_policy(
        SECRET, readers=[ROLE.format("rotation")], deployers=deployers, bootstrap_version_id="bootstrap"
    )

    assert not denied(ROLE.format("rotation"), None, policy)
    for other in ("somebody", "deploy"):
        assert denied(ROLE.format(other), None, policy)
        assert denied(ROLE.format(other), "live", policy)
    # Terraform's refresh: exactly the bootstrap version, by its id.
    assert not denied(ROLE.format("deploy"), "bootstrap", policy)
    assert denied(ROLE.format("somebody"), "bootstrap", policy) is bool(deployers)


def test_consumers_and_break_glass_role_of_the_settings_are_readers() -> None:
    stack = secret(consumer_role_arns=(ROLE.format("reports"),), break_glass_role_arn=ROLE.format("emergency"))
    made = stack.one("aws_secretsmanager_secret_policy")

    for reader in ("rotation", "reports", "emergency"):
        assert not denied(ROLE.format(reader), None, made["policy"])
    assert made["block_public_policy"] is True
    bootstrap = stack.address("aws_secretsmanager_secret_version")
    assert not denied(ROLE.format("deploy"), f"${{{bootstrap}.version_id}}", made["policy"])


def test_the_function_writes_the_secret_and_only_reads_the_master() -> None:
    policy = rotation_policy(
        Account("111111111111", "ca-central-1"),
        function_arn="arn:function",
        secret_arn=SECRET,
        secret_key_arn="arn:secret-key",
        master_secret_arn=MASTER,
        data_key_arn="arn:data-key",
    )
    found = {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}

    on_master = [s for s in found.values() if MASTER in s["Resource"]]
    assert [s["Action"] for s in on_master] == [["secretsmanager:GetSecretValue"]]
    assert found["WriteSecret"]["Resource"] == [SECRET]
    assert found["WriteSecret"]["Condition"] == {
        "ArnEquals": {"secretsmanager:resource/AllowRotationLambdaArn": "arn:function"}
    }
    for sid, key, context in (
        ("UseKeyOfSecret", "arn:secret-key", SECRET),
        ("UseKeyOfMaster", "arn:data-key", MASTER),
    ):
        assert found[sid]["Resource"] == [key]
        assert found[sid]["Condition"] == {
            "StringEquals": {
                "kms:EncryptionContext:SecretARN": context,
                "kms:ViaService": "secretsmanager.ca-central-1.amazonaws.com",
            }
        }
    assert "kms:GenerateDataKey" not in found["UseKeyOfMaster"]["Action"]
    assert found["ReportAge"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "SecretRotation"}}
    assert [sid for sid, statement in found.items() if statement["Resource"] == ["*"]] == ["ReportAge"]


ALL_ENDPOINTS = ("secretsmanager", "monitoring")


@pytest.mark.parametrize(
    ("nat", "endpoints", "expected"),
    [
        ("single", (), {("out", "sg-database", 5432), ("out", "0.0.0.0/0", 443)}),
        ("none", ALL_ENDPOINTS, {("out", "sg-database", 5432), ("out", "sg-endpoints", 443)}),
        ("per_zone", ALL_ENDPOINTS, {("out", "sg-database", 5432), ("out", "sg-endpoints", 443)}),
        (
            "per_zone",
            ("secretsmanager",),
            {("out", "sg-database", 5432), ("out", "sg-endpoints", 443), ("out", "0.0.0.0/0", 443)},
        ),
    ],
)
def test_the_function_reaches_the_database_and_aws_and_nothing_else(
    nat: str, endpoints: tuple[str, ...], expected: set[tuple[str, str, int]]
) -> None:
    network = NetworkSettings.model_validate({"cidr": "10.0.0.0/16", "nat": nat, "interface_endpoints": endpoints})
    stack = synthesize_module(
        lambda scope: RotationPath(
            scope,
            "path",
            settings=network,
            function_group_id="sg-function",
            database=DATABASE,
            endpoint_group_id="sg-endpoints" if endpoints else None,
        )
    )

    egress, ingress = (stack.all(f"aws_vpc_security_group_{way}_rule") for way in ("egress", "ingress"))
    assert {
        ("out", rule.get("referenced_security_group_id") or rule["cidr_ipv4"], rule["to_port"]) for rule in egress
    } == expected
    # THEN each group that is reached admits the function, and only it
    assert {(rule["security_group_id"], rule["to_port"]) for rule in ingress} == {
        (target, port) for _, target, port in expected if target.startswith("sg-")
    }
    assert {rule["referenced_security_group_id"] for rule in ingress} == {"sg-function"}
    for rule in (*egress, *ingress):
        assert rule["description"]
        assert (rule["ip_protocol"], rule["from_port"]) == ("tcp", rule["to_port"])


def test_the_masters_secret_is_read_by_the_function_and_by_rds_alone() -> None:
    account = Account("111111111111", "ca-central-1")
    document = json.loads(
        master_reading_policy("arn:secret", readers=["arn:function", "arn:emergency"], account=account)
    )

    (denial,) = document["Statement"]
    assert (denial["Effect"], denial["Principal"], denial["Action"]) == ("Deny", "*", ["secretsmanager:GetSecretValue"])
    assert denial["Resource"] == ["arn:secret"]
    assert denial["Condition"] == {
        "ArnNotEquals": {
            "aws:PrincipalArn": [
                "arn:function",
                "arn:emergency",
                "arn:aws:iam::111111111111:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
            ]
        },
        "Bool": {"aws:PrincipalIsAWSService": "false"},
    }
