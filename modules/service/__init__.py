"""The ECS Fargate service: container, roles, network access, scaling and redeployment."""

from modules.service.fargate import Service
from modules.service.roles import secret_readers

__all__ = [
    "Service",
    "secret_readers",
]
