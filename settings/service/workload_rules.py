"""Rules of the tables `workers` and `jobs`, and of the queues between them and the service."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from zoneinfo import available_timezones

from settings.broken import Broken
from settings.service.sizes import memory, own_variable
from settings.service.tables import ServiceSettings
from settings.service.workloads import JobSettings, WorkerSettings, workload_settings

_MINUTES_OF_A_DAY = 24 * 60


def _sizes(
    service: ServiceSettings, workers: dict[str, WorkerSettings], jobs: dict[str, JobSettings]
) -> Iterator[Broken]:
    for table, named in (("workers", workers), ("jobs", jobs)):
        for name, workload in named.items():
            own = workload_settings(service, workload)
            yield from memory(f"{table}.{name}.memory_mb", own.cpu, own.memory_mb)
            for variable in workload.environment:
                key = f"{table}.{name}.environment.{variable}"
                yield from own_variable(key, variable)
                if variable in service.secrets:
                    yield Broken(key, variable, "each variable once", "delete it here or in service.secrets")


def _counts(service: ServiceSettings, workers: dict[str, WorkerSettings]) -> Iterator[Broken]:
    for name, worker in workers.items():
        if worker.min_count > worker.max_count:
            yield Broken(f"workers.{name}.max_count", worker.max_count, f"{worker.min_count} or more", "raise it")
        if worker.queue is not None and worker.queue not in service.queues:
            names = ", ".join(sorted(service.queues)) or "there is none"
            yield Broken(
                f"workers.{name}.queue",
                worker.queue,
                f"a name of [service.queues]: {names}",
                "correct it or add the queue",
            )
        idle, when = ("messages_per_task", "with") if worker.queue is None else ("cpu_target_percent", "without")
        if idle in worker.model_fields_set:
            yield Broken(
                f"workers.{name}.{idle}", getattr(worker, idle), f"only {when} workers.{name}.queue", "delete it"
            )


def _queues(service: ServiceSettings) -> Iterator[Broken]:
    for name, queue in service.queues.items():
        if queue.oldest_message_minutes >= queue.retention_days * _MINUTES_OF_A_DAY:
            yield Broken(
                f"service.queues.{name}.oldest_message_minutes",
                queue.oldest_message_minutes,
                f"less than the {queue.retention_days * _MINUTES_OF_A_DAY} minutes for which a message is kept",
                "lower it, or raise retention_days",
            )


def _schedules(jobs: dict[str, JobSettings]) -> Iterator[Broken]:
    for name, job in jobs.items():
        if not _exists(job.timezone):
            yield Broken(f"jobs.{name}.timezone", job.timezone, "a name of the IANA time zones", "correct the name")
        days = job.cron_days
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
        if days is not None and days.count("?") != 1:
            yield Broken(
                f"jobs.{name}.schedule",
                job.schedule,
                "? as the day of the month (3rd field) or as the day of the week (5th), not as both",
                "write ? for one of them",
            )


def _missing_runs(jobs: dict[str, JobSettings]) -> Iterator[Broken]:
    """The alarm on missing runs must wait longer than the interval of the schedule."""
    for name, job in jobs.items():
        key, hours = f"jobs.{name}.missing_after_hours", job.missing_after_hours
        every = job.every_hours
        if hours == 1:
            yield Broken(key, hours, "0, or 2 to 168", "choose one of them")
        elif every is not None and 0 < hours < every + job.timeout_minutes / 60:
            yield Broken(
                key,
                hours,
                f"more than the {every:g} hours between two runs and the {job.timeout_minutes} minutes of one, or 0",
                "raise it, run the job more often, or set 0 for no alarm",
            )
        elif not job.runs_daily and "missing_after_hours" not in job.model_fields_set:
            yield Broken(
                key,
                hours,
                f"stated with {job.schedule}, which does not run every day: the longest pause between two runs, or 0",
                "state it, or 0 for no alarm",
            )


def _exists(zone: str) -> bool:
    """Whether there is such a time zone, or nobody can tell: a machine may have no data of them."""
    return zone in _zones() or not _zones()


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


# Among those of `settings.service.rules`.
RULES = (_sizes, _counts, _queues, _schedules, _missing_runs)
