"""What a service is connected to."""

from __future__ import annotations

from dataclasses import dataclass

from modules.cache import Cache
from modules.database import Database
from modules.storage import Storage


@dataclass(frozen=True)
class ServiceLinks:
    """The database, cache and files that tasks reach, and the secret that they read.

    `storage` is None without access points, `endpoint_group_id` without interface endpoints.
    """

    database: Database
    cache: Cache
    storage: Storage | None
    secret_arn: str
    secret_key_arn: str
    endpoint_group_id: str | None
