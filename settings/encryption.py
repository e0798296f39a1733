"""Table `encryption`: every key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.base import Settings


class EncryptionSettings(Settings):
    """Every customer-managed KMS key of the environment."""

    rotation_period_days: Annotated[
        int, Field(ge=90, le=365, description="days between rotations of the key material, 90 to 365 (PCI DSS 3.7.4)")
    ] = 365
    deletion_window_days: Annotated[
        int, Field(ge=7, le=30, description="waiting period before a deleted key is deleted permanently, 7 to 30 days")
    ]
