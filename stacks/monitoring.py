"""Monitoring of an environment: alarms, their topic, and the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from cdktf import TerraformOutput
from constructs import Construct

from modules.monitoring import (
    AlarmTopic,
    PlatformAlarms,
    RotationNotice,
    Row,
    api_row,
    cache_row,
    canary_requests,
    dashboard,
    database_row,
    egress_row,
    entry_row,
    files_row,
    monthly_budget,
    rotation_row,
    service_row,
    throttled_requests,
)
from stacks.backup import BackupStack
from stacks.base import BaseStack
from stacks.data import DataStack
from stacks.egress import EgressStack
from stacks.entry import EntryStack
from stacks.network import NetworkStack
from stacks.secrets import SecretsStack
from stacks.service import ServiceStack
from stacks.stage import StageStack


class MonitoringStack(BaseStack):
    """Comes last, after all stacks that it has alarms for. Nothing depends on it."""

    def __init__(
        self,
        scope: Construct,
        *,
        network: NetworkStack,
        egress: EgressStack,
        entry: EntryStack,
        data: DataStack,
        backup: BackupStack | None,
        secrets: SecretsStack,
        service: ServiceStack,
        stage: StageStack,
    ) -> None:
        environment = network.environment
        super().__init__(scope, f"{environment.name}-monitoring", environment=environment, component="monitoring")
        settings = environment.monitoring
        topic = AlarmTopic(
            self,
            "topic",
            settings=settings,
            key_arn=network.keys.alarms,
            names=self.names,
            account=self.account,
        )
        notice = RotationNotice(
            self,
            "rotation",
            names=self.names,
            account=self.account,
            topic=topic,
            failed_rule=secrets.rotation_failed_rule,
            function_name=secrets.rotation_function.name,
            secret_arn=secrets.secret_arn,
        )
        rows = [
            *self._request_rows(entry, service, stage),
            *self._data_rows(data, service),
            *self._operations_rows(egress, secrets),
            *(
                row
                for stack in (network, egress, entry, data, backup, secrets, service, stage.api)
                if stack
                for row in stack.rows
            ),
        ]
        alarms = PlatformAlarms(
            self,
            "alarms",
            names=self.names,
            rows=rows,
            topic_arn=topic.arn,
            waits_for=[notice.first_report],
        )
        board = dashboard(
            self,
            "dashboard",
            names=self.names,
            account=self.account,
            rows=[*rows, *stage.drawn],
            unhealthy_name=alarms.unhealthy_name,
        )
        if settings.monthly_budget_usd is not None:
            monthly_budget(self, "budget", names=self.names, limit_usd=settings.monthly_budget_usd, topic_arn=topic.arn)
        TerraformOutput(self, "topic_arn", value=topic.arn, description="The topic of all alarms")
        TerraformOutput(self, "dashboard_name", value=board.dashboard_name, description="The CloudWatch dashboard")

    def _request_rows(self, entry: EntryStack, service: ServiceStack, stage: StageStack) -> Iterator[Row]:
        environment, thresholds, api = self.environment, self.environment.monitoring, stage.api
        canary = api.rest_api.canary_log_group
        yield api_row(
            thresholds,
            api=api.rest_api.name,
            stage=stage.published.stage_name,
            web_acl=api.rest_api.web_acl_name,
            region=environment.region,
            throttled=throttled_requests(
                self, "throttled", names=self.names, access_log_group=api.rest_api.access_log_group
            ),
            canary=canary_requests(self, "canary", names=self.names, access_log_group=canary) if canary else None,
        )
        yield entry_row(
            environment.service,
            thresholds,
            load_balancer=entry.load_balancer.load_balancer_arn_suffix,
            target_group=entry.load_balancer.target_group_arn_suffix,
        )
        yield service_row(
            environment.service,
            thresholds,
            cluster=service.fargate.cluster_name,
            service=service.fargate.service_name,
        )

    def _data_rows(self, data: DataStack, service: ServiceStack) -> Iterator[Row]:
        environment, thresholds = self.environment, self.environment.monitoring
        yield database_row(environment.database, thresholds, cluster=data.database.cluster_identifier)
        yield cache_row(environment.cache, thresholds, group=data.cache.replication_group_id)
        if data.storage is not None:
            yield files_row(
                environment.storage,
                thresholds,
                file_system=data.storage.file_system_id,
                mounting_tasks=service.fargate.min_count if environment.service.mounts else 0,
            )

    def _operations_rows(self, egress: EgressStack, secrets: SecretsStack) -> Iterator[Row]:
        thresholds = self.environment.monitoring
        if egress.nat_gateway_ids:
            yield egress_row(thresholds, nat_gateways=egress.nat_gateway_ids)
        yield rotation_row(
            self.environment.rotation,
            thresholds,
            function=secrets.rotation_function.name,
            failed_rule=secrets.rotation_failed_rule,
            secret_arn=secrets.secret_arn,
        )
