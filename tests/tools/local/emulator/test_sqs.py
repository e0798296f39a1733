"""What SQS is asked by the provider and moto does not answer."""

import json

from tests.tools.local.emulator.conftest import Client


def test_a_queue_shows_who_may_use_it_for_dead_letters(client: Client, name: str) -> None:
    sqs = client("sqs")
    policy = json.dumps({"redrivePermission": "denyAll"})
    url = sqs.create_queue(QueueName=name, Attributes={"RedriveAllowPolicy": policy})["QueueUrl"]

    for asked in (["All"], ["RedriveAllowPolicy"], ["RedriveAllowPolicy", "QueueArn"]):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        assert found["RedriveAllowPolicy"] == policy


def test_a_queue_without_that_policy_answers_none(client: Client, name: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]

    assert "RedriveAllowPolicy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_redrive_policy_is_answered_as_it_was_given(client: Client, name: str) -> None:
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}'
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]

    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["RedrivePolicy"] == policy
