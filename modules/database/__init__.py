"""Aurora PostgreSQL Serverless v2."""

from modules.database.cluster import Database

__all__ = [
    "Database",
]
