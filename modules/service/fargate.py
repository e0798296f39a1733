"""The service: tasks behind the entry's load balancer, in a cluster that it shares with workers and jobs."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.ecs_service import EcsServiceAlarms, EcsServiceLoadBalancer
from constructs import Construct

from modules.common.place import Place
from modules.entry import Entry
from modules.network import Network
from modules.service.alarms import deployment_alarms
from modules.service.cluster import ecs_cluster
from modules.service.container import CONTAINER
from modules.service.links import ServiceLinks
from modules.service.path import ServicePath
from modules.service.redeployment import RedeploymentAfterRotation
from modules.service.scaling import TaskScaling
from modules.service.tasks import running_tasks
from modules.service.volume import task_volume
from modules.service.workload import Workload
from settings.encryption import EncryptionSettings
from settings.service import ServiceSettings


class Service(Workload):
    """The service behind the entry's target group. Workers and jobs share its `cluster`, `path` and security group."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        encryption: EncryptionSettings,
        cache_form: str,
        place: Place,
        network: Network,
        entry: Entry,
        links: ServiceLinks,
    ) -> None:
        super().__init__(
            scope,
            id_,
            settings=settings,
            cache_form=cache_form,
            place=place,
            links=links,
            purpose="service",
            listens=True,
        )
        name = place.names.name("service")
        self.cluster = ecs_cluster(self, settings=settings, place=place)
        self.path = ServicePath(
            self,
            "path",
            settings=settings,
            place=place,
            network=network,
            load_balancer_group_id=entry.security_group_id,
            links=links,
        )
        volume = task_volume(self, settings, encryption, place)
        service = running_tasks(
            self,
            name=name,
            settings=settings,
            cluster=self.cluster,
            definition=self.definition,
            network=network,
            security_group_id=self.path.security_group_id,
            least=settings.min_count,
            waits_for=[*self.roles.all, *self.path.all, *volume.all],
            health_check_grace_period_seconds=settings.health_check_grace_seconds,
            load_balancer=[
                EcsServiceLoadBalancer(
                    target_group_arn=entry.target_group_arn, container_name=CONTAINER, container_port=settings.port
                )
            ],
            volume_configuration=volume.configuration,
            alarms=EcsServiceAlarms(
                enable=True,
                rollback=True,
                alarm_names=deployment_alarms(self, settings=settings, names=place.names, entry=entry),
            )
            if settings.rollback_on_alarm
            else None,
        )
        scaling = TaskScaling(
            self,
            "scaling",
            names=place.names,
            cluster_name=self.cluster.name,
            service_name=service.name,
            purpose="service",
            bounds=(settings.min_count, settings.max_count),
        )
        scaling.follow("CPU", settings.cpu_target_percent)
        if settings.memory_target_percent is not None:
            scaling.follow("Memory", settings.memory_target_percent)
        if settings.redeploy_after_rotation:
            RedeploymentAfterRotation(
                self,
                "redeployment",
                names=place.names,
                account=place.account,
                secret_arn=links.secret_arn,
                purpose="service",
                cluster_name=self.cluster.name,
                service_name=service.name,
            )
        self.cluster_name = self.cluster.name
        self.service_name = service.name
        self.security_group_id = self.path.security_group_id
        self.log_group_name = self.log.name
        self.min_count = settings.min_count
        self.max_count = settings.max_count
