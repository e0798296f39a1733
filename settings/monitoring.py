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
        "an email address or an https:// URL", r"^([^@\s:/]+@[^@\s:/]+\.[^@\s:/]+|https://[^\s/@]+\.[^\s/@]+(/\S*)?)$"
    ),
]


class MonitoringSettings(Settings):
    """Subscribers and thresholds. A threshold without a default here has one in its tier."""

    subscribers: tuple[_Subscriber, ...] = Field(
        default=(),
        description="email addresses and https:// URLs to notify of every alarm; production requires at least one",
    )
    sustained_minutes: Annotated[
        int, Field(ge=1, le=60, description="minutes in a row for which a threshold must be exceeded, 1 to 60")
    ]
    cpu_percent: Percent = Field(
        default=80,
        description="threshold for the CPU of Aurora, Redis and tasks, and for Aurora's capacity, 1 to 100 percent",
    )
    memory_percent: Percent = Field(
        default=80, description="threshold for the memory of Redis and of tasks, 1 to 100 percent"
    )
    connections_percent: Percent = Field(
        default=80,
        description="threshold for connections, 1 to 100 percent of those that Aurora (at max_capacity) and Redis "
        "accept",
    )
    database_free_memory_percent: Percent = Field(
        default=10,
        description="threshold for the free memory of an Aurora instance, 1 to 100 percent of that at max_capacity",
    )
    database_replica_lag_ms: Annotated[
        int, Field(ge=10, le=600_000, description="threshold for the replica lag of Aurora readers, 10 to 600000 ms")
    ]
    cache_replica_lag_seconds: Annotated[
        int, Field(ge=1, le=3_600, description="threshold for the replica lag of Redis, 1 to 3600 seconds")
    ]
    cache_evictions_per_minute: Annotated[
        int,
        Field(ge=0, le=10_000_000, description="threshold for keys that a Redis node evicts per minute, 0 or more"),
    ]
    files_io_percent: Percent = Field(
        default=80, description="threshold for the I/O of EFS, 1 to 100 percent of its limit"
    )
    api_errors_percent: Annotated[
        float,
        Field(
            gt=0,
            lt=100,
            description="threshold for 5xx responses, in percent of all requests, more than 0 and less than 100",
        ),
    ]
    api_refused_percent: Annotated[
        float,
        Field(
            gt=0,
            lt=100,
            description="threshold for 4xx responses, in percent of all requests, more than 0 and less than 100",
        ),
    ]
    api_throttled_per_minute: Annotated[
        int, Field(ge=0, le=10_000_000, description="threshold for throttled requests (429) per minute, 0 or more")
    ]
    api_latency_ms: Annotated[
        int,
        Field(
            ge=10,
            lt=29_000,
            description="threshold for the p99 latency in ms, 10 to 28999 (API Gateway times out at 29 s)",
        ),
    ]
    firewall_blocked_per_minute: Annotated[
        int, Field(ge=0, le=100_000_000, description="threshold for requests that WAF blocks per minute, 0 or more")
    ]
    rotation_age_days: Annotated[
        int,
        Field(
            ge=1,
            le=120,
            description="threshold for the age of the database credentials, 1 to 120 days and more than "
            "rotation.interval_days",
        ),
    ] = 35
    monthly_budget_usd: Annotated[
        int | None,
        Field(
            ge=1, le=1_000_000_000, description="monthly budget in US dollars, 1 to 1000000000; absent means no budget"
        ),
    ] = None


def _subscribers(monitoring: MonitoringSettings) -> Iterator[Broken]:
    subscribers = monitoring.subscribers
    if len(set(subscribers)) != len(subscribers):
        yield Broken("monitoring.subscribers", list(subscribers), "each subscriber once", "delete the duplicates")
    if monitoring.monthly_budget_usd is not None and not subscribers:
        yield Broken(
            "monitoring.monthly_budget_usd",
            monitoring.monthly_budget_usd,
            "a budget only with monitoring.subscribers, who are notified",
            "add a subscriber",
        )


def _above_what_scaling_aims_at(
    monitoring: MonitoringSettings, service: ServiceSettings, cache: CacheSettings
) -> Iterator[Broken]:
    """Autoscaling keeps a value at its target, so an alarm at or below the target would always be on."""
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
