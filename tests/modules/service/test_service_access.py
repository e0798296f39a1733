"""What the service may do, whom it reaches, and what starts it anew: roles, rules, redeployment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from service_parts import ACCOUNT, SECRET, SECRET_KEY, policy, statements, synthesize
from synthesized import Synthesized

from modules.service import secret_readers
from settings import load
from settings.naming import Naming
from settings.service import OutboundRule

PAYMENT = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:payment-Ab12Cd"
PAYMENT_KEY = "arn:aws:kms:ca-central-1:333333333333:key/12345678-1234-1234-1234-123456789012"
THROUGH = "secretsmanager.ca-central-1.amazonaws.com"
LOGIN = {"secrets": {"DATABASE_PASSWORD": "database:password"}, "redeploy_after_rotation": True}


def test_the_code_reads_its_secret_and_enters_redis_and_no_more() -> None:
    found = policy(synthesize(), "work")

    assert {sid: (one["Action"], one["Resource"]) for sid, one in found.items()} == {
        "ReadDatabaseSecret": (["secretsmanager:GetSecretValue"], [SECRET]),
        "DecryptDatabaseSecret": (["kms:Decrypt"], [SECRET_KEY]),
        "ConnectToRedis": (["elasticache:Connect"], ["arn:redis", "arn:redis-user"]),
    }
    assert found["DecryptDatabaseSecret"]["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:SecretARN": [SECRET], "kms:ViaService": THROUGH}
    }


def test_files_are_opened_by_the_access_points_that_are_mounted() -> None:
    mounted = policy(synthesize(mounts={"media": "/mnt/media"}), "work")["MountFiles"]

    assert mounted["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert mounted["Resource"] == ["arn:fs-1"]
    assert mounted["Condition"] == {"ArnEquals": {"elasticfilesystem:AccessPointArn": ["arn:fsap-media"]}}
    assert "MountFiles" not in policy(synthesize(), "work")


def test_the_database_is_entered_with_iam_as_one_role_alone() -> None:
    connect = policy(synthesize(database_iam_user="reporting"), "work")["ConnectToDatabase"]

    assert connect["Action"] == ["rds-db:connect"]
    assert connect["Resource"] == ["arn:aws:rds-db:ca-central-1:333333333333:dbuser:cluster-ABC/reporting"]


def test_ecs_pulls_the_one_repository_and_writes_the_one_log() -> None:
    synthesized = synthesize(image="111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app:1")
    found = policy(synthesized, "start")
    log = synthesized.address("aws_cloudwatch_log_group", name="/shop/dev/service")

    assert found.keys() == {"WriteLog", "LogInToRegistry", "PullImage"}
    assert found["WriteLog"]["Resource"] == [f"${{{log}.arn}}:*"]
    assert found["PullImage"]["Resource"] == ["arn:aws:ecr:eu-west-1:111111111111:repository/team/app"]
    assert policy(synthesize(image="public.ecr.aws/team/app:1"), "start").keys() == {"WriteLog"}


@pytest.mark.parametrize(
    ("changed", "secrets", "keys"),
    [
        (LOGIN, [SECRET], [SECRET_KEY]),
        ({"secrets": {"A": f"{PAYMENT}:a", "B": f"{PAYMENT}:b"}}, [PAYMENT], None),
        ({"secrets": {"A": PAYMENT}, "secret_key_arns": (PAYMENT_KEY,)}, [PAYMENT], [PAYMENT_KEY]),
        (
            {"secrets": {"A": PAYMENT, **LOGIN["secrets"]}, "secret_key_arns": (PAYMENT_KEY,)},  # type: ignore[dict-item]
            [PAYMENT, SECRET],
            [SECRET_KEY, PAYMENT_KEY],
        ),
    ],
)
def test_ecs_reads_the_secrets_that_the_settings_hand_out(
    changed: dict[str, Any], secrets: list[str], keys: list[str] | None
) -> None:
    found = policy(synthesize(**changed), "start")

    assert sorted(found["ReadSecrets"]["Resource"]) == sorted(secrets)
    assert found.get("DecryptSecrets", {}).get("Resource") == keys
    if keys:
        assert found["DecryptSecrets"]["Condition"]["StringEquals"]["kms:ViaService"] == THROUGH
        bound = found["DecryptSecrets"]["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
        assert sorted(bound) == sorted(secrets)


def test_task_and_execution_are_two_roles_that_ecs_assumes_for_this_account() -> None:
    synthesized = synthesize()
    definition = synthesized.one("aws_ecs_task_definition")

    assert definition["task_role_arn"] != definition["execution_role_arn"]
    for role in synthesized.all("aws_iam_role"):
        (trust,) = json.loads(role["assume_role_policy"])["Statement"]
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "333333333333"},
            "ArnLike": {"aws:SourceArn": ["arn:aws:ecs:ca-central-1:333333333333:*"]},
        }


@pytest.mark.parametrize(("changed", "purposes"), [({}, ["task"]), (LOGIN, ["task", "execution"])])
def test_the_secret_admits_the_roles_that_are_made_later(changed: dict[str, Any], purposes: list[str]) -> None:
    settings = load("globecart-dev").service.model_copy(update=changed)
    made = {role["name"] for role in synthesize(**changed).all("aws_iam_role")}

    readers = secret_readers(settings, Naming("shop", "dev"), ACCOUNT)

    assert readers == [f"arn:aws:iam::333333333333:role/shop-service-{purpose}-dev" for purpose in purposes]
    assert {arn.rpartition("/")[2] for arn in readers} <= made


def openings(synthesized: Synthesized) -> set[tuple[str, str, int]]:
    """(from, to, port) of every rule, each of which must stand in both groups."""
    own = f"${{{synthesized.address('aws_security_group')}.id}}"

    def named(group: str) -> str:
        return "service" if group == own else group

    def ends(kind: str) -> set[tuple[str, str, int]]:
        found = set()
        for rule in synthesized.all(f"aws_vpc_security_group_{kind}_rule"):
            assert (rule["ip_protocol"], rule["to_port"]) == ("tcp", rule["from_port"])
            assert rule["description"]
            other = rule.get("referenced_security_group_id") or rule.get("prefix_list_id") or rule["cidr_ipv4"]
            pair = (rule["security_group_id"], other) if kind == "egress" else (other, rule["security_group_id"])
            found.add((named(pair[0]), named(pair[1]), rule["from_port"]))
        return found

    out, into = ends("egress"), ends("ingress")
    assert into == {opening for opening in out if opening[1].startswith(("sg-", "service"))}
    return out


def test_the_service_is_entered_from_the_load_balancer_and_enters_data_and_endpoints() -> None:
    assert openings(synthesize(mounts={"media": "/mnt/media"}, port=9000)) == {
        ("sg-entry", "service", 9000),
        ("service", "sg-database", 5432),
        ("service", "sg-redis", 6379),
        ("service", "sg-files", 2049),
        ("service", "sg-endpoints", 443),
        ("service", "pl-s3", 443),
    }


def test_without_mounts_files_stay_closed() -> None:
    assert not [opening for opening in openings(synthesize()) if "sg-files" in opening]
    assert not [opening for opening in openings(synthesize(with_storage=False)) if "sg-files" in opening]


@pytest.mark.parametrize(
    ("outbound", "opened"),
    [
        ((), set()),
        ((OutboundRule(cidr="0.0.0.0/0"),), {("service", "0.0.0.0/0", 443)}),
        (
            (OutboundRule(cidr="203.0.113.0/24", port=8443), OutboundRule(prefix_list="pl-0123456789abcdef0", port=25)),
            {("service", "203.0.113.0/24", 8443), ("service", "pl-0123456789abcdef0", 25)},
        ),
        (
            (OutboundRule(cidr="203.0.113.0/24"), OutboundRule(cidr="203.0.113.0/24", port=25)),
            {("service", "203.0.113.0/24", 443), ("service", "203.0.113.0/24", 25)},
        ),
    ],
)
def test_what_is_open_beyond_the_vpc_the_settings_say(
    outbound: tuple[OutboundRule, ...], opened: set[tuple[str, str, int]]
) -> None:
    closed, found = openings(synthesize()), openings(synthesize(outbound=outbound))

    assert found >= closed
    assert found - closed == opened


def test_a_rotation_that_succeeded_starts_the_runbook_that_redeploys() -> None:
    synthesized = synthesize(redeploy_after_rotation=True)
    pattern = json.loads(synthesized.one("aws_cloudwatch_event_rule")["event_pattern"])
    runbook = synthesized.one("aws_ssm_document")
    content = json.loads(runbook["content"])
    target = synthesized.one("aws_cloudwatch_event_target")

    assert pattern["detail"]["eventName"] == ["RotationSucceeded"]
    assert pattern["detail"]["additionalEventData"] == {"SecretId": [SECRET]}
    assert (content["schemaVersion"], runbook["document_type"]) == ("0.3", "Automation")
    (step,) = content["mainSteps"]
    assert step["inputs"] == {
        "Service": "ecs",
        "Api": "UpdateService",
        "cluster": "{{ Cluster }}",
        "service": "{{ Service }}",
        "forceNewDeployment": True,
    }
    # EventBridge hands Automation the whole event as parameters, unless it is told which: lists, by name.
    assert json.loads(target["input"]) == {
        "Cluster": [f"${{{synthesized.address('aws_ecs_cluster')}.name}}"],
        "Service": [f"${{{synthesized.address('aws_ecs_service')}.name}}"],
    }
    assert set(json.loads(target["input"])) == set(content["parameters"])
    assert {parameter["type"] for parameter in content["parameters"].values()} == {"String"}
    prefix, _, version = target["arn"].rpartition(":")
    assert version == "$DEFAULT"
    name = f"${{{synthesized.address('aws_ssm_document')}.name}}"
    assert prefix == f"arn:aws:ssm:ca-central-1:333333333333:automation-definition/{name}"


def test_the_redeployment_may_update_this_service_and_nothing_else() -> None:
    synthesized = synthesize(redeploy_after_rotation=True)
    automation = synthesized.address("aws_iam_role", name="shop-service-redeploy-dev")
    starting = statements(
        synthesized.one(
            "aws_iam_role_policy",
            role=f"${{{synthesized.address('aws_iam_role', name='shop-service-redeploy-event-dev')}.id}}",
        )["policy"]
    )

    redeploy = policy(synthesized, "redeploy")["Redeploy"]
    assert redeploy["Action"] == ["ecs:UpdateService"]
    assert redeploy["Resource"] == ["arn:aws:ecs:ca-central-1:333333333333:service/shop-service-dev/shop-service-dev"]
    assert starting["PassItsRole"]["Resource"] == [f"${{{automation}.arn}}"]
    assert starting["PassItsRole"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    assert starting["StartRunbook"]["Action"] == ["ssm:StartAutomationExecution"]
    assert (
        "arn:aws:ssm:ca-central-1:333333333333:automation-definition/shop-service-redeploy-dev:*"
        in (starting["StartRunbook"]["Resource"])
    )


def test_nothing_redeploys_before_its_role_may() -> None:
    synthesized = synthesize(redeploy_after_rotation=True)

    for type_, policy_name in (("aws_ssm_document", "redeploy"), ("aws_cloudwatch_event_target", "start-runbook")):
        waits_for = synthesized.one(type_)["depends_on"]
        assert waits_for == [synthesized.address("aws_iam_role_policy", name=policy_name)]


def test_without_the_option_nothing_redeploys() -> None:
    made = synthesize(redeploy_after_rotation=False)

    assert not made.all("aws_ssm_document") + made.all("aws_cloudwatch_event_rule")
    assert len(made.all("aws_iam_role")) == 2
