"""The REST API: routes, domain and firewall; and what of it is in force: deployment, stage and usage plans."""

from modules.api.published import PublishedApi
from modules.api.rest_api import Api

__all__ = [
    "Api",
    "PublishedApi",
]
