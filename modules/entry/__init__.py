"""The internal load balancer in front of the service, and the bucket of its access log."""

from modules.entry.load_balancer import Entry

__all__ = [
    "Entry",
]
