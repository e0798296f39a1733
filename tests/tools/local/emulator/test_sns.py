import json

from tests.tools.local.emulator.conftest import Client


def test_a_topic_answers_the_version_of_its_signatures(client: Client, name: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=name, Attributes={"SignatureVersion": "2"})["TopicArn"]
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == "2"

    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="1")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == "1"


def test_a_topic_without_one_answers_none(client: Client, name: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    assert "SignatureVersion" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_policy_names_an_account_by_its_root_user(client: Client, name: str) -> None:
    sns = client("sns")
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": ["sns:Publish"], "Resource": "*"}
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [statement]})
    )

    (found,) = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]

    assert found == {**statement, "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "sns:Publish"}
