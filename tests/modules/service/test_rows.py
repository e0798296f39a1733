"""What is watched of workers and jobs, as data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from modules.monitoring.alarms import Alarm
from modules.service import jobs_row, workers_row
from settings.service import JobSettings

MACHINE = {"StateMachineArn": "arn:machine"}


def of_job(**settings: Any) -> dict[str, Alarm]:
    made = {"report": cast(Any, SimpleNamespace(machine_arn="arn:machine"))}
    said = {"report": JobSettings(**{"command": ("run",), "schedule": "rate(1 hour)", **settings})}
    return {alarm.id: alarm for alarm in jobs_row(said, made).alarms}


def test_a_worker_that_lacks_tasks_is_told_and_so_is_its_silence() -> None:
    made = {name: cast(Any, SimpleNamespace(service_name=f"s-{name}")) for name in ("mail", "orders")}
    row = workers_row(made, cluster="c")

    assert (row.id, [alarm.id for alarm in row.alarms]) == ("workers", ["mail-tasks-missing", "orders-tasks-missing"])
    alarm = row.alarms[0]
    assert [metric.name for metric in alarm.metrics] == ["DesiredTaskCount", "RunningTaskCount"]
    assert (alarm.expression, alarm.comparison, alarm.threshold) == ("m1 - m2", "above", 0)
    assert (alarm.missing, alarm.period_seconds * alarm.periods) == ("breaching", 600)
    for metric in [*alarm.metrics, *row.charts[0].metrics]:
        assert (metric.namespace, metric.dimensions) == (
            "ECS/ContainerInsights",
            {"ClusterName": "c", "ServiceName": "s-mail"},
        )


def test_a_run_that_failed_is_told_however_it_failed() -> None:
    alarm = of_job()["report-failed"]

    assert {metric.name for metric in alarm.metrics} == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}
    assert all((m.namespace, m.dimensions, m.statistic) == ("AWS/States", MACHINE, "Sum") for m in alarm.metrics)
    assert alarm.expression == "SUM([FILL(m1, 0), FILL(m2, 0), FILL(m3, 0)])"
    assert (alarm.comparison, alarm.threshold, alarm.periods, alarm.missing) == ("above", 0, 1, "notBreaching")


@pytest.mark.parametrize("hours", [2, 26, 168])
def test_a_job_that_has_not_run_for_its_hours_is_told(hours: int) -> None:
    alarm = of_job(missing_after_hours=hours)["report-missing"]

    assert [(metric.name, metric.dimensions) for metric in alarm.metrics] == [("ExecutionsSucceeded", MACHINE)]
    assert (alarm.comparison, alarm.threshold, alarm.missing) == ("below", 1, "breaching")
    assert alarm.period_seconds * alarm.periods == hours * 3600
    # CloudWatch looks back 7 days at most.
    assert alarm.period_seconds * alarm.periods <= 7 * 86_400


def test_nobody_waits_for_a_run_where_the_settings_say_so() -> None:
    assert of_job(missing_after_hours=0).keys() == {"report-failed"}
