"""Tables `service`, `workers` and `jobs`: what runs, how many of it, and what it may reach. Their types and rules."""

from settings.service.links import (
    AllowSettings,
    BucketSettings,
    OutboundRule,
    QueueSettings,
    SidecarSettings,
    VolumeSettings,
)
from settings.service.rules import RULES, foreign_certificate
from settings.service.sizes import FARGATE_MEMORY
from settings.service.tables import EXEC_PATHS, EcrRepository, ServiceSettings, ecr_repository
from settings.service.values import DATABASE_REFERENCE
from settings.service.workloads import JobSettings, WorkerSettings, workload_settings

__all__ = [
    "DATABASE_REFERENCE",
    "EXEC_PATHS",
    "FARGATE_MEMORY",
    "RULES",
    "AllowSettings",
    "BucketSettings",
    "EcrRepository",
    "JobSettings",
    "OutboundRule",
    "QueueSettings",
    "ServiceSettings",
    "SidecarSettings",
    "VolumeSettings",
    "WorkerSettings",
    "ecr_repository",
    "foreign_certificate",
    "workload_settings",
]
