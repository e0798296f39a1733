"""Jobs: a command on a schedule, one run at a time."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.scheduler_schedule import (
    SchedulerSchedule,
    SchedulerScheduleFlexibleTimeWindow,
    SchedulerScheduleTarget,
    SchedulerScheduleTargetRetryPolicy,
)
from cdktf_cdktf_provider_aws.sfn_state_machine import SfnStateMachine
from constructs import Construct

from modules.common.accept import accept
from modules.common.place import Place
from modules.common.policies import document, service_trust, statement
from modules.common.role_policies import no_other_policies
from modules.common.roles import platform_role
from modules.network import Network
from modules.service.fargate import Service
from modules.service.links import ServiceLinks
from modules.service.workload import Workload
from settings.service import JobSettings, ServiceSettings, workload_settings


class Job(Workload):
    """EventBridge Scheduler starts a state machine. It skips the run if an earlier one is still running. Otherwise it
    starts the task and waits; it stops the task at its time limit, and fails if the task fails.

    Scheduler itself can start an ECS task, but does not know whether one is running or how it ended.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        job: JobSettings,
        settings: ServiceSettings,
        cache_form: str,
        place: Place,
        network: Network,
        service: Service,
        links: ServiceLinks,
    ) -> None:
        super().__init__(
            scope,
            id_,
            settings=workload_settings(settings, job),
            cache_form=cache_form,
            place=place,
            links=links,
            purpose=id_,
            listens=False,
        )
        name = place.names.name(id_)
        self._place = place
        self._network = {
            "Subnets": network.subnet_ids("private"),
            "SecurityGroups": [service.security_group_id],
            "AssignPublicIp": "DISABLED",
        }
        runner, running = self._role(
            id_, "run", "states", f"stateMachine:{name}", self._runs(name, place.names.name("service"))
        )
        in_cluster = place.account.arn("ecs", f"cluster/{place.names.name('service')}")
        accept(
            running,
            {"Action": "ecs:ListTasks", "Resource": "*", "Condition.ArnEquals.ecs:cluster": in_cluster},
            PARLIAMENT_RESOURCE_STAR__FindRuns="ecs:ListTasks supports only container instances as resources, and "
            "Fargate has none",
        )
        machine = SfnStateMachine(
            self,
            "run",
            name=name,
            role_arn=runner.arn,
            definition=json.dumps(self._steps(job, name, service.cluster.arn)),
            # Step Functions checks the role's permissions when it creates the state machine.
            depends_on=[running, *self.roles.all, *service.path.all],
        )
        accept(
            machine,
            {"tracing_configuration": None, "logging_configuration": None},
            CKV_AWS_284="the task sends its own traces; the state machine only starts it",
            CKV_AWS_285="Step Functions keeps the history of a run for 90 days, and the task writes its own log",
        )
        starter, starting = self._role(
            id_,
            "start",
            "scheduler",
            "schedule-group/default",
            document(statement("StartRun", actions=["states:StartExecution"], resources=[machine.arn])),
        )
        schedule = SchedulerSchedule(
            self,
            "schedule",
            name=name,
            description=f"Starts {name}",
            schedule_expression=job.schedule,
            schedule_expression_timezone=job.timezone,
            flexible_time_window=SchedulerScheduleFlexibleTimeWindow(mode="OFF"),
            target=SchedulerScheduleTarget(
                arn=machine.arn,
                role_arn=starter.arn,
                input=json.dumps({}),
                # If a run cannot be started within an hour, it is skipped; the alarm on missing runs reports it.
                retry_policy=SchedulerScheduleTargetRetryPolicy(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=10
                ),
            ),
            depends_on=[starting],
        )
        accept(
            schedule,
            {"kms_key_arn": None},
            CKV_AWS_297="the schedule contains only the ARN of a state machine and an empty input",
        )
        self.machine_arn = machine.arn

    def _role(self, id_: str, what: str, service: str, source: str, policy: str) -> tuple[IamRole, IamRolePolicy]:
        account = self._place.account
        role = platform_role(
            self,
            f"{what}-role",
            names=self._place.names,
            account=account,
            purpose=f"{id_}-{what}",
            description=f"What {'Step Functions' if service == 'states' else 'EventBridge Scheduler'} does for {id_}",
            trust=service_trust(f"{service}.amazonaws.com", account, source_arns=[account.arn(service, source)]),
        )
        made = IamRolePolicy(self, f"{what}-policy", name=what, role=role.id, policy=policy)
        no_other_policies(self, f"{what}-role", role=role, policies=[made])
        return role, made

    def _runs(self, family: str, cluster: str) -> str:
        """Runs tasks of this definition in this cluster. Step Functions creates an EventBridge rule for their end.

        https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html
        """
        account = self._place.account
        in_cluster = {"ArnEquals": {"ecs:cluster": account.arn("ecs", f"cluster/{cluster}")}}
        return document(
            statement("FindRuns", actions=["ecs:ListTasks"], resources=["*"], conditions=in_cluster),
            statement(
                "Run",
                actions=["ecs:RunTask"],
                resources=[account.arn("ecs", f"task-definition/{family}:*")],
                conditions=in_cluster,
            ),
            statement(
                "Watch",
                actions=["ecs:DescribeTasks", "ecs:StopTask", "ecs:TagResource"],
                resources=[account.arn("ecs", f"task/{cluster}/*")],
            ),
            statement(
                "HearOfTheEnd",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[account.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")],
            ),
            statement(
                "PassRoles",
                actions=["iam:PassRole"],
                resources=[self.roles.task_arn, self.roles.execution_arn],
                conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
        )

    def _steps(self, job: JobSettings, family: str, cluster_arn: str) -> dict[str, object]:
        runs = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ecs:listTasks",
            "Parameters": {"Cluster": cluster_arn, "Family": family, "DesiredStatus": "RUNNING"},
        }
        return {
            "Comment": "One run at a time",
            "StartAt": "LookForEarlierRun",
            "States": {
                "LookForEarlierRun": {**runs, "ResultPath": "$.earlier", "Next": "IsOneOn"},
                "IsOneOn": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.earlier.TaskArns[0]", "IsPresent": True, "Next": "LeftOut"}],
                    "Default": "Run",
                },
                "LeftOut": {"Type": "Succeed"},
                "Run": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::ecs:runTask.sync",
                    "TimeoutSeconds": job.timeout_minutes * 60,
                    "Parameters": {
                        "Cluster": cluster_arn,
                        "TaskDefinition": self.definition.arn,
                        "LaunchType": "FARGATE",
                        # The budget counts resources with the environment's tags.
                        "EnableECSManagedTags": True,
                        "PropagateTags": "TASK_DEFINITION",
                        "NetworkConfiguration": {"AwsvpcConfiguration": self._network},
                    },
                    "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "LookForLateRun"}],
                    "End": True,
                },
                # AWS does not document that Step Functions stops the task when a state times out.
                "LookForLateRun": {**runs, "ResultPath": "$.late", "Next": "StopLateRun"},
                "StopLateRun": {
                    "Type": "Map",
                    "ItemsPath": "$.late.TaskArns",
                    "ItemProcessor": {
                        "StartAt": "Stop",
                        "States": {
                            "Stop": {
                                "Type": "Task",
                                "Resource": "arn:aws:states:::aws-sdk:ecs:stopTask",
                                "Parameters": {"Cluster": cluster_arn, "Task.$": "$", "Reason": "out of time"},
                                "End": True,
                            }
                        },
                    },
                    "Next": "OutOfTime",
                },
                "OutOfTime": {"Type": "Fail", "Error": "OutOfTime", "Cause": f"after {job.timeout_minutes} minutes"},
            },
        }
