"""Rules of workers, jobs and queues: each with a value that breaks it, and the ones just inside."""

from __future__ import annotations

from typing import Any

import pytest
from rules_said import said

from settings.service import JobSettings, QueueSettings, WorkerSettings, workload_rules

SECRET = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:payment-Ab12Cd"
DAILY = "cron(30 7 * * ? *)"
WEEKLY = "cron(30 7 ? * MON *)"


def of_worker(changed: dict[str, Any] | None = None, **own: Any) -> list[str]:
    worker = WorkerSettings(**{"command": ("run",), **own})
    return said({"queues": {"orders": QueueSettings()}, **(changed or {})}, workers={"mail": worker})


def of_job(changed: dict[str, Any] | None = None, **own: Any) -> list[str]:
    job = JobSettings(**{"command": ("run",), "schedule": DAILY, **own})
    return said(changed or {}, jobs={"report": job})


@pytest.mark.parametrize(
    ("changed", "own", "line"),
    [
        (
            {},
            {"cpu": 256, "memory_mb": 4096},
            "memory_mb = 4096: with cpu = 256: 512, 1024, 2048; choose one of them",
        ),
        # What it does not say is the service's.
        ({}, {"memory_mb": 3072}, "memory_mb = 3072: with cpu = 256: 512, 1024, 2048; choose one of them"),
        (
            {},
            {"cpu": 1024},
            "memory_mb = 512: with cpu = 1024: 2048, 3072, 4096, 5120, 6144, 7168, 8192; choose one of them",
        ),
        (
            {},
            {"environment": {"REDIS_HOST": "x"}},
            "environment.REDIS_HOST = REDIS_HOST: a name that the platform does not set; choose another name",
        ),
        (
            {"secrets": {"PAYMENT": SECRET}},
            {"environment": {"PAYMENT": "x"}},
            "environment.PAYMENT = PAYMENT: each variable once; delete it here or in service.secrets",
        ),
    ],
)
def test_a_workload_that_cannot_run_is_one_line(changed: dict[str, Any], own: dict[str, Any], line: str) -> None:
    assert of_worker(changed, **own) == [f"workers.mail.{line}"]
    assert of_job(changed, **own) == [f"jobs.report.{line}"]


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"min_count": 3, "max_count": 2}, "max_count = 2: 3 or more; raise it"),
        ({"queue": "mail"}, "queue = mail: a name of [service.queues]: orders; correct it or add the queue"),
        ({"messages_per_task": 5}, "messages_per_task = 5: only with workers.mail.queue; delete it"),
        (
            {"queue": "orders", "cpu_target_percent": 70},
            "cpu_target_percent = 70: only without workers.mail.queue; delete it",
        ),
    ],
)
def test_a_worker_that_cannot_be_scaled_is_one_line(own: dict[str, Any], line: str) -> None:
    assert of_worker(**own) == [f"workers.mail.{line}"]


def test_a_queue_is_named_of_those_that_there_are() -> None:
    assert of_worker({"queues": {}}, queue="orders") == [
        "workers.mail.queue = orders: a name of [service.queues]: there is none; correct it or add the queue"
    ]


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"min_count": 2, "max_count": 2, "cpu_target_percent": 70},
        {"queue": "orders", "messages_per_task": 5},
        {"cpu": 512, "memory_mb": 4096, "environment": {"SENDER": "x"}},
    ],
)
def test_a_worker_just_inside_is_let_through(own: dict[str, Any]) -> None:
    assert of_worker(**own) == []


@pytest.mark.parametrize(
    ("days", "minutes", "lines"),
    [
        (
            1,
            1440,
            [
                "service.queues.orders.oldest_message_minutes = 1440: less than the 1440 minutes for which a message "
                "is kept; lower it, or raise retention_days"
            ],
        ),
        (1, 1439, []),
    ],
)
def test_a_message_is_missed_before_it_is_gone(days: int, minutes: int, lines: list[str]) -> None:
    queue = QueueSettings(retention_days=days, oldest_message_minutes=minutes)

    assert said({"queues": {"orders": queue}}) == lines


@pytest.mark.parametrize(
    ("own", "line"),
    [
        (
            {"timezone": "America/Torronto"},
            "timezone = America/Torronto: a name of the IANA time zones; correct the name",
        ),
        (
            {"schedule": "cron(30 7 * * * *)"},
            "schedule = cron(30 7 * * * *): ? as the day of the month (3rd field) or as the day of the week (5th), not "
            "as both; write ? for one of them",
        ),
        (
            {"schedule": "cron(30 7 ? * ? *)"},
            "schedule = cron(30 7 ? * ? *): ? as the day of the month (3rd field) or as the day of the week (5th), not "
            "as both; write ? for one of them",
        ),
        ({"missing_after_hours": 1}, "missing_after_hours = 1: 0, or 2 to 168; choose one of them"),
        (
            {"schedule": "rate(2 days)"},
            "missing_after_hours = 26: more than the 48 hours between two runs and the 60 minutes of one, or 0; "
            "raise it, run the job more often, or set 0 for no alarm",
        ),
        (
            {"schedule": "rate(90 minutes)", "timeout_minutes": 31, "missing_after_hours": 2},
            "missing_after_hours = 2: more than the 1.5 hours between two runs and the 31 minutes of one, or 0; "
            "raise it, run the job more often, or set 0 for no alarm",
        ),
        (
            {"timeout_minutes": 121},
            "missing_after_hours = 26: more than the 24 hours between two runs and the 121 minutes of one, or 0; "
            "raise it, run the job more often, or set 0 for no alarm",
        ),
        (
            {"schedule": WEEKLY},
            f"missing_after_hours = 26: stated with {WEEKLY}, which does not run every day: the longest pause between "
            "two runs, or 0; state it, or 0 for no alarm",
        ),
        (
            {"schedule": "cron(0 * 1 * ? *)"},
            "missing_after_hours = 26: stated with cron(0 * 1 * ? *), which does not run every day: the longest pause "
            "between two runs, or 0; state it, or 0 for no alarm",
        ),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_one_line(own: dict[str, Any], line: str) -> None:
    assert of_job(**own) == [f"jobs.report.{line}"]


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"timezone": "America/Toronto"},
        {"timezone": "UTC", "missing_after_hours": 25},
        {"timeout_minutes": 120},
        {"schedule": "rate(90 minutes)", "timeout_minutes": 30, "missing_after_hours": 2},
        {"schedule": "rate(6 days)", "missing_after_hours": 145},
        {"schedule": "rate(99 days)", "missing_after_hours": 0},
        {"schedule": WEEKLY, "missing_after_hours": 0},
        {"schedule": WEEKLY, "missing_after_hours": 168},
        {"schedule": "cron(0/5 * * * ? *)", "missing_after_hours": 2},
    ],
)
def test_a_schedule_just_inside_is_let_through(own: dict[str, Any]) -> None:
    assert of_job(**own) == []


def test_a_machine_without_time_zones_refuses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload_rules, "_zones", frozenset)

    assert of_job(timezone="America/Torronto") == []


def test_tasks_of_workers_and_jobs_need_addresses_too() -> None:
    small = {"network": {"cidr": "192.168.4.0/22"}}
    worker = {"mail": WorkerSettings(command=("run",), max_count=10)}
    job = {"report": JobSettings(command=("run",), schedule=DAILY)}

    assert said({"max_count": 102}, small, workers=worker, jobs=job) == []
    assert said({"max_count": 103}, small, workers=worker, jobs=job) == [
        "service.max_count = 103: at most 102: 2 private subnets of 192.168.4.0/22 have 205 addresses for tasks beside "
        "21 for workers and jobs, and a deployment runs each twice; lower it, or choose a larger network.cidr before "
        "the first deployment"
    ]
    many = {"mail": WorkerSettings(command=("run",), max_count=1000)}
    (line,) = said({}, small, workers=many)
    assert "at most 0: " in line
