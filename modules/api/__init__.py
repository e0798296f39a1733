"""The REST API: routes, deployment and stage, usage plan, domain and firewall."""

from modules.api.rest_api import Api

__all__ = [
    "Api",
]
