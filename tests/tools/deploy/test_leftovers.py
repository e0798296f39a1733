"""The log group that Container Insights makes again after a teardown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from settings import load
from tools.deploy import __main__ as command
from tools.deploy import cdktf
from tools.deploy.account import prepare
from tools.synthesized.errors import DeployError

GROUP = "/aws/ecs/containerinsights/iot-service-dev/performance"


class NotFoundError(ClientError):  # type: ignore[misc]
    pass


class Aws:
    """ECS and CloudWatch Logs with these clusters and groups."""

    exceptions = SimpleNamespace(ResourceNotFoundException=NotFoundError)

    def __init__(self, *clusters: str, groups: tuple[str, ...] = (GROUP,), error: str = "", account: str = "") -> None:
        self.clusters, self.groups, self._error = clusters, list(groups), error
        self._account = account or load("iot-dev").account_id

    def describe_clusters(self, *, clusters: list[str]) -> Any:
        assert clusters == ["iot-service-dev"]
        if self._error:
            raise ClientError({"Error": {"Code": self._error}}, "DescribeClusters")
        return {"clusters": [{"status": status} for status in self.clusters]}

    def describe_log_groups(self, *, logGroupNamePrefix: str) -> Any:  # noqa: N803
        named = [name for name in self.groups if name.startswith(logGroupNamePrefix)]
        arn = f"arn:aws:logs:ca-central-1:{self._account}:log-group"
        return {"logGroups": [{"logGroupName": name, "arn": f"{arn}:{name}:*"} for name in named]}

    def delete_log_group(self, **asked: str) -> None:
        if asked["logGroupName"] not in self.groups:
            raise NotFoundError({}, "DeleteLogGroup")
        self.groups.remove(asked["logGroupName"])


def cleared(aws: Aws) -> list[str]:
    said: list[str] = []
    prepare(load("iot-dev"), clients=lambda _: aws, approved=True, say=said.append)
    return said


@pytest.mark.parametrize("clusters", [(), ("INACTIVE",)])
def test_the_group_of_a_cluster_that_is_gone_is_deleted_and_no_other(clusters: tuple[str, ...]) -> None:
    aws = Aws(*clusters, groups=(GROUP, "/iot/dev/service"))

    assert cleared(aws) == [f"Deleted {GROUP}, which Container Insights had recreated after its cluster was deleted"]
    assert aws.groups == ["/iot/dev/service"]


@pytest.mark.parametrize("status", ["ACTIVE", "PROVISIONING", "DEPROVISIONING"])
def test_the_group_of_a_cluster_stays(status: str) -> None:
    aws = Aws(status)

    assert cleared(aws) == []
    assert aws.groups == [GROUP]


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("groups", [(), (f"{GROUP}-2",)])
def test_where_none_is_left_nothing_is_said(groups: tuple[str, ...], approved: bool) -> None:
    aws, said = Aws(groups=groups), list[str]()

    prepare(load("iot-dev"), clients=lambda _: aws, approved=approved, say=said.append)

    assert said == []
    assert aws.groups == list(groups)


def test_an_aws_that_refuses_stops_nothing() -> None:
    aws = Aws(error="AccessDenied")

    (said,) = cleared(aws)
    assert said.startswith(f"{GROUP} was not checked: ")
    assert aws.groups == [GROUP]


def test_it_comes_before_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws()

    def run(*_: Any, **__: Any) -> None:
        assert aws.groups == []
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_client", lambda service, region: aws)
    monkeypatch.setattr(cdktf, "require_credentials", lambda environ: None)
    monkeypatch.setattr(cdktf, "synthesize", run)

    assert command.main(["deploy", "--env", "iot-dev", "--approve"]) == 130


def test_before_an_approval_nothing_is_deleted() -> None:
    said: list[str] = []
    aws = Aws(groups=(GROUP, f"{GROUP}-2"))

    prepare(load("iot-dev"), clients=lambda _: aws, approved=False, say=said.append)

    assert aws.groups == [GROUP, f"{GROUP}-2"]
    assert said == [
        f"{GROUP} already exists; if the deployment cannot create it, run: aws logs delete-log-group "
        f"--log-group-name {GROUP}"
    ]


@pytest.mark.parametrize(
    ("call", "approved"), [(["deploy"], False), (["deploy", "--approve"], True), (["apply"], True)]
)
def test_what_counts_as_an_approval(call: list[str], approved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def stop(*_: object, approved: bool, **__: object) -> None:
        asked.append(approved)
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.deploy.account.prepare", stop)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    assert command.main([*call, "--env", "iot-dev"]) == 130
    assert asked == [approved]


@pytest.mark.parametrize("approved", [False, True])
def test_a_group_of_another_account_stays_and_nothing_is_deployed(approved: bool) -> None:
    aws = Aws(account="999999999999")

    with pytest.raises(
        DeployError, match=r"^the credentials belong to account 999999999999, but iot-dev is in \d{12}$"
    ):
        prepare(load("iot-dev"), clients=lambda _: aws, approved=approved)
    assert aws.groups == [GROUP]
