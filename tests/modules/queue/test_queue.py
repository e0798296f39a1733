"""A queue with its dead-letter queue and its key, and what is watched of them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import key_policy
from modules.queue import Queue, queues_row
from settings.encryption import EncryptionSettings
from settings.service import QueueSettings

SETTINGS = QueueSettings(visibility_timeout_seconds=90, retention_days=7, max_receives=3, oldest_message_minutes=30)
ENCRYPTION = EncryptionSettings(rotation_period_days=180, deletion_window_days=7)
ARN = "arn:aws:sqs:ca-central-1:111111111111:"


def synthesize(*, protected: bool = False) -> Synthesized:
    return synthesize_module(
        lambda scope: Queue(
            scope,
            "queue",
            settings=SETTINGS,
            encryption=ENCRYPTION,
            place=place(protected=protected),
            purpose="orders",
        )
    )


def test_a_message_that_nobody_could_do_goes_to_the_dead_letter_queue() -> None:
    made = synthesize()
    queue = made.one("aws_sqs_queue", name="iot-queue-orders-dev")
    dead = made.address("aws_sqs_queue", name="iot-dead-letters-orders-dev")

    assert json.loads(queue["redrive_policy"]) == {"deadLetterTargetArn": f"${{{dead}.arn}}", "maxReceiveCount": 3}
    assert (queue["visibility_timeout_seconds"], queue["message_retention_seconds"]) == (90, 7 * 86_400)


def test_the_dead_letter_queue_keeps_the_longest_and_takes_from_its_queue_alone() -> None:
    dead = synthesize().one("aws_sqs_queue", name="iot-dead-letters-orders-dev")

    assert dead["message_retention_seconds"] == 14 * 86_400
    assert json.loads(dead["redrive_allow_policy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"{ARN}iot-queue-orders-dev"],
    }
    assert "redrive_policy" not in dead


def test_a_queue_may_be_called_as_another_and_dead() -> None:
    # SQS has one namespace for both: a suffix would give the queue "a-dead" the name of a's dead-letter queue.
    def build(scope: Any) -> None:
        for purpose in ("a", "a-dead"):
            Queue(scope, purpose, settings=SETTINGS, encryption=ENCRYPTION, place=place(), purpose=purpose)

    names = [queue["name"] for queue in synthesize_module(build).all("aws_sqs_queue")]
    assert len(names) == len(set(names)) == 4


def test_both_are_encrypted_under_a_key_of_their_own_that_sqs_uses() -> None:
    made = synthesize()
    key = made.one("aws_kms_key")

    assert {queue["kms_master_key_id"] for queue in made.all("aws_sqs_queue")} == {
        f"${{{made.address('aws_kms_key')}.arn}}"
    }
    assert key["policy"] == key_policy(place().account, via_services=["sqs"])
    assert (key["rotation_period_in_days"], key["deletion_window_in_days"]) == (180, 7)
    assert made.one("aws_kms_alias")["name"] == "alias/iot-queue-orders-dev"


def test_both_deny_whoever_comes_without_tls_and_allow_nobody() -> None:
    for queue in synthesize().all("aws_sqs_queue"):
        (found,) = json.loads(queue["policy"])["Statement"]
        assert found == {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sqs:*"],
            "Resource": [ARN + queue["name"]],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }


@pytest.mark.parametrize("protected", [True, False])
def test_messages_and_their_key_are_kept_where_the_environment_is_protected(protected: bool) -> None:
    made = synthesize(protected=protected)

    for resource in [*made.all("aws_sqs_queue"), *made.all("aws_kms_key")]:
        assert resource.get("lifecycle") == ({"prevent_destroy": True} if protected else None)


def test_what_waits_too_long_and_what_was_given_up_is_told() -> None:
    queue = cast(Any, SimpleNamespace(name="q", dead_letter_name="d"))
    row = queues_row({"orders": SETTINGS}, {"orders": queue})
    waiting, dead = row.alarms

    assert (row.id, waiting.id, dead.id) == ("queues", "orders-waiting", "orders-dead")
    (age,), (given_up,) = waiting.metrics, dead.metrics
    assert (age.name, age.dimensions) == ("ApproximateAgeOfOldestMessage", {"QueueName": "q"})
    assert (waiting.threshold, waiting.unit, waiting.comparison) == (30 * 60, "s", "above")
    assert (given_up.name, given_up.dimensions) == ("ApproximateNumberOfMessagesVisible", {"QueueName": "d"})
    assert (dead.threshold, dead.comparison, dead.critical) == (0, "above", True)
    assert {metric.dimensions["QueueName"] for chart in row.charts for metric in chart.metrics} == {"q"}
