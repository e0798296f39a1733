"""The topic that every alarm tells, who may publish to it, and who is subscribed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from modules.common.policies import Account, document, statement
from settings.monitoring import MonitoringSettings
from settings.naming import Naming

# Where the ARNs of what a service publishes for begin; alarms are regional, budgets are not.
_SOURCES = {
    "cloudwatch": "arn:{partition}:cloudwatch:{region}:{account}:alarm:*",
    "budgets": "arn:{partition}:budgets::{account}:*",
}


class AlarmTopic(Construct):
    """A topic under a customer-managed key: CloudWatch may not use `alias/aws/sns`: its alarms would be lost silently.

    CloudWatch publishes, and AWS Budgets where a budget is set, each for this account only. Identities of the account
    publish as IAM allows them. Nobody does without TLS. `arn` is known when the policy is in place, so that whoever
    uses it waits for that.

    An e-mail address gets a letter first, and nothing until somebody follows the link in it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: MonitoringSettings,
        key_arn: str,
        names: Naming,
        account: Account,
    ) -> None:
        super().__init__(scope, id_)
        name = names.name("alarms")
        topic = SnsTopic(
            self,
            "topic",
            name=name,
            display_name=f"Alarms of {names.environment}",
            kms_master_key_id=key_arn,
            # SHA-256 instead of SHA-1, for those who check that a message is from AWS.
            signature_version=2,
        )
        self.name = name
        self.key_arn = key_arn
        self.arn = SnsTopicPolicy(
            self, "policy", arn=topic.arn, policy=topic_policy(topic.arn, account, services=publishers(settings))
        ).arn
        for subscriber in settings.subscribers:
            SnsTopicSubscription(
                self,
                # The address is nobody's to read in a list of resources.
                f"subscriber-{hashlib.sha256(subscriber.encode()).hexdigest()[:8]}",
                topic_arn=self.arn,
                protocol="https" if subscriber.startswith("https://") else "email",
                endpoint=subscriber,
            )


def publishers(settings: MonitoringSettings) -> list[str]:
    """The services that publish alarms as themselves, and so use the topic's key."""
    return ["cloudwatch", *(["budgets"] if settings.monthly_budget_usd is not None else [])]


def topic_policy(topic_arn: str, account: Account, *, services: Sequence[str]) -> str:
    """Services publish for their things of this account (confused deputy); nothing happens without TLS."""
    where = {"partition": account.partition, "region": account.region, "account": account.id}
    return document(
        statement(
            "DenyWithoutTls",
            effect="Deny",
            principals="*",
            # SNS refuses `sns:*` in the policy of a topic.
            actions=["sns:Publish", "sns:Subscribe"],
            resources=[topic_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        *(
            statement(
                f"PublishBy{service.title()}",
                principals={"Service": f"{service}.amazonaws.com"},
                actions=["sns:Publish"],
                resources=[topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": account.id},
                    "ArnLike": {"aws:SourceArn": _SOURCES[service].format(**where)},
                },
            )
            for service in services
        ),
    )
