"""A queue, its dead-letter queue, and their key."""

from __future__ import annotations

import json

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from modules.common.encryption import EncryptionKey
from modules.common.place import Place
from modules.common.policies import document, statement
from settings.encryption import EncryptionSettings
from settings.service import QueueSettings

_DAY = 86_400
# The maximum retention of SQS.
_DEAD_LETTER_DAYS = 14


class Queue(Construct):
    """Offers `url`, `arn`, `key_arn`, and `name` and `dead_letter_name` for alarms.

    A message keeps its original timestamp when it moves, so the dead-letter queue has a longer retention.
    Terraform never destroys the queues of a protected environment: messages in them would be lost.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: QueueSettings,
        encryption: EncryptionSettings,
        place: Place,
        purpose: str,
    ) -> None:
        super().__init__(scope, id_)
        self.name = place.names.name(f"queue-{purpose}")
        self.dead_letter_name = place.names.name(f"dead-letters-{purpose}")
        key = EncryptionKey(
            self,
            "key",
            settings=encryption,
            account=place.account,
            alias=self.name,
            description=f"Messages of {self.name}",
            via_services=["sqs"],
            protected=place.protected,
        )
        self.key_arn = key.arn
        kept = TerraformResourceLifecycle(prevent_destroy=True) if place.protected else None
        arn, dead_arn = (place.account.arn("sqs", name) for name in (self.name, self.dead_letter_name))
        # Policies are arguments, because SQS needs half a minute for each separate resource that changes a queue.
        dead = SqsQueue(
            self,
            "dead-letters",
            name=self.dead_letter_name,
            message_retention_seconds=_DEAD_LETTER_DAYS * _DAY,
            kms_master_key_id=key.arn,
            policy=_only_by_tls(dead_arn),
            redrive_allow_policy=_compact({"redrivePermission": "byQueue", "sourceQueueArns": [arn]}),
            lifecycle=kept,
        )
        queue = SqsQueue(
            self,
            "queue",
            name=self.name,
            message_retention_seconds=settings.retention_days * _DAY,
            visibility_timeout_seconds=settings.visibility_timeout_seconds,
            kms_master_key_id=key.arn,
            policy=_only_by_tls(arn),
            redrive_policy=_compact({"deadLetterTargetArn": dead.arn, "maxReceiveCount": settings.max_receives}),
            lifecycle=kept,
        )
        self.url = queue.url
        self.arn = queue.arn


def _only_by_tls(queue_arn: str) -> str:
    return document(
        statement(
            "DenyWithoutTls",
            effect="Deny",
            principals="*",
            actions=["sqs:*"],
            resources=[queue_arn],
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
    )


def _compact(policy: dict[str, object]) -> str:
    """The format of Terraform's jsonencode; the provider treats other spacing as a change."""
    return json.dumps(policy, separators=(",", ":"))
