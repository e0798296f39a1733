"""ECS Fargate: the service, workers and jobs, with their roles, network access and scaling."""

from modules.service.fargate import Service
from modules.service.job import Job
from modules.service.links import ServiceLinks
from modules.service.roles import secret_readers
from modules.service.rows import jobs_row, workers_row
from modules.service.worker import Worker

__all__ = [
    "Job",
    "Service",
    "ServiceLinks",
    "Worker",
    "jobs_row",
    "secret_readers",
    "workers_row",
]
