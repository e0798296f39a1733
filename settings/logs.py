"""Table `logs`: every CloudWatch log group."""

from __future__ import annotations

from pydantic import Field

from settings.base import RetentionDays, Settings


class LogSettings(Settings):
    """Every CloudWatch log group of the environment."""

    retention_days: RetentionDays = Field(
        description="a number of days that CloudWatch Logs supports (1, 3, 5, 7, 14, 30, 60, 90, ..., 365, ..., 3653)"
    )
