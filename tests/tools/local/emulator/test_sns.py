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
