"""ElastiCache for Redis, with login by IAM."""

from modules.cache.redis import Cache

__all__ = [
    "Cache",
]
