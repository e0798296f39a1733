"""The place of a construct in a test."""

from __future__ import annotations

from typing import Any

from modules.common.place import Place
from modules.common.policies import Account
from settings.naming import Naming


def place(**given: Any) -> Place:
    """A development environment's; each field may be given."""
    return Place(
        **{
            "names": Naming("iot", "dev"),
            "account": Account("111111111111", "ca-central-1"),
            "protected": False,
            "logs_key_arn": "arn:logs-key",
            "log_retention_days": 365,
            **given,
        }
    )
