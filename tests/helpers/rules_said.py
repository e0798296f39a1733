"""What the rules between settings say of a valid environment with some of its values changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings_files import valid_environment

from settings import rules
from settings.service import JobSettings, WorkerSettings


def said(
    changed: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    workers: Mapping[str, WorkerSettings] | None = None,
    jobs: Mapping[str, JobSettings] | None = None,
    tier: str = "development",
) -> list[str]:
    """One line for each broken rule: `changed` is of the service, `parts` of other tables."""
    environment = valid_environment()
    everything = {
        part: getattr(environment, part).model_copy(update=(parts or {}).get(part, {}))
        for part in ("network", "database", "storage", "rotation")
    }
    place = {
        "project": "shop",
        "stage": "prod",
        "tier": tier,
        "account_id": "333333333333",
        "region": environment.region,
        "zones": environment.zones,
        "workers": workers or {},
        "jobs": jobs or {},
    }
    service = environment.service.model_copy(update=changed)
    found = rules.broken({**place, **everything, "service": service})
    return [f"{b.key} = {b.value}: {b.allowed}; {b.remedy}" for b in found]
