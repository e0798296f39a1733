"""Tables `workers` and `jobs`: additional tasks. Missing keys have the values of the table `service`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Percent, Settings, described
from settings.service.tables import ServiceSettings
from settings.service.values import EnvironmentVariable, Image, LinkName

_RATE = re.compile(r"^rate\((\d+) (minute|hour|day)s?\)$")
_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24}
_CRON = re.compile(r"^cron\((.*)\)$")


class _WorkloadSettings(Settings):
    image: Image | None = Field(
        default=None, description="a container image with a tag or a digest; absent means the service's"
    )
    command: Annotated[tuple[str, ...], Field(min_length=1, description="the container's command, one or more strings")]
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] | None = Field(
        default=None, description="CPU units: 256, 512, 1024, 2048, 4096, 8192 or 16384; absent means the service's"
    )
    memory_mb: Annotated[
        int | None,
        Field(ge=512, le=122_880, description="memory in MB from Fargate's table; absent means the service's"),
    ] = None
    environment: dict[EnvironmentVariable, str] = Field(
        default={}, description="environment variables, in addition to the service's; must not contain secrets"
    )


class WorkerSettings(_WorkloadSettings):
    """Tasks without load balancer that always run: one ECS service per table `[workers.<name>]`."""

    queue: LinkName | None = Field(
        default=None, description="a name in [service.queues]; absent means that CPU scales the worker"
    )
    messages_per_task: Annotated[
        int, Field(ge=1, le=100_000, description="target for the number of waiting messages per task, 1 to 100000")
    ] = 100
    min_count: Annotated[int, Field(ge=1, le=1000, description="minimum number of tasks, 1 to 1000")] = 1
    max_count: Annotated[int, Field(ge=1, le=1000, description="maximum number of tasks, 1 to 1000")] = 1
    cpu_target_percent: Percent = 60


class JobSettings(_WorkloadSettings):
    """A command on a schedule: `[jobs.<name>]`. A run is skipped if an earlier one is still running."""

    schedule: Annotated[
        str,
        described(
            "an EventBridge Scheduler expression: rate(<number> minutes|hours|days) or cron(<6 fields>)",
            r"^(rate\([1-9][0-9]{0,4} (minutes?|hours?|days?)\)|cron\([^ ()]+( [^ ()]+){5}\))$",
        ),
    ]
    timezone: Annotated[str, described("a time zone such as America/Toronto", r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$")] = (
        "UTC"
    )
    timeout_minutes: Annotated[
        int,
        Field(
            ge=1,
            le=10_080,
            description="time limit of a run, after which it is stopped and counts as failed, 1 to 10080 minutes",
        ),
    ] = 60
    missing_after_hours: Annotated[
        int,
        Field(
            ge=0,
            le=168,
            description="hours without a successful run before an alarm fires: 2 to 168 (CloudWatch's maximum), or 0 "
            "(no alarm)",
        ),
    ] = 26

    @property
    def every_hours(self) -> float | None:
        """Hours between two runs: of a rate, or at least a day of a cron expression with one time of day.

        None of any other cron expression.
        """
        found = _RATE.match(self.schedule)
        if found:
            return int(found[1]) * _HOURS[found[2]]
        return 24 if all(field.isdigit() for field in self._cron_fields[:2]) else None

    @property
    def cron_days(self) -> tuple[str, str] | None:
        """Day of the month and day of the week of a cron expression; None for a rate."""
        fields = self._cron_fields
        return (fields[2], fields[4]) if fields else None

    @property
    def runs_daily(self) -> bool:
        """Whether a cron expression names neither days nor months nor years; also true of a rate."""
        return {"*", "?"} >= set(self._cron_fields[2:])

    @property
    def _cron_fields(self) -> list[str]:
        found = _CRON.match(self.schedule)
        return found[1].split(" ") if found else []


def workload_settings(service: ServiceSettings, workload: WorkerSettings | JobSettings) -> ServiceSettings:
    """The service's settings with the values of the worker or job.

    Only the service has the volume. A job has no ECS Exec, because Step Functions starts its task without it.
    """
    stated = {
        key: value for key in ("image", "command", "cpu", "memory_mb") if (value := getattr(workload, key)) is not None
    }
    return service.model_copy(
        update={
            **stated,
            "volume": None,
            "exec": False if isinstance(workload, JobSettings) else service.exec,
            "environment": {**service.environment, **workload.environment},
        }
    )
