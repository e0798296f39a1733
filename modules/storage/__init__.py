"""EFS with access points."""

from modules.storage.file_system import Storage

__all__ = [
    "Storage",
]
