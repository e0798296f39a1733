"""The context that every construct gets; most only pass it on."""

from __future__ import annotations

from dataclasses import dataclass

from modules.common.policies import Account
from settings.base import RetentionDays
from settings.naming import Naming


@dataclass(frozen=True)
class Place:
    """The context of a construct.

    `protected`: Terraform never destroys what holds data. Log groups are encrypted with `logs_key_arn` and kept for
    `log_retention_days`.
    """

    names: Naming
    account: Account
    protected: bool
    logs_key_arn: str
    log_retention_days: RetentionDays
