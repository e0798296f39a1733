"""Runs the one-off migration task: the service's image, roles and network with a command of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from settings import Environment
from tools.deploy.aws import Clients, refuse_other_account
from tools.synthesized.errors import DeployError

_POLL_SECONDS = 5
_STARTED_BY = "migration"
_LOG_LINES = 50


def migrate(environment: Environment, *, clients: Clients, say: Callable[[str], None] = print) -> None:
    """Run `service.migration_command` in one task, wait for its end and show the end of its log.

    It is the newest task definition that runs, deployed or rolled back: so a deployment that failed because its schema
    was missing can be followed by its migration and then by itself. The network is that of the service.
    Raises DeployError unless the container's exit code is 0. An interrupt stops the task.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if not environment.service.migration_command:
        raise DeployError(f"{environment.name} has no service.migration_command; add it to its file")
    name = environment.names.name("service")
    try:
        _migrate(environment, name, clients, say)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ClusterNotFoundException":
            raise DeployError(f"there is no cluster {name}; first: make deploy ENV={environment.name}") from error
        raise DeployError(f"the migration was aborted: {error}") from error
    except BotoCoreError as error:
        raise DeployError(f"AWS cannot be reached: {error}; set credentials and AWS_REGION") from error


def _migrate(environment: Environment, name: str, clients: Clients, say: Callable[[str], None]) -> None:
    ecs, settings = clients("ecs"), environment.service
    services = ecs.describe_services(cluster=name, services=[name])["services"]
    active = [service for service in services if service["status"] == "ACTIVE"]
    if not active:
        raise DeployError(f"there is no service {name}; first: make deploy ENV={environment.name}")
    definition = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    refuse_other_account(definition["taskDefinitionArn"], environment)
    _refuse_second(ecs, name)
    container = definition["containerDefinitions"][0]
    say(f"Running {' '.join(settings.migration_command)} in {container['image']}")
    task = _start(ecs, name, active[0]["networkConfiguration"], definition, list(settings.migration_command))
    try:
        ended = _wait(ecs, name, task, settings.migration_timeout_minutes)
    except BaseException:
        ecs.stop_task(cluster=name, task=task, reason="make migrate was interrupted or timed out")
        say(f"Stopped {task}")
        raise
    for line in _log(clients("logs"), container, task):
        say(f"  {line}")
    _judge(ended, task)
    say("Migrated")


def _refuse_second(ecs: Any, cluster: str) -> None:
    arns = ecs.list_tasks(cluster=cluster, startedBy=_STARTED_BY)["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    for task in tasks:
        if task["lastStatus"] != "STOPPED":
            raise DeployError(f"a migration is already running: {task['taskArn']}; wait until it has finished")


def _start(ecs: Any, name: str, network: Mapping[str, Any], definition: Mapping[str, Any], command: list[str]) -> str:
    answer = ecs.run_task(
        cluster=name,
        taskDefinition=definition["taskDefinitionArn"],
        launchType="FARGATE",
        platformVersion="LATEST",
        networkConfiguration=network,
        count=1,
        startedBy=_STARTED_BY,
        enableECSManagedTags=True,
        propagateTags="TASK_DEFINITION",
        overrides={"containerOverrides": [{"name": definition["containerDefinitions"][0]["name"], "command": command}]},
    )
    if not answer["tasks"]:
        reasons = "; ".join(failure.get("reason", "no reason") for failure in answer["failures"])
        raise DeployError(f"the migration did not start: {reasons}; nothing has run")
    return str(answer["tasks"][0]["taskArn"])


def _wait(ecs: Any, cluster: str, task: str, timeout_minutes: int) -> Mapping[str, Any]:
    from botocore.exceptions import WaiterError

    # A task that is not known yet, in the first moment after its start, is waited for, too.
    patience = {"Delay": _POLL_SECONDS, "MaxAttempts": timeout_minutes * 60 // _POLL_SECONDS}
    try:
        ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=[task], WaiterConfig=patience)
    except WaiterError as error:
        raise DeployError(
            f"the migration did not end within {timeout_minutes} minutes (service.migration_timeout_minutes): {error}"
        ) from error
    ended: Mapping[str, Any] = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]
    return ended


def _log(logs: Any, container: Mapping[str, Any], task: str) -> list[str]:
    """The last lines of the task; none where it has not come so far as to write."""
    options = container["logConfiguration"]["options"]
    stream = "/".join((options["awslogs-stream-prefix"], container["name"], task.rpartition("/")[2]))
    try:
        events = logs.get_log_events(
            logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LOG_LINES, startFromHead=False
        )["events"]
    except logs.exceptions.ResourceNotFoundException:
        return [f"(no log stream {stream})"]
    return [event["message"] for event in events]


def _judge(ended: Mapping[str, Any], task: str) -> None:
    container = ended["containers"][0]
    code = container.get("exitCode")
    if code is None:
        reason = container.get("reason") or ended.get("stoppedReason") or "no reason"
        raise DeployError(f"the migration did not run: {reason} ({task})")
    if code:
        raise DeployError(f"the migration failed with exit code {code}; see its log above ({task})")
