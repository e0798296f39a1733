"""Settings of state, logs and encryption: how the platform is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.base import RetentionDays, Settings, described


class StateSettings(Settings):
    """The state bucket, made by the bootstrap stack."""

    noncurrent_version_days: Annotated[
        int, Field(ge=30, le=3650, description="days an overwritten state stays restorable, 30 to 3650")
    ] = 365


class AccountSettings(Settings):
    """Things that exist once per account and region. Exactly one environment of an account owns them."""

    owns_api_gateway_role: bool = Field(
        default=False, description="true or false: this bootstrap makes API Gateway's CloudWatch role of the account"
    )
    github_repository: Annotated[
        str | None,
        described(
            'a GitHub repository as "owner/name", whose workflows plan and deploy',
            r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}$",
        ),
    ] = None
    owns_github_provider: bool = Field(
        default=True,
        description="true or false: with github_repository, this bootstrap makes the account's provider of GitHub",
    )


class LogSettings(Settings):
    """Every CloudWatch log group of the environment."""

    retention_days: RetentionDays = Field(
        description="one of CloudWatch's numbers of days (1, 3, 5, 7, 14, 30, 60, 90, ..., 365, ..., 3653)"
    )


class EncryptionSettings(Settings):
    """Every customer-managed KMS key of the environment."""

    rotation_period_days: Annotated[
        int, Field(ge=90, le=365, description="days between rotations of the key material, 90 to 365 (PCI DSS 3.7.4)")
    ] = 365
    deletion_window_days: Annotated[
        int, Field(ge=7, le=30, description="days before a deleted key is gone for ever, 7 to 30")
    ]
