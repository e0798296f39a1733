"""The one-off migration: what is run, what is said, and every way in which it can fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, WaiterError

from settings import Environment, load
from tools.deploy import __main__ as command
from tools.deploy.migrate import migrate
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator
from tools.synthesized.errors import DeployError

NAME = "iot-service-dev"
TASK = "arn:aws:ecs:ca-central-1:111111111111:task/iot-service-dev/abc123"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
DEFINITION = {
    "taskDefinitionArn": "arn:aws:ecs:ca-central-1:111111111111:task-definition/iot-service-dev:7",
    "containerDefinitions": [
        {
            "name": "service",
            "image": "registry.example.com/iot:7",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/iot/dev/service", "awslogs-stream-prefix": "task"},
            },
        }
    ],
}


class Ecs:
    """Answers as ECS does; `task` is what the migration ends as."""

    def __init__(self, **task: Any) -> None:
        self.services: list[dict[str, Any]] = [{"status": "ACTIVE", "networkConfiguration": NETWORK}]
        self.container: dict[str, Any] = {"exitCode": 0}
        self.task = {"taskArn": TASK, "lastStatus": "STOPPED", **task}
        self.late: BaseException | None = None
        self.waited: dict[str, int] = {}
        self.failures: list[dict[str, str]] = []
        self.others: list[dict[str, str]] = []
        self.ran: dict[str, Any] = {}
        self.stopped: list[str] = []

    def describe_services(self, **asked: Any) -> Any:
        assert asked == {"cluster": NAME, "services": [NAME]}
        return {"services": self.services}

    def describe_task_definition(self, **asked: Any) -> Any:
        assert asked == {"taskDefinition": NAME}  # the family: its newest revision
        return {"taskDefinition": DEFINITION}

    def list_tasks(self, **asked: Any) -> Any:
        assert asked == {"cluster": NAME, "startedBy": "migration"}
        return {"taskArns": [other["taskArn"] for other in self.others]}

    def run_task(self, **arguments: Any) -> Any:
        self.ran = arguments
        return {"tasks": [] if self.failures else [{"taskArn": TASK}], "failures": self.failures}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> Any:
        if tasks != [TASK]:
            return {"tasks": self.others}
        return {"tasks": [{**self.task, "containers": [self.container]}]}

    def get_waiter(self, name: str) -> Any:
        assert name == "tasks_stopped"
        return self

    def wait(self, **asked: Any) -> None:
        self.waited = asked.pop("WaiterConfig")
        assert asked == {"cluster": NAME, "tasks": [TASK]}
        if self.late:
            raise self.late

    def stop_task(self, *, cluster: str, task: str, reason: str) -> None:
        self.stopped.append(task)


class Logs:
    """Answers as CloudWatch Logs does."""

    exceptions = SimpleNamespace(ResourceNotFoundException=type("ResourceNotFoundException", (Exception,), {}))

    def __init__(self, *lines: str) -> None:
        self._lines = lines

    def get_log_events(self, **asked: Any) -> Any:
        limit = asked.pop("limit")
        assert asked == {
            "logGroupName": "/iot/dev/service",
            "logStreamName": "task/service/abc123",
            "startFromHead": False,
        }
        if not self._lines:
            raise self.exceptions.ResourceNotFoundException
        return {"events": [{"message": line} for line in self._lines[-limit:]]}


def environment(**changed: Any) -> Environment:
    shipped = load("iot-dev")
    return shipped.model_copy(update={"service": shipped.service.model_copy(update=changed)})


def run(ecs: Any, logs: Any = None, **changed: Any) -> list[str]:
    """What is said."""
    said: list[str] = []
    clients = {"ecs": ecs, "logs": logs or Logs("migrated 3 tables")}
    migrate(environment(**changed), clients=clients.__getitem__, say=said.append)
    return said


def test_the_services_task_is_run_with_the_migrations_command() -> None:
    ecs = Ecs()

    said = run(ecs)

    assert said == [
        "Running python -m telemetry.migrate in registry.example.com/iot:7",
        "  migrated 3 tables",
        "Migrated",
    ]
    assert ecs.ran["taskDefinition"] == DEFINITION["taskDefinitionArn"]
    assert ecs.ran["networkConfiguration"] == NETWORK
    assert (ecs.ran["launchType"], ecs.ran["count"], ecs.ran["startedBy"]) == ("FARGATE", 1, "migration")
    assert ecs.ran["overrides"] == {
        "containerOverrides": [{"name": "service", "command": ["python", "-m", "telemetry.migrate"]}]
    }
    assert ecs.stopped == []


def _failing(code: str) -> Callable[[Ecs], None]:
    def spoil(ecs: Ecs) -> None:
        def fail(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeServices")

        ecs.describe_services = fail  # type: ignore[method-assign]

    return spoil


def _without_credentials(ecs: Ecs) -> None:
    def fail(**_: Any) -> Any:
        raise NoCredentialsError

    ecs.describe_services = fail  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_failing("ClusterNotFoundException"), f"there is no cluster {NAME}; first: make deploy ENV=iot-dev"),
        (_failing("AccessDeniedException"), "the migration was aborted: An error occurred (AccessDenied"),
        (_without_credentials, "AWS cannot be reached: Unable to locate credentials; set credentials and AWS_REGION"),
        (lambda ecs: ecs.services.clear(), f"there is no service {NAME}; first: make deploy ENV=iot-dev"),
        (
            lambda ecs: ecs.services[0].update(status="INACTIVE"),
            f"there is no service {NAME}; first: make deploy ENV=iot-dev",
        ),
        (
            lambda ecs: ecs.others.append({"taskArn": "arn:other", "lastStatus": "RUNNING"}),
            "a migration is already running: arn:other; wait until it has finished",
        ),
        (
            lambda ecs: ecs.failures.append({"reason": "Capacity is unavailable"}),
            "the migration did not start: Capacity is unavailable; nothing has run",
        ),
        (
            lambda ecs: ecs.container.update(exitCode=3),
            f"the migration failed with exit code 3; see its log above ({TASK})",
        ),
        (
            lambda ecs: (ecs.container.pop("exitCode"), ecs.task.update(stoppedReason="CannotPullContainerError: x")),
            f"the migration did not run: CannotPullContainerError: x ({TASK})",
        ),
        (
            lambda ecs: (ecs.container.pop("exitCode"), ecs.container.update(reason="OutOfMemoryError")),
            f"the migration did not run: OutOfMemoryError ({TASK})",
        ),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_failure(spoil: Callable[[Ecs], Any], message: str) -> None:
    ecs = Ecs()
    spoil(ecs)

    with pytest.raises(DeployError) as failure:
        run(ecs)

    assert str(failure.value).startswith(message)


def test_credentials_of_another_account_run_nothing() -> None:
    """Terraform's provider refuses them; this command asks AWS by itself."""
    ecs, elsewhere = Ecs(), environment().model_copy(update={"account_id": "222222222222"})

    with pytest.raises(DeployError, match=r"^the credentials belong to account 111111111111, but iot-dev is in 2222"):
        migrate(elsewhere, clients={"ecs": ecs, "logs": Logs()}.__getitem__)

    assert ecs.ran == {}


def test_an_ended_migration_is_in_nobodys_way() -> None:
    ecs = Ecs()
    ecs.others.append({"taskArn": "arn:other", "lastStatus": "STOPPED"})

    assert run(ecs)[-1] == "Migrated"


def test_the_log_of_a_failed_migration_is_shown_and_a_missing_one_is_said() -> None:
    ecs = Ecs()
    ecs.container["exitCode"] = 1
    said: list[str] = []

    with pytest.raises(DeployError):
        migrate(
            environment(),
            clients={"ecs": ecs, "logs": Logs("relation exists")}.__getitem__,
            say=said.append,
        )

    assert said[-1] == "  relation exists"
    assert run(Ecs(), Logs())[1] == "  (no log stream task/service/abc123)"


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (
            WaiterError("TasksStopped", "Max attempts exceeded", {}),
            r"did not end within 1 minutes .*Max attempts exceeded",
        ),
        (KeyboardInterrupt("by hand"), "by hand"),
    ],
)
def test_a_migration_that_is_out_of_time_or_interrupted_is_stopped(late: BaseException, said: str) -> None:
    ecs = Ecs()
    ecs.late = late

    with pytest.raises((DeployError, KeyboardInterrupt), match=said):
        run(ecs, migration_timeout_minutes=1)

    assert ecs.stopped == [TASK]


def test_a_migration_has_the_minutes_of_its_settings() -> None:
    ecs = Ecs()

    assert run(ecs, migration_timeout_minutes=2)[-1] == "Migrated"
    assert ecs.waited["Delay"] * ecs.waited["MaxAttempts"] == 120
    assert ecs.stopped == []


def test_without_a_command_there_is_nothing_to_run() -> None:
    with pytest.raises(DeployError, match=r"^iot-dev has no service\.migration_command; add it to its file$"):
        run(Ecs(), migration_command=())


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """ECS of an embedded AWS with the cluster and network of `iot-dev`; the shell's AWS is that one."""
    with Emulator(load("iot-dev").account_id, log_dir=tmp_path) as emulator:
        for name in set(os.environ) - set(without_aws(os.environ)):
            monkeypatch.delenv(name)
        for name, value in emulator.environment("ca-central-1").items():
            monkeypatch.setenv(name, value)
        boto3.client("ecs").create_cluster(clusterName=NAME)
        yield boto3.client("ecs")


def _deploy(ecs: Any, image: str) -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName=NAME, Description=NAME)["GroupId"]
    container = {**DEFINITION["containerDefinitions"][0], "image": image}  # type: ignore[dict-item]
    ecs.register_task_definition(
        family=NAME,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    ecs.create_service(
        cluster=NAME,
        serviceName=NAME,
        taskDefinition=NAME,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
    )


@pytest.mark.emulator
def test_the_command_runs_against_an_aws(embedded: Any, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)
    call = ["migrate", "--env", "iot-dev"]

    assert command.main(call) == 1
    assert f"there is no service {NAME}" in capsys.readouterr().err
    _deploy(embedded, "registry.example.com/iot:1")
    for _ in range(2):
        assert command.main(call) == 0
        assert "Migrated" in capsys.readouterr().out
    (first, *_) = embedded.list_tasks(cluster=NAME, startedBy="migration")["taskArns"]
    (task,) = embedded.describe_tasks(cluster=NAME, tasks=[first])["tasks"]
    assert task["overrides"]["containerOverrides"][0]["command"] == ["python", "-m", "telemetry.migrate"]


@pytest.mark.emulator
def test_an_image_that_cannot_be_pulled_migrates_nothing(embedded: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _deploy(embedded, "registry.invalid/iot:1")

    assert command.main(["migrate", "--env", "iot-dev"]) == 1
    assert "CannotPullContainerError" in capsys.readouterr().err
