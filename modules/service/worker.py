"""Workers: tasks without a load balancer."""

from __future__ import annotations

from constructs import Construct

from modules.common.place import Place
from modules.network import Network
from modules.service.fargate import Service
from modules.service.links import ServiceLinks
from modules.service.redeployment import RedeploymentAfterRotation
from modules.service.scaling import TaskScaling
from modules.service.tasks import running_tasks
from modules.service.workload import Workload
from settings.service import ServiceSettings, WorkerSettings, workload_settings


class Worker(Workload):
    """Tasks in the service's cluster, subnets and security group, scaled by CPU or by the length of their queue."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        worker: WorkerSettings,
        settings: ServiceSettings,
        cache_form: str,
        place: Place,
        network: Network,
        service: Service,
        links: ServiceLinks,
    ) -> None:
        own = workload_settings(settings, worker)
        purpose = id_
        queue = None if worker.queue is None else links.queues[worker.queue]
        super().__init__(
            scope,
            id_,
            settings=own,
            cache_form=cache_form,
            place=place,
            links=links,
            purpose=purpose,
            listens=False,
            consumes=queue,
        )
        tasks = running_tasks(
            self,
            name=place.names.name(purpose),
            settings=own,
            cluster=service.cluster,
            definition=self.definition,
            network=network,
            security_group_id=service.security_group_id,
            least=worker.min_count,
            waits_for=[*self.roles.all, *service.path.all],
        )
        scaling = TaskScaling(
            self,
            "scaling",
            names=place.names,
            cluster_name=service.cluster_name,
            service_name=tasks.name,
            purpose=purpose,
            bounds=(worker.min_count, worker.max_count),
        )
        if queue is None:
            scaling.follow("CPU", worker.cpu_target_percent)
        else:
            scaling.follow_queue(queue.name, worker.messages_per_task)
        if own.redeploy_after_rotation:
            RedeploymentAfterRotation(
                self,
                "redeployment",
                names=place.names,
                account=place.account,
                secret_arn=links.secret_arn,
                purpose=purpose,
                cluster_name=service.cluster_name,
                service_name=tasks.name,
            )
        self.service_name = tasks.name
