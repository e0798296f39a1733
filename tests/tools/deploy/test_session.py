"""A shell and a tunnel: what is asked of AWS, what the plugin is given, and what is refused before."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from settings import Environment, load
from tools.deploy import session
from tools.synthesized.errors import DeployError

TASK = "arn:aws:ecs:ca-central-1:111111111111:task/iot-service-dev/0123"
SESSION = {"sessionId": "s-1", "streamUrl": "wss://stream", "tokenValue": "token"}


class Aws:
    """ECS and SSM as far as a session asks them; `calls` keeps what they were asked."""

    def __init__(self, *, agent: str = "RUNNING", tasks: int = 1) -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        container = {
            "name": "service",
            "runtimeId": "0123-9",
            "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": agent}],
        }
        sidecar = {"name": "adot", "runtimeId": "0123-1"}
        self._task = {"taskArn": TASK, "taskDefinitionArn": "definition", "containers": [sidecar, container]}
        self._tasks = tasks

    def __call__(self, service: str) -> Any:
        return SimpleNamespace(
            list_tasks=lambda **_: {"taskArns": [TASK] * self._tasks},
            describe_tasks=lambda **_: {"tasks": [self._task] * self._tasks},
            describe_task_definition=lambda **_: {"taskDefinition": {"containerDefinitions": [self._definition()]}},
            execute_command=self._keep("execute_command", {"session": SESSION}),
            start_session=self._keep(
                "start_session", {key[0].upper() + key[1:]: value for key, value in SESSION.items()}
            ),
        )

    def _definition(self) -> dict[str, Any]:
        told = {"DATABASE_HOST": "writer", "DATABASE_PORT": "5432", "REDIS_HOST": "primary", "REDIS_PORT": "6379"}
        return {"name": "service", "environment": [{"name": key, "value": value} for key, value in told.items()]}

    def _keep(self, name: str, answer: dict[str, Any]) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.calls[name] = arguments
            return answer

        return call


@pytest.fixture
def environment() -> Environment:
    found = load("iot-dev")
    assert found.service.exec is True
    return found


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin on the PATH that writes down its arguments, a line each."""
    plugin, file = tmp_path / "session-manager-plugin", tmp_path / "given"
    plugin.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {file}\n')
    plugin.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return file


def test_a_shell_is_opened_in_the_first_container(environment: Environment, given: Path) -> None:
    aws = Aws()

    session.shell(environment, clients=aws)

    asked = aws.calls["execute_command"]
    assert (asked["cluster"], asked["task"], asked["container"]) == ("iot-service-dev", TASK, "service")
    assert (asked["interactive"], asked["command"]) == (True, "/bin/sh")
    answer, region, operation, profile, request, endpoint = given.read_text().splitlines()
    assert json.loads(answer) == SESSION
    assert (region, operation, profile) == ("ca-central-1", "StartSession", "")
    assert json.loads(request) == {"Target": "ecs:iot-service-dev_0123_0123-9"}
    assert endpoint == "https://ecs.ca-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("to", "host", "port", "local"), [("database", "writer", "5432", "15432"), ("cache", "primary", "6379", "16379")]
)
def test_a_tunnel_leads_to_what_the_task_is_told(
    environment: Environment, given: Path, to: str, host: str, port: str, local: str
) -> None:
    aws = Aws()
    said: list[str] = []

    session.tunnel(environment, to, clients=aws, say=said.append)

    asked = aws.calls["start_session"]
    assert asked["DocumentName"] == "AWS-StartPortForwardingSessionToRemoteHost"
    assert asked["Parameters"] == {"host": [host], "portNumber": [port], "localPortNumber": [local]}
    answer, _, _, _, request, endpoint = given.read_text().splitlines()
    assert json.loads(answer).keys() == {"SessionId", "StreamUrl", "TokenValue"}
    assert json.loads(request)["Target"] == "ecs:iot-service-dev_0123_0123-9"
    assert endpoint == "https://ssm.ca-central-1.amazonaws.com"
    assert f"127.0.0.1:{local} is {host}:{port}" in said[0]


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("to", [None, "", "redis"])
def test_a_tunnel_to_elsewhere_is_refused(environment: Environment, to: str | None) -> None:
    with pytest.raises(DeployError, match=r"^TO = .*; allowed: database, cache; correct it$"):
        session.tunnel(environment, to, clients=Aws())


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("aws", [Aws(tasks=0), Aws(agent="STOPPED")])
def test_without_a_task_that_takes_one_it_says_what_to_do(environment: Environment, aws: Aws) -> None:
    with pytest.raises(DeployError, match=r"no task of iot-service-dev allows ECS Exec.*force-new-deployment"):
        session.shell(environment, clients=aws)

    assert not aws.calls


@pytest.mark.usefixtures("given")
def test_production_without_the_setting_is_refused() -> None:
    aws = Aws()

    with pytest.raises(DeployError, match=r"service.exec of iot-prod is false"):
        session.shell(load("iot-prod"), clients=aws)

    assert not aws.calls


def test_without_the_plugin_it_says_where_to_get_it(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(DeployError, match=r"session-manager-plugin is not installed; see https://docs"):
        session.shell(environment, clients=Aws())


def test_a_plugin_that_fails_fails_the_command(environment: Environment, given: Path) -> None:
    given.with_name("session-manager-plugin").write_text("#!/bin/sh\nexit 3\n")

    with pytest.raises(DeployError, match=r"ended with exit code 3"):
        session.shell(environment, clients=Aws())


@pytest.mark.usefixtures("given")
def test_a_refusal_of_aws_is_one_line(environment: Environment) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListTasks")

    with pytest.raises(DeployError, match=r"AWS refused the call: .*AccessDenied"):
        session.shell(environment, clients=lambda _: SimpleNamespace(list_tasks=refuse))
