"""The REST API (routes, domain, firewall), and its publication (deployment, stage, usage plans)."""

from modules.api.published import PublishedApi
from modules.api.rest_api import Api

__all__ = [
    "Api",
    "PublishedApi",
]
