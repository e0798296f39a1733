"""Rules between settings of monitoring and what it watches; `settings.rules` runs them with all others."""

from __future__ import annotations

from collections.abc import Iterator

from settings.broken import Broken
from settings.data import CacheSettings
from settings.monitoring import MonitoringSettings
from settings.service import ServiceSettings


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


MONITORING_RULES = (_subscribers, _above_what_scaling_aims_at)
