"""New tasks after each rotation of the database secret, for services and workers that read it only at start."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.ssm_document import SsmDocument
from constructs import Construct

from modules.common.policies import Account, document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from settings.naming import Naming


class RedeploymentAfterRotation(Construct):
    """An event rule, and an SSM Automation that forces a new ECS deployment; EventBridge cannot call ECS itself.

    The event is the success of the rotation. CloudTrail delivers it, so the account needs a trail. The old tasks run
    until the new ones are healthy; with alternating users their credentials are valid until the next rotation.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        names: Naming,
        account: Account,
        secret_arn: str,
        purpose: str,
        cluster_name: str,
        service_name: str,
    ) -> None:
        super().__init__(scope, id_)
        name = names.name(f"{purpose}-redeploy")
        service_arn = account.arn("ecs", f"service/{names.name('service')}/{names.name(purpose)}")
        automation = platform_role(
            self,
            "automation-role",
            names=names,
            account=account,
            purpose=f"{purpose}-redeploy",
            description="Starts a new deployment of the service",
            trust=service_trust(
                "ssm.amazonaws.com", account, source_arns=[account.arn("ssm", "automation-execution/*")]
            ),
        )
        deploying = IamRolePolicy(
            self,
            "automation-policy",
            name="redeploy",
            role=automation.id,
            policy=document(statement("Redeploy", actions=["ecs:UpdateService"], resources=[service_arn])),
        )
        no_other_policies(self, "automation-role", role=automation, policies=[deploying])
        runbook = SsmDocument(
            self,
            "runbook",
            name=name,
            document_type="Automation",
            document_format="JSON",
            content=json.dumps(
                {
                    "schemaVersion": "0.3",
                    "description": "New tasks of the service, as they are defined",
                    "assumeRole": automation.arn,
                    "parameters": {
                        "Cluster": {"type": "String", "description": "The ECS cluster of the service"},
                        "Service": {"type": "String", "description": "The service whose tasks are replaced"},
                    },
                    "mainSteps": [
                        {
                            "name": "redeploy",
                            "action": "aws:executeAwsApi",
                            "isEnd": True,
                            "inputs": {
                                "Service": "ecs",
                                "Api": "UpdateService",
                                "cluster": "{{ Cluster }}",
                                "service": "{{ Service }}",
                                "forceNewDeployment": True,
                            },
                        }
                    ],
                }
            ),
            depends_on=[deploying],
        )
        rule = CloudwatchEventRule(
            self,
            "rotated",
            name=names.name("rotation-succeeded" if purpose == "service" else f"{purpose}-rotated"),
            description="The application's credentials have rotated",
            event_pattern=json.dumps(
                {
                    "source": ["aws.secretsmanager"],
                    "detail": {
                        "eventSource": ["secretsmanager.amazonaws.com"],
                        "eventName": ["RotationSucceeded"],
                        "additionalEventData": {"SecretId": [secret_arn]},
                    },
                }
            ),
        )
        starter = platform_role(
            self,
            "event-role",
            names=names,
            account=account,
            purpose=f"{purpose}-redeploy-event",
            description="Starts the runbook of a redeployment",
            trust=service_trust("events.amazonaws.com", account, source_arns=[rule.arn]),
        )
        starting = IamRolePolicy(
            self,
            "event-policy",
            name="start-runbook",
            role=starter.id,
            policy=document(
                statement(
                    "StartRunbook",
                    actions=["ssm:StartAutomationExecution"],
                    resources=[
                        account.arn("ssm", kind)
                        for kind in (f"automation-definition/{name}:*", f"document/{name}", "automation-execution/*")
                    ],
                ),
                statement(
                    "PassItsRole",
                    actions=["iam:PassRole"],
                    resources=[automation.arn],
                    conditions={"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
                ),
            ),
        )
        no_other_policies(self, "event-role", role=starter, policies=[starting])
        CloudwatchEventTarget(
            self,
            "start",
            rule=rule.name,
            arn=account.arn("ssm", f"automation-definition/{runbook.name}:$DEFAULT"),
            role_arn=starter.arn,
            # Without an input, EventBridge passes the whole event, as parameters that the runbook does not have.
            # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
            # https://docs.aws.amazon.com/systems-manager/latest/userguide/running-automations-event-bridge.html
            input=json.dumps({"Cluster": [cluster_name], "Service": [service_name]}),
            depends_on=[starting],
        )
