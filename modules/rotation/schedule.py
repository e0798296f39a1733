"""The rotation of one secret: the preflight, the schedule, and the events for monitoring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.lambda_invocation import LambdaInvocation
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import (
    SecretsmanagerSecretRotation,
    SecretsmanagerSecretRotationRotationRules,
)
from constructs import Construct

from modules.rotation.function import RotationFunction
from settings.naming import Naming
from settings.rotation import RotationSettings


class SecretRotation(Construct):
    """Rotates immediately and then at the interval of the settings, after `waits_for` and a successful preflight.

    RotateSecret returns before the function has run, so a failing rotation would not fail the deployment. A failing
    preflight does. The provider waits for it without a limit of its own (hashicorp/terraform-provider-aws #31606), so a
    paused database can resume. The preflight runs again when the code, `facts` or `instances` change. `instances` has a
    text for each database instance; through them the rotation depends on all instances.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: RotationSettings,
        function: RotationFunction,
        secret_arn: str,
        facts: Mapping[str, object],
        instances: Sequence[str],
        waits_for: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, id_)
        preflight = LambdaInvocation(
            self,
            "preflight",
            function_name=function.name,
            input=json.dumps({"preflight": {"SecretId": secret_arn}}),
            lifecycle_scope="CREATE_ONLY",
            triggers={"code": function.code_hash, "facts": json.dumps(facts), "instances": ",".join(instances)},
            depends_on=list(waits_for),
        )
        SecretsmanagerSecretRotation(
            self,
            "rotation",
            secret_id=secret_arn,
            rotation_lambda_arn=function.arn,
            rotate_immediately=True,
            rotation_rules=SecretsmanagerSecretRotationRotationRules(
                automatically_after_days=settings.interval_days,
                duration=None if settings.window_hours is None else f"{settings.window_hours}h",
            ),
            depends_on=[*waits_for, preflight],
        )


class RotationWatch(Construct):
    """Events about one secret's rotation.

    `failure_rule` matches failures, which EventBridge gets from CloudTrail; the monitoring stack adds its target. A
    schedule makes the function report the age of the credentials daily, because alarms look back 7 days at most.
    """

    def __init__(
        self, scope: Construct, id_: str, *, function: RotationFunction, names: Naming, secret_arn: str
    ) -> None:
        super().__init__(scope, id_)
        self.failure_rule = CloudwatchEventRule(
            self,
            "failure",
            name=names.name("rotation-failed"),
            description="A rotation of the application's credentials failed",
            event_pattern=json.dumps(
                {
                    "source": ["aws.secretsmanager"],
                    "detail": {
                        "eventSource": ["secretsmanager.amazonaws.com"],
                        "eventName": ["RotationFailed"],
                        "additionalEventData": {"SecretId": [secret_arn]},
                    },
                }
            ),
        ).name
        daily = CloudwatchEventRule(
            self,
            "daily",
            name=names.name("rotation-report"),
            description="Asks the rotation function for the age of the application's credentials",
            schedule_expression="rate(1 day)",
        )
        permission = LambdaPermission(
            self,
            "permission",
            statement_id="daily-report",
            action="lambda:InvokeFunction",
            function_name=function.name,
            principal="events.amazonaws.com",
            source_arn=daily.arn,
        )
        CloudwatchEventTarget(
            self,
            "report",
            rule=daily.name,
            arn=function.arn,
            input=json.dumps({"report": {"SecretId": secret_arn}}),
            depends_on=[permission],
        )
