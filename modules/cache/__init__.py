"""ElastiCache for Redis, entered with IAM."""

from modules.cache.redis import Cache

__all__ = [
    "Cache",
]
