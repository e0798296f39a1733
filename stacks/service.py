"""The service, workers and jobs."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput
from constructs import Construct

from modules.service import Job, Service, ServiceLinks, Worker, jobs_row, workers_row
from settings import Environment
from stacks.base import BaseStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.entry import EntryStack
from stacks.network import NetworkStack
from stacks.secrets import SecretsStack


class ServiceStack(BaseStack):
    """Offers `fargate`: its names, security group, log group and the limits of its task count.

    It comes after entry (ECS refuses a target group without a listener), data (all mount targets), secrets (the first
    rotation must have created the users) and egress, through which tasks pull their image.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        network: NetworkStack,
        data: DataStack,
        secrets: SecretsStack,
        egress: EgressStack,
        entry: EntryStack,
    ) -> None:
        super().__init__(scope, f"{environment.name}-service", environment=environment, component="service")
        # Without endpoints, no attribute of egress is used here, but tasks pull their image through NAT.
        self.add_dependency(egress)
        settings, place = environment.service, self.place(network.keys.logs)
        links = ServiceLinks(
            database=data.database,
            cache=data.cache,
            storage=data.storage,
            secret_arn=secrets.secret_arn,
            secret_key_arn=network.keys.secrets,
            endpoint_group_id=egress.endpoint_security_group_id,
            queues=data.queues,
            buckets=data.buckets,
        )
        self.fargate = Service(
            self,
            "service",
            settings=settings,
            encryption=environment.encryption,
            cache_form=environment.cache.form,
            place=place,
            network=network.vpc,
            entry=entry.load_balancer,
            links=links,
        )
        shared: dict[str, Any] = {
            "settings": settings,
            "cache_form": environment.cache.form,
            "place": place,
            "network": network.vpc,
            "service": self.fargate,
            "links": links,
        }
        workers = {
            name: Worker(self, f"worker-{name}", worker=worker, **shared)
            for name, worker in environment.workers.items()
        }
        jobs = {name: Job(self, f"job-{name}", job=job, **shared) for name, job in environment.jobs.items()}
        if workers:
            self.rows.append(workers_row(workers, cluster=self.fargate.cluster_name))
        if jobs:
            self.rows.append(jobs_row(environment.jobs, jobs))
        for name, value, description in (
            ("cluster_name", self.fargate.cluster_name, "ECS cluster"),
            ("service_name", self.fargate.service_name, "ECS service"),
            ("service_log_group", self.fargate.log_group_name, "Log of the tasks"),
        ):
            TerraformOutput(self, name, value=value, description=description)
