"""The ECS Fargate service: container, roles, network access, scaling and redeployment."""

from modules.service.fargate import Service
from modules.service.links import ServiceLinks
from modules.service.roles import secret_readers

__all__ = [
    "Service",
    "ServiceLinks",
    "secret_readers",
]
