"""Immediate notification of failed rotations, and a report of the credentials' age from the first day on."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_target import (
    CloudwatchEventTarget,
    CloudwatchEventTargetInputTransformer,
    CloudwatchEventTargetRetryPolicy,
)
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.lambda_invocation import LambdaInvocation
from constructs import Construct

from modules.common.policies import Account, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from modules.monitoring.topic import AlarmTopic
from settings.naming import Naming


class RotationNotice(Construct):
    """Sends each event of the rule to the topic, as a readable message.

    It uses a role. With the topic's policy or the key's policy, EventBridge sends neither the account nor the rule, so
    such a policy would have to allow rules of all accounts.

    The first daily report comes a day after its rule is created. So the deployment requests one report here. The alarm
    on the age waits for `first_report`; otherwise it would start without data.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Naming,
        account: Account,
        topic: AlarmTopic,
        failed_rule: str,
        function_name: str,
        secret_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        role = platform_role(
            self,
            "role",
            names=names,
            account=account,
            purpose="rotation-notice",
            description="Lets EventBridge tell the alarms' topic of failed rotations",
            trust=service_trust(
                "events.amazonaws.com", account, source_arns=[account.arn("events", f"rule/{failed_rule}")]
            ),
        )
        policy = IamRolePolicy(
            self,
            "policy",
            name="publish",
            role=role.id,
            policy=document(
                statement("Publish", actions=["sns:Publish"], resources=[topic.arn]),
                statement(
                    "UseKey",
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[topic.key_arn],
                    conditions={"StringEquals": {"kms:ViaService": f"sns.{account.region}.amazonaws.com"}},
                ),
            ),
        )
        no_other_policies(self, "role", role=role, policies=[policy])
        CloudwatchEventTarget(
            self,
            "target",
            rule=failed_rule,
            arn=topic.arn,
            role_arn=role.arn,
            retry_policy=CloudwatchEventTargetRetryPolicy(
                maximum_event_age_in_seconds=86_400, maximum_retry_attempts=185
            ),
            input_transformer=CloudwatchEventTargetInputTransformer(
                input_paths={"secret": "$.detail.additionalEventData.SecretId", "time": "$.time"},
                input_template=json.dumps(
                    f"{names.environment}: a rotation of <secret> failed at <time>. The previous credentials still "
                    "work. See the rotation function's log for the error and docs/rotation.md for the fix."
                ),
            ),
            depends_on=[policy],
        )
        self.first_report = LambdaInvocation(
            self,
            "first-report",
            function_name=function_name,
            input=json.dumps({"report": {"SecretId": secret_arn}}),
            lifecycle_scope="CREATE_ONLY",
        )
