"""Settings of the monitoring stack: who is told, and from which values on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from environments.base import Settings, described


class MonitoringSettings(Settings):
    """Who is told, and from which values on."""

    alarm_emails: tuple[Annotated[str, described("an e-mail address", r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...] = Field(
        default=(), description="e-mail addresses that get every alarm"
    )
    rotation_age_days: Annotated[
        int,
        Field(
            ge=1, le=120, description="days since the last rotation before the alarm, more than the interval: 1 to 120"
        ),
    ] = 35
    cpu_percent: Annotated[int, Field(ge=1, le=100, description="CPU or ACU use before the alarm, 1 to 100")] = 80
    monthly_budget_usd: Annotated[
        int | None, Field(ge=1, description="US dollars per month, 1 or more; absent means no budget alarm")
    ] = None
