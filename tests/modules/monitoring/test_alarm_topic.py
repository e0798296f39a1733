"""Who may publish to the alarms' topic, who is told, and how failed rotations get there."""

from __future__ import annotations

import json
from typing import Any

from constructs import Construct
from synthesized import Synthesized, synthesize_module

from modules.api.stage import ACCESS_LOG
from modules.common.policies import Account
from modules.monitoring import AlarmTopic, RotationNotice, monthly_budget, publishers, throttled_requests
from settings import load
from settings.monitoring import MonitoringSettings
from settings.naming import Naming

NAMES = Naming("iot", "dev")
ACCOUNT = Account("111111111111", "ca-central-1")
KEY = "arn:aws:kms:ca-central-1:111111111111:key/alarms"


def settings(**changes: Any) -> MonitoringSettings:
    return load("iot-dev").monitoring.model_copy(update=changes)


def topic(scope: Construct, **changes: Any) -> AlarmTopic:
    return AlarmTopic(
        scope,
        "topic",
        settings=settings(**changes),
        key_arn=KEY,
        names=NAMES,
        account=ACCOUNT,
    )


def synthesize(**changes: Any) -> Synthesized:
    return synthesize_module(lambda scope: topic(scope, **changes))


def statements(policy: str) -> dict[str, Any]:
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}


def test_the_topic_lies_under_the_given_key() -> None:
    assert synthesize().one("aws_sns_topic")["kms_master_key_id"] == KEY
    assert synthesize().one("aws_sns_topic")["signature_version"] == 2


def test_cloudwatch_publishes_for_alarms_of_this_account_and_nobody_without_tls() -> None:
    policy = statements(synthesize().one("aws_sns_topic_policy")["policy"])

    assert policy.keys() == {"DenyWithoutTls", "PublishByCloudwatch"}
    deny = policy["DenyWithoutTls"]
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "sns:Publish" in deny["Action"]
    publish = policy["PublishByCloudwatch"]
    assert publish["Action"] == ["sns:Publish"]
    assert publish["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:ca-central-1:111111111111:alarm:*"},
    }


def test_budgets_may_publish_only_where_there_is_one() -> None:
    stack = synthesize(monthly_budget_usd=100, subscribers=("a@example.com",))

    publish = statements(stack.one("aws_sns_topic_policy")["policy"])["PublishByBudgets"]
    assert publish["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:budgets::111111111111:*"},
    }
    assert publishers(settings()) == ["cloudwatch"]
    assert publishers(settings(monthly_budget_usd=100)) == ["cloudwatch", "budgets"]


def test_subscribers_get_mail_or_a_call() -> None:
    stack = synthesize(subscribers=("ops@example.com", "https://alarms.example.com/aws"))

    assert stack.one("aws_sns_topic_subscription", protocol="email")["endpoint"] == "ops@example.com"
    call = stack.one("aws_sns_topic_subscription", protocol="https")
    assert call["endpoint"] == "https://alarms.example.com/aws"
    assert call["topic_arn"] == f"${{{stack.address('aws_sns_topic_policy')}.arn}}"


def test_the_address_of_a_subscriber_is_kept_when_others_come_before_it() -> None:
    alone = synthesize(subscribers=("ops@example.com",))
    second = synthesize(subscribers=("first@example.com", "ops@example.com"))

    address = alone.address("aws_sns_topic_subscription")
    assert second.address("aws_sns_topic_subscription", endpoint="ops@example.com") == address
    assert "ops" not in address


def test_eventbridge_tells_of_failed_rotations_by_a_role_for_that_rule_alone() -> None:
    def build(scope: Construct) -> None:
        RotationNotice(
            scope,
            "notice",
            names=NAMES,
            account=ACCOUNT,
            topic=topic(scope),
            failed_rule="iot-rotation-failed-dev",
            function_name="iot-rotation-dev",
            secret_arn="arn:aws:secretsmanager:ca-central-1:111111111111:secret:iot/dev/database-abcdef",
        )

    stack = synthesize_module(build)
    target, role = stack.one("aws_cloudwatch_event_target"), stack.one("aws_iam_role")

    assert target["role_arn"] == f"${{{stack.address('aws_iam_role')}.arn}}"
    assert target["depends_on"] == [stack.address("aws_iam_role_policy")]
    (trust,) = json.loads(role["assume_role_policy"])["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": ["arn:aws:events:ca-central-1:111111111111:rule/iot-rotation-failed-dev"]},
    }
    allowed = statements(stack.one("aws_iam_role_policy")["policy"])
    assert allowed["Publish"]["Resource"] == [f"${{{stack.address('aws_sns_topic_policy')}.arn}}"]
    assert allowed["UseKey"]["Resource"] == [KEY]
    # A template is JSON: a text in quotes, whose <names> are those of the paths.
    words = json.loads(target["input_transformer"]["input_template"])
    assert {f"<{name}>" for name in target["input_transformer"]["input_paths"]} == {"<secret>", "<time>"}
    assert "<secret>" in words
    assert "iot-dev" in words


def test_requests_answered_with_429_are_counted_in_the_access_log() -> None:
    made: list[Any] = []
    stack = synthesize_module(
        lambda scope: made.append(
            throttled_requests(scope, "throttled", names=NAMES, access_log_group="/iot/dev/api-access")
        )
    )

    counted = stack.one("aws_cloudwatch_log_metric_filter")
    assert counted["log_group_name"] == "/iot/dev/api-access"
    assert counted["pattern"] == '{ $.status = "429" }'
    # API Gateway writes a text between the quotes that JSON puts around it.
    assert '"status": "$context.status"' in json.dumps(ACCESS_LOG)
    assert counted["metric_transformation"]["namespace"] == made[0].namespace
    assert counted["metric_transformation"]["name"] == made[0].name == "iot-throttled-dev"


def test_a_budget_speaks_before_and_when_the_money_is_spent() -> None:
    budget = synthesize_module(
        lambda scope: monthly_budget(scope, "budget", names=NAMES, limit_usd=250, topic_arn="arn:topic")
    ).one("aws_budgets_budget")

    assert budget["name"] == "iot-monthly-dev"
    assert budget["limit_amount"] == "250"
    assert {(notice["notification_type"], notice["threshold"]) for notice in budget["notification"]} == {
        ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100),
    }  # fmt: skip
