"""The SNS topic of all alarms, its policy and its subscriptions."""

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

# The source ARNs of the publishing services. Alarms are regional, budgets are not.
_SOURCES = {
    "cloudwatch": "arn:{partition}:cloudwatch:{region}:{account}:alarm:*",
    "budgets": "arn:{partition}:budgets::{account}:*",
}


class AlarmTopic(Construct):
    """A topic with a customer-managed key: with `alias/aws/sns`, which CloudWatch cannot use, alarms would be lost.

    CloudWatch may publish, and AWS Budgets if there is a budget, each only for this account. Identities of the account
    may publish as IAM allows. Access without TLS is denied. `arn` refers to the policy, so resources that use it are
    created after the policy.

    Each email subscriber must first confirm the message from AWS; until then it gets no alarms.
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
            # Messages are signed with SHA-256 instead of SHA-1.
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
                # A hash, so that no address appears in the list of resources.
                f"subscriber-{hashlib.sha256(subscriber.encode()).hexdigest()[:8]}",
                topic_arn=self.arn,
                protocol="https" if subscriber.startswith("https://") else "email",
                endpoint=subscriber,
            )


def publishers(settings: MonitoringSettings) -> list[str]:
    """The services that publish alarms as themselves, and so use the topic's key."""
    return ["cloudwatch", *(["budgets"] if settings.monthly_budget_usd is not None else [])]


def topic_policy(topic_arn: str, account: Account, *, services: Sequence[str]) -> str:
    """Services may publish only for resources of this account (confused deputy); access without TLS is denied."""
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
