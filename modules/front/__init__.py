"""CloudFront in front of the API and of static files."""

from modules.front.front import Front

__all__ = [
    "Front",
]
