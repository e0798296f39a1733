"""Table `monitoring`: who is notified, and the thresholds of alarms. Its types and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from settings.base import Percent, Settings, described
from settings.broken import Broken

if TYPE_CHECKING:
    from settings.cache import CacheSettings
    from settings.service import ServiceSettings

_Subscriber = Annotated[
    str,
    described(
        "an e-mail address or an https:// URL", r"^([^@\s:/]+@[^@\s:/]+\.[^@\s:/]+|https://[^\s/@]+\.[^\s/@]+(/\S*)?)$"
    ),
]


class MonitoringSettings(Settings):
    """Who is told, and from which values on. Where a threshold has no default here, its tier gives one."""

    subscribers: tuple[_Subscriber, ...] = Field(
        default=(),
        description="e-mail addresses and https:// URLs that get every alarm; production demands one or more",
    )
    sustained_minutes: Annotated[
        int, Field(ge=1, le=60, description="minutes that a threshold is crossed without a pause, 1 to 60")
    ]
    cpu_percent: Percent = Field(
        default=80, description="percent of the CPU of Aurora, Redis and tasks, and of Aurora's capacity: 1 to 100"
    )
    memory_percent: Percent = Field(default=80, description="percent of the memory of Redis and of tasks: 1 to 100")
    connections_percent: Percent = Field(
        default=80, description="percent of the connections that Aurora, at its largest, and Redis accept: 1 to 100"
    )
    database_free_memory_percent: Percent = Field(
        default=10, description="percent of an Aurora instance's memory, at its largest, that must stay free: 1 to 100"
    )
    database_replica_lag_ms: Annotated[
        int, Field(ge=10, le=600_000, description="milliseconds that an Aurora reader is behind, 10 to 600000")
    ]
    cache_replica_lag_seconds: Annotated[
        int, Field(ge=1, le=3_600, description="seconds that a Redis replica is behind, 1 to 3600")
    ]
    cache_evictions_per_minute: Annotated[
        int,
        Field(ge=0, le=10_000_000, description="keys a minute that a Redis node drops for want of memory, 0 or more"),
    ]
    files_io_percent: Percent = Field(default=80, description="percent of the I/O limit of EFS: 1 to 100")
    api_errors_percent: Annotated[
        float, Field(gt=0, lt=100, description="5xx answers in percent of all, more than 0 and less than 100")
    ]
    api_refused_percent: Annotated[
        float, Field(gt=0, lt=100, description="4xx answers in percent of all, more than 0 and less than 100")
    ]
    api_throttled_per_minute: Annotated[
        int, Field(ge=0, le=10_000_000, description="requests a minute answered with 429, 0 or more")
    ]
    api_latency_ms: Annotated[
        int,
        Field(
            ge=10,
            lt=29_000,
            description="latency in ms of all but 1 % of requests: 10 to 28999, where API Gateway ends",
        ),
    ]
    firewall_blocked_per_minute: Annotated[
        int, Field(ge=0, le=100_000_000, description="requests a minute that WAF blocks, 0 or more")
    ]
    rotation_age_days: Annotated[
        int,
        Field(
            ge=1, le=120, description="days since the last rotation before the alarm, more than the interval: 1 to 120"
        ),
    ] = 35
    monthly_budget_usd: Annotated[
        int | None,
        Field(
            ge=1, le=1_000_000_000, description="US dollars per month, 1 to 1000000000; absent means no budget alarm"
        ),
    ] = None


def _subscribers(monitoring: MonitoringSettings) -> Iterator[Broken]:
    subscribers = monitoring.subscribers
    if len(set(subscribers)) != len(subscribers):
        yield Broken("monitoring.subscribers", list(subscribers), "each subscriber once", "delete the doubles")
    if monitoring.monthly_budget_usd is not None and not subscribers:
        yield Broken(
            "monitoring.monthly_budget_usd",
            monitoring.monthly_budget_usd,
            "a budget together with monitoring.subscribers, whom it tells",
            "add one or more",
        )


def _above_what_scaling_aims_at(
    monitoring: MonitoringSettings, service: ServiceSettings, cache: CacheSettings
) -> Iterator[Broken]:
    """Scaling keeps a value at its target: an alarm at or below it would never end."""
    aims = [
        ("cpu_percent", "service.cpu_target_percent", service.cpu_target_percent),
        ("memory_percent", "service.memory_target_percent", service.memory_target_percent),
    ]
    if cache.autoscaling is not None:
        aims.append(("cpu_percent", "cache.autoscaling.cpu_target_percent", cache.autoscaling.cpu_target_percent))
    for name, key, target in aims:
        threshold = getattr(monitoring, name)
        if target is not None and threshold <= target:
            yield Broken(f"monitoring.{name}", threshold, f"more than {key} = {target}", "raise it")


# Run by `settings.rules` with those of the other tables.
RULES = (_subscribers, _above_what_scaling_aims_at)
