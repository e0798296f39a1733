"""CloudFront before the API and before static files."""

from modules.front.front import Front

__all__ = [
    "Front",
]
