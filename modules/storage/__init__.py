"""EFS with access points, and buckets."""

from modules.storage.bucket import ObjectBucket
from modules.storage.file_system import Storage

__all__ = [
    "ObjectBucket",
    "Storage",
]
