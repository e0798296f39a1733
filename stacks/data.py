"""All data of an environment: Aurora, Redis, EFS, queues, buckets."""

from __future__ import annotations

from typing import Any

from cdktf import TerraformOutput
from constructs import Construct

from modules.cache import Cache
from modules.database import Database
from modules.queue import Queue, queues_row
from modules.storage import ObjectBucket, Storage
from settings import Environment
from stacks.base import BaseStack
from stacks.network import NetworkStack


class DataStack(BaseStack):
    """Offers `database`, `cache`, `storage` (None without access points), `queues` and `buckets` by name.

    They are independent of each other and need only the network, so Terraform creates them in parallel. No security
    group rule allows access to them: each consumer adds its own rule to the `security_group_id` of its target.
    """

    def __init__(self, scope: Construct, *, environment: Environment, network: NetworkStack) -> None:
        super().__init__(scope, f"{environment.name}-data", environment=environment, component="data")
        self.database = Database(
            self,
            "database",
            settings=environment.database,
            place=self.place(network.keys.logs),
            zones=environment.zones,
            vpc_id=network.vpc.vpc_id,
            subnet_group=network.vpc.database_subnet_group,
            data_key_arn=network.keys.data,
        )
        self.cache = Cache(
            self,
            "cache",
            settings=environment.cache,
            place=self.place(network.keys.logs),
            vpc_id=network.vpc.vpc_id,
            subnet_group=network.vpc.cache_subnet_group,
            data_key_arn=network.keys.data,
        )
        self.storage: Storage | None = None
        if environment.storage.access_points:
            self.storage = Storage(
                self,
                "storage",
                settings=environment.storage,
                protected=environment.protected,
                names=self.names,
                vpc_id=network.vpc.vpc_id,
                subnet_ids=network.vpc.subnet_ids_by_zone("data"),
                data_key_arn=network.keys.data,
                has_plan=environment.backup is not None,
            )
        held: dict[str, Any] = {"encryption": environment.encryption, "place": self.place(network.keys.logs)}
        self.queues = {
            name: Queue(self, f"queue-{name}", settings=settings, purpose=name, **held)
            for name, settings in environment.service.queues.items()
        }
        self.buckets = {
            name: ObjectBucket(self, f"bucket-{name}", settings=settings, purpose=name, **held)
            for name, settings in environment.service.buckets.items()
        }
        if self.queues:
            self.rows.append(queues_row(environment.service.queues, self.queues))
        self._show()

    def _show(self) -> None:
        """Outputs for people; stacks use the attributes."""
        shown: dict[str, tuple[object, str]] = {
            "database_writer_endpoint": (self.database.writer_endpoint, "Host for reading and writing"),
            "database_reader_endpoint": (self.database.reader_endpoint, "Host that spreads reads over the readers"),
            "database_cluster": (self.database.cluster_identifier, "Aurora cluster"),
            "database_master_secret_arn": (self.database.master_secret_arn, "Where RDS keeps the master password"),
            "cache_endpoint": (self.cache.endpoint, "Redis host, TLS only"),
            "cache_user": (self.cache.user_name, "Redis user that logs in with an IAM token"),
        }
        if self.cache.reader_endpoint is not None:
            shown["cache_reader_endpoint"] = (self.cache.reader_endpoint, "Redis host that spreads over the replicas")
        if self.storage is not None:
            shown["file_system_id"] = (self.storage.file_system_id, "EFS file system")
            shown["access_point_ids"] = (self.storage.access_point_ids, "EFS access points by name")
        for name, (value, description) in shown.items():
            TerraformOutput(self, name, value=value, description=description)
