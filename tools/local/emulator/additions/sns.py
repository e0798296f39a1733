"""SNS: the version of a topic's signatures, and its policy."""

from typing import Any

from moto.sns.responses import SNSResponse

from tools.local.emulator.policies import saved
from tools.local.emulator.registry import extend


@extend(SNSResponse, unless="SignatureVersion")
def get_topic_attributes(stock: Any, self: Any) -> Any:
    """moto keeps the attribute but does not answer it: every plan would set it again."""
    answer = stock(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    version = getattr(topic, "signature_version", None)
    if version is not None:
        answer.result["Attributes"]["SignatureVersion"] = version
    return answer


@extend(SNSResponse, "get_topic_attributes", because="topic.policy")
def get_policy(stock: Any, self: Any) -> Any:
    """moto answers the text that it was given."""
    answer = stock(self)
    attributes = answer.result["Attributes"]
    attributes["Policy"] = saved(attributes["Policy"])
    return answer
