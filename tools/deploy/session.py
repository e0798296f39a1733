"""A shell in a task, and a port of the database or the cache over one, by Session Manager."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from settings import Environment
from tools.deploy.aws import Clients
from tools.synthesized.errors import DeployError

_PLUGIN = "session-manager-plugin"
_WHERE = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
_LOCAL_PORTS = {"database": 15432, "cache": 16379}


def shell(environment: Environment, *, clients: Clients, command: str = "/bin/sh") -> None:
    """A shell in a task of the service. Raises DeployError without the plugin, the setting or a task."""
    plugin, task = _plugin(), _task(environment, clients("ecs"))
    ecs, name = clients("ecs"), environment.names.name("service")
    answer = _asked(
        lambda: ecs.execute_command(
            cluster=name, task=task["taskArn"], container=_container(task)["name"], interactive=True, command=command
        )
    )
    _run(plugin, environment, answer["session"], {"Target": _target(task, name)}, f"ecs.{environment.region}")


def tunnel(environment: Environment, to: str | None, *, clients: Clients, say: Callable[[str], None] = print) -> None:
    """A port of this machine that leads to the writer of the database, or to the cache, over a task of the service.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
    """
    if to not in _LOCAL_PORTS:
        raise DeployError(f"TO = {to!r}; allowed: {', '.join(_LOCAL_PORTS)}; correct it")
    plugin, task = _plugin(), _task(environment, clients("ecs"))
    host, port = _endpoint(task, to, clients("ecs"))
    local, target = _LOCAL_PORTS[to], _target(task, environment.names.name("service"))
    parameters = {"host": [host], "portNumber": [port], "localPortNumber": [str(local)]}
    document = "AWS-StartPortForwardingSessionToRemoteHost"
    ssm = clients("ssm")
    answer = _asked(lambda: ssm.start_session(Target=target, DocumentName=document, Parameters=parameters))
    say(f"127.0.0.1:{local} is {host}:{port} until Ctrl-C. The TLS certificate is for that name, not for 127.0.0.1")
    session = {key: answer[key] for key in ("SessionId", "StreamUrl", "TokenValue")}
    request = {"Target": target, "DocumentName": document, "Parameters": parameters}
    _run(plugin, environment, session, request, f"ssm.{environment.region}")


def _plugin() -> str:
    found = shutil.which(_PLUGIN)
    if found is None:
        raise DeployError(f"{_PLUGIN} is not installed; see {_WHERE}")
    return found


def _task(environment: Environment, ecs: Any) -> Mapping[str, Any]:
    """A running task whose agent is ready."""
    if not environment.service.exec:
        raise DeployError(f"service.exec of {environment.name} is false; set it and deploy, then try again")
    name = environment.names.name("service")
    arns = _asked(lambda: ecs.list_tasks(cluster=name, serviceName=name, desiredStatus="RUNNING"))["taskArns"]
    tasks = _asked(lambda: ecs.describe_tasks(cluster=name, tasks=arns))["tasks"] if arns else []
    for task in tasks:
        if any(
            agent["name"] == "ExecuteCommandAgent" and agent["lastStatus"] == "RUNNING"
            for agent in _container(task).get("managedAgents", ())
        ):
            return dict(task)
    raise DeployError(
        f"no task of {name} allows ECS Exec; tasks that started before service.exec was set must be replaced: "
        f"aws ecs update-service --cluster {name} --service {name} --force-new-deployment"
    )


def _container(task: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(one for one in task["containers"] if one["name"] == "service")


def _target(task: Mapping[str, Any], cluster: str) -> str:
    return f"ecs:{cluster}_{task['taskArn'].rpartition('/')[2]}_{_container(task)['runtimeId']}"


def _endpoint(task: Mapping[str, Any], to: str, ecs: Any) -> tuple[str, str]:
    """Host and port, as the task is told them."""
    definition = _asked(lambda: ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"]))
    container = next(one for one in definition["taskDefinition"]["containerDefinitions"] if one["name"] == "service")
    told = {variable["name"]: variable["value"] for variable in container["environment"]}
    prefix = {"database": "DATABASE", "cache": "REDIS"}[to]
    return told[f"{prefix}_HOST"], told[f"{prefix}_PORT"]


def _asked(call: Callable[[], Any]) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except ClientError as error:
        raise DeployError(f"AWS refused the call: {error}") from error
    except BotoCoreError as error:
        raise DeployError(f"AWS cannot be reached: {error}; set credentials and AWS_REGION") from error


def _run(
    plugin: str, environment: Environment, session: Mapping[str, Any], request: Mapping[str, Any], service: str
) -> None:
    """Give the session to the plugin in the way of the AWS CLI (awscli/customizations/ecs/executecommand.py)."""
    command = [plugin, json.dumps(session), environment.region, "StartSession", "", json.dumps(request)]
    done = subprocess.run([*command, f"https://{service}.amazonaws.com"], check=False)
    if done.returncode:
        raise DeployError(f"{_PLUGIN} ended with exit code {done.returncode}")
