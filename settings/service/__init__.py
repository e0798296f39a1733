"""Tables `service`, `workers` and `jobs`: what runs, how many of it, and what it may reach. Their types and rules."""

from settings.service.links import (
    AllowSettings,
    BucketSettings,
    OutboundRule,
    QueueSettings,
    SidecarSettings,
    VolumeSettings,
)
from settings.service.rules import FARGATE_MEMORY, RULES, foreign_certificate
from settings.service.tables import EcrRepository, ServiceSettings, ecr_repository
from settings.service.values import DATABASE_REFERENCE
from settings.service.workloads import JobSettings, WorkerSettings, workload_settings

__all__ = [
    "DATABASE_REFERENCE",
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
