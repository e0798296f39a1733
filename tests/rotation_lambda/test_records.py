"""What the function tells: its log, the age of a secret, and the entry point that Lambda calls."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from rotation import errors, handler
from rotation_support.cases import alternating_again
from rotation_support.world import Context, World


def test_log_record_of_a_step(world: World) -> None:
    case = world.alternating()
    case.begin()
    case.step("createSecret")
    record = world.log_record(case.event("setSecret"))
    assert record | {"elapsed_ms": 0} == {
        "step": "setSecret",
        "secret": case.arn,
        "token": case.token,
        "outcome": "done",
        "class": None,
        "retryable": None,
        "elapsed_ms": 0,
        "changes": record["changes"],
    }
    assert f"set the password of {case.document('AWSPENDING')['username']}" in record["changes"]


def test_log_record_of_a_failure_cannot_be_forged(world: World) -> None:
    forged = 'x\n{"step": "setSecret", "outcome": "done"}'
    record = world.log_record({"SecretId": forged, "ClientRequestToken": "t" * 36, "Step": "setSecret"})
    assert (record["secret"], record["outcome"]) == (forged, "failed")
    assert (record["class"], record["retryable"]) == ("SecretStateError", False)


def test_defect_in_the_function_shows_no_text(world: World) -> None:
    class Broken:
        def describe_secret(self, **_: Any) -> dict[str, Any]:
            raise KeyError("hunter2-hunter2")

    world.leaks.add("hunter2-hunter2")
    with pytest.raises(errors.InternalError, match=r"unexpected KeyError in test_records\.py:\d+"):
        world.handle({"report": {"SecretId": "x"}}, client=Broken())


def test_age_report_is_a_metric(world: World) -> None:
    case = alternating_again(world)
    answer = world.handle({"report": {"SecretId": case.arn}})
    assert answer == {"secret": case.arn, "days_since_rotation": 0.0, "rotated": True}
    now = datetime.datetime.now(datetime.UTC)
    found = world.cloudwatch.get_metric_statistics(
        Namespace="SecretRotation",
        MetricName="DaysSinceRotation",
        Dimensions=[{"Name": "SecretArn", "Value": case.arn}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=86_400,
        Statistics=["Maximum"],
    )
    assert [point["Maximum"] for point in found["Datapoints"]] == [0.0]


def test_age_report_of_a_secret_never_rotated_counts_from_its_creation(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.secret(case.arn).created_date -= 40 * 86_400  # type: ignore[operator]
    answer = world.handle({"report": {"SecretId": case.arn}})
    assert answer["rotated"] is False
    assert answer["days_since_rotation"] == pytest.approx(40, abs=0.01)


def test_age_report_without_any_date(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.secret(case.arn).created_date = None
    with pytest.raises(errors.SecretStateError, match="neither a rotation date"):
        world.handle({"report": {"SecretId": case.arn}})


def test_shipped_entry_point(world: World, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real `handler`, with its own clients: it refuses the embedded server, whose authority is not
    RDS's.
    """

    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    case = world.alternating()
    assert handler.handler({"report": {"SecretId": case.arn}}, Context())["secret"] == case.arn
    case.begin()
    handler.handler(case.event("createSecret"), Context())
    with case.unchanged(), pytest.raises(errors.TlsError):
        handler.handler(case.event("setSecret"), Context())
    assert handler.client_of("secretsmanager") is handler.client_of("secretsmanager")
