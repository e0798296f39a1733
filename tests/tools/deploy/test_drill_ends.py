"""The copy of a drill is destroyed in whichever state an interrupt leaves it; AWS is played."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from settings import load
from tools.deploy import drill as drills
from tools.synthesized.errors import DeployError

ENVIRONMENT = load("iot-dev")
SOURCE, COPY = "iot-aurora-dev", "iot-aurora-drill-dev"


class NotFoundError(ClientError):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "DBClusterNotFoundFault"}}, "Describe")


class Aws:
    """RDS and EC2 with a copy that an interrupt left: `busy` says how often AWS refuses to delete a thing of it."""

    def __init__(self, *, status: str, busy: int = 0, code: str = "InvalidDBClusterStateFault") -> None:
        self.status, self.busy, self.code = status, busy, code
        self.there = {"cluster", "group"}
        self.deleted: list[str] = []

    def describe_db_clusters(self, *, DBClusterIdentifier: str) -> Any:  # noqa: N803
        if DBClusterIdentifier == SOURCE:
            source = {"DBClusterArn": f"arn:aws:rds:ca-central-1:{ENVIRONMENT.account_id}:cluster:{SOURCE}"}
            return {"DBClusters": [{**source, "LatestRestorableTime": datetime.now(UTC)}]}
        if "cluster" not in self.there:
            raise NotFoundError
        return {"DBClusters": [{"Status": self.status}]}

    def describe_db_instances(self, **_: str) -> Any:
        raise NotFoundError

    def delete_db_cluster(self, *, DBClusterIdentifier: str, **_: Any) -> None:  # noqa: N803
        assert DBClusterIdentifier == COPY
        self._refuse("InvalidDBClusterStateFault")
        self.deleted.append("cluster")

    def get_waiter(self, waiter: str) -> Any:
        assert waiter == "db_cluster_deleted"
        return type("Waiter", (), {"wait": lambda _, **__: self.there.discard("cluster")})()

    def describe_security_groups(self, **_: Any) -> Any:
        return {"SecurityGroups": [{"GroupId": "sg-1"}] if "group" in self.there else []}

    def delete_security_group(self, **_: str) -> None:
        self._refuse("DependencyViolation")
        self.there.discard("group")
        self.deleted.append("group")

    def _refuse(self, code: str) -> None:
        if self.code == code and self.busy:
            self.busy -= 1
            raise ClientError({"Error": {"Code": code}}, "Delete")


def interrupted(aws: Aws, monkeypatch: pytest.MonkeyPatch, page: Path | None = None) -> None:
    """A drill that somebody interrupts while the copy is restored."""

    def restore(_: object) -> list[str]:
        aws.there |= {"cluster", "group"}
        raise KeyboardInterrupt

    monkeypatch.setattr(drills._Drill, "restore_and_ask", restore)
    drills.drill(ENVIRONMENT, clients=lambda _: aws, page=page, poll_seconds=0, say=lambda _: None)


@pytest.mark.parametrize("code", ["InvalidDBClusterStateFault", "DependencyViolation"])
def test_what_aws_does_not_delete_yet_is_deleted_later(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(status="creating", busy=3, code=code)

    with pytest.raises(KeyboardInterrupt):
        interrupted(aws, monkeypatch)

    assert aws.there == set()
    assert aws.busy == 0


def test_what_is_being_deleted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(status="deleting")

    with pytest.raises(KeyboardInterrupt):
        interrupted(aws, monkeypatch)

    assert aws.there == set()
    assert "cluster" not in aws.deleted


def test_the_page_says_that_the_copy_is_still_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws, page = Aws(status="available", busy=1, code="DependencyViolation"), tmp_path / "drills.md"
    starts = [None]

    def destroy(_: object) -> None:
        if not starts:
            raise EndpointConnectionError(endpoint_url="https://rds")
        starts.pop()

    monkeypatch.setattr(drills._Drill, "destroy", destroy)

    with pytest.raises(DeployError, match=r"^the copy was not destroyed; run this again"):
        interrupted(aws, monkeypatch, page)

    assert page.read_text().endswith("| interrupted; the copy was not destroyed |\n")


def test_a_cluster_that_is_still_being_made_has_no_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(status="available")
    arn = f"arn:aws:rds:ca-central-1:{ENVIRONMENT.account_id}:cluster:{SOURCE}"
    monkeypatch.setattr(aws, "describe_db_clusters", lambda **_: {"DBClusters": [{"DBClusterArn": arn}]})

    with pytest.raises(DeployError, match=r"^iot-aurora-dev has no backup yet; run the drill again"):
        drills.drill(ENVIRONMENT, clients=lambda _: aws, page=None)
