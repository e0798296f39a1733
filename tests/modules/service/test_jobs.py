"""Jobs: what starts a run, what keeps a second one away, and what ends it."""

from __future__ import annotations

import json
from typing import Any

from service_parts import container, policy, synthesize_beside
from synthesized import Synthesized

from modules.service import Job
from settings.service import JobSettings

NAME = "shop-job-report-dev"
ECS = "arn:aws:ecs:ca-central-1:333333333333:"


def synthesize(*, changed: dict[str, Any] | None = None, **own: Any) -> Synthesized:
    settings = JobSettings(**{"command": ("report",), "schedule": "rate(12 hours)", **own})
    return synthesize_beside(Job, "report", own=settings, **(changed or {}))


def steps(made: Synthesized) -> dict[str, Any]:
    definition = json.loads(made.one("aws_sfn_state_machine", name=NAME)["definition"])
    assert definition["StartAt"] == "LookForEarlierRun"
    found: dict[str, Any] = definition["States"]
    return found


def test_the_scheduler_starts_it_at_its_time_in_its_zone() -> None:
    made = synthesize(schedule="cron(30 7 * * ? *)", timezone="Europe/Dublin")
    schedule = made.one("aws_scheduler_schedule", name=NAME)
    machine = f"${{{made.address('aws_sfn_state_machine')}.arn}}"

    assert schedule["schedule_expression"] == "cron(30 7 * * ? *)"
    assert schedule["schedule_expression_timezone"] == "Europe/Dublin"
    assert schedule["flexible_time_window"] == {"mode": "OFF"}
    starter = made.address("aws_iam_role", name="shop-job-report-start-dev")
    assert (schedule["target"]["arn"], schedule["target"]["role_arn"]) == (machine, f"${{{starter}.arn}}")
    assert schedule["target"]["retry_policy"] == {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 10}
    assert policy(made, "start", "job-report")["WriteLog"]
    starting = made.one("aws_iam_role_policy", role=f"${{{starter}.id}}")
    (start,) = json.loads(starting["policy"])["Statement"]
    assert (start["Action"], start["Resource"]) == (["states:StartExecution"], [machine])
    assert schedule["depends_on"] == [made.address("aws_iam_role_policy", role=f"${{{starter}.id}}")]


def test_a_run_is_left_out_while_an_earlier_one_is_on() -> None:
    made = synthesize()
    found = steps(made)
    cluster = f"${{{made.address('aws_ecs_cluster')}.arn}}"

    look = found["LookForEarlierRun"]
    assert look["Resource"] == "arn:aws:states:::aws-sdk:ecs:listTasks"
    assert look["Parameters"] == {"Cluster": cluster, "Family": NAME, "DesiredStatus": "RUNNING"}
    assert (look["ResultPath"], look["Next"]) == ("$.earlier", "IsOneOn")
    assert found["IsOneOn"]["Choices"] == [{"Variable": "$.earlier.TaskArns[0]", "IsPresent": True, "Next": "LeftOut"}]
    assert found["IsOneOn"]["Default"] == "Run"
    assert found["LeftOut"] == {"Type": "Succeed"}
    assert made.one("aws_ecs_task_definition", family=NAME)


def test_a_run_is_a_task_in_the_services_network_that_is_waited_for() -> None:
    made = synthesize()
    run = steps(made)["Run"]

    assert run["Resource"] == "arn:aws:states:::ecs:runTask.sync"
    assert run["End"] is True
    assert run["Parameters"] == {
        "Cluster": f"${{{made.address('aws_ecs_cluster')}.arn}}",
        "TaskDefinition": f"${{{made.address('aws_ecs_task_definition', family=NAME)}.arn}}",
        "LaunchType": "FARGATE",
        "EnableECSManagedTags": True,
        "PropagateTags": "TASK_DEFINITION",
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": ["private-a", "private-b"],
                "SecurityGroups": [f"${{{made.address('aws_security_group')}.id}}"],
                "AssignPublicIp": "DISABLED",
            }
        },
    }
    inside = container(made, "job-report")
    assert (inside["command"], inside["portMappings"]) == (["report"], [])


def test_a_run_that_is_out_of_time_is_stopped_and_fails() -> None:
    found = steps(synthesize(timeout_minutes=45))

    assert found["Run"]["TimeoutSeconds"] == 45 * 60
    assert found["Run"]["Catch"] == [
        {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "LookForLateRun"}
    ]
    look, stop = found["LookForLateRun"], found["StopLateRun"]
    assert look["Parameters"] == found["LookForEarlierRun"]["Parameters"]
    assert (look["ResultPath"], look["Next"]) == ("$.late", "StopLateRun")
    assert (stop["Type"], stop["ItemsPath"], stop["Next"]) == ("Map", "$.late.TaskArns", "OutOfTime")
    (step,) = stop["ItemProcessor"]["States"].values()
    assert step["Resource"] == "arn:aws:states:::aws-sdk:ecs:stopTask"
    assert (step["Parameters"]["Task.$"], step["Parameters"]["Cluster"]) == ("$", look["Parameters"]["Cluster"])
    assert found["OutOfTime"] == {"Type": "Fail", "Error": "OutOfTime", "Cause": "after 45 minutes"}


def test_every_step_leads_to_one_that_is_there_or_ends() -> None:
    found = steps(synthesize())
    reached = {"LookForEarlierRun"}
    for step in found.values():
        reached |= {part["Next"] for part in [step, *step.get("Choices", []), *step.get("Catch", [])] if "Next" in part}
        reached |= {step["Default"]} if "Default" in step else set()
        assert step["Type"] in ("Succeed", "Fail", "Choice") or ("Next" in step) is not ("End" in step)

    assert reached == found.keys()


def test_step_functions_may_run_this_definition_in_this_cluster_and_no_more() -> None:
    made = synthesize()
    found = policy(made, "run", "job-report")
    in_cluster = {"ArnEquals": {"ecs:cluster": f"{ECS}cluster/shop-service-dev"}}

    assert found["Run"]["Resource"] == [f"{ECS}task-definition/{NAME}:*"]
    assert found["Run"]["Action"] == ["ecs:RunTask"]
    assert found["Run"]["Condition"] == found["FindRuns"]["Condition"] == in_cluster
    assert found["FindRuns"]["Action"] == ["ecs:ListTasks"]
    assert found["Watch"]["Action"] == ["ecs:DescribeTasks", "ecs:StopTask", "ecs:TagResource"]
    assert found["Watch"]["Resource"] == [f"{ECS}task/shop-service-dev/*"]
    assert found["HearOfTheEnd"]["Resource"] == [
        "arn:aws:events:ca-central-1:333333333333:rule/StepFunctionsGetEventsForECSTaskRule"
    ]
    roles = [made.address("aws_iam_role", name=f"shop-job-report-{kind}-dev") for kind in ("task", "execution")]
    assert found["PassRoles"]["Resource"] == [f"${{{role}.arn}}" for role in roles]
    assert found["PassRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_the_machine_waits_for_its_rights_those_of_the_task_and_the_paths() -> None:
    made = synthesize()
    waits_for = set(made.one("aws_sfn_state_machine", name=NAME)["depends_on"])
    paths = {address for address in made.addresses if address.startswith("aws_vpc_security_group_")}

    def rights(kind: str) -> str:
        role = made.address("aws_iam_role", name=f"shop-job-report-{kind}-dev")
        return made.address("aws_iam_role_policy", role=f"${{{role}.id}}")

    # Step Functions refuses a machine whose role may not make the rule by which it hears of the end.
    assert waits_for == {rights("run"), rights("task"), rights("execution")} | paths


def test_each_of_its_roles_trusts_one_service_for_one_thing() -> None:
    made = synthesize()

    for kind, service, source in (
        ("run", "states", f"arn:aws:states:ca-central-1:333333333333:stateMachine:{NAME}"),
        # Scheduler names the group of a schedule, not the schedule.
        ("start", "scheduler", "arn:aws:scheduler:ca-central-1:333333333333:schedule-group/default"),
    ):
        role = made.one("aws_iam_role", name=f"shop-job-report-{kind}-dev")
        (trust,) = json.loads(role["assume_role_policy"])["Statement"]
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "333333333333"},
            "ArnLike": {"aws:SourceArn": [source]},
        }


def test_no_shell_is_opened_in_a_job() -> None:
    made = synthesize(changed={"exec": True})

    assert "Shell" not in policy(made, "work", "job-report")
    assert "Shell" in policy(made, "work", "service")
    paths = [mount["containerPath"] for mount in container(made, "job-report")["mountPoints"]]
    assert not [path for path in paths if "amazon" in path]
