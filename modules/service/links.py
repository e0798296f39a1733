"""The resources that a service uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modules.cache import Cache
from modules.database import Database
from modules.queue import Queue
from modules.storage import ObjectBucket, Storage


@dataclass(frozen=True)
class ServiceLinks:
    """The database, cache, files, queues and buckets that tasks reach, and the secret that they read.

    `storage` is None without access points, `endpoint_group_id` without interface endpoints.
    """

    database: Database
    cache: Cache
    storage: Storage | None
    secret_arn: str
    secret_key_arn: str
    endpoint_group_id: str | None
    queues: Mapping[str, Queue] = field(default_factory=dict)
    buckets: Mapping[str, ObjectBucket] = field(default_factory=dict)
