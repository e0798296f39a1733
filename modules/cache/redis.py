"""ElastiCache for Redis: one node, a primary with replicas, or shards; login with IAM, never with a password."""

from __future__ import annotations

from collections.abc import Iterator

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
)
from cdktf_cdktf_provider_aws.elasticache_replication_group import (
    ElasticacheReplicationGroup,
    ElasticacheReplicationGroupLogDeliveryConfiguration,
    ElasticacheReplicationGroupTimeouts,
)
from constructs import Construct

from modules.cache.autoscaling import CacheAutoscaling, owned_count
from modules.cache.users import CacheUsers
from modules.common.accept import accept
from modules.common.encryption import log_group
from modules.common.place import Place
from modules.common.security_groups import closed_security_group
from settings.base import RetentionDays
from settings.cache import CacheSettings
from settings.naming import Naming

_PORT = 6379


class Cache(Construct):
    """A replication group in one of three forms:

    * `single`: one node, no failover. `endpoint` is the primary's.
    * `replicated`: a primary and replicas in other zones, with automatic failover. `endpoint` is the primary's,
      `reader_endpoint` distributes reads over the replicas.
    * `cluster`: shards with replicas; clients use the cluster protocol. `endpoint` is the configuration endpoint.

    `reader_endpoint` is None except in the replicated form. Clients must use TLS and log in as `user_name` with an IAM
    token, for which their role needs `elasticache:Connect` on both `connect_arns`. Data and snapshots are
    encrypted with the data key.

    Timeouts are 60 minutes: creating shards with replicas takes 13, and resharding much longer.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: CacheSettings,
        place: Place,
        vpc_id: str,
        subnet_group: str,
        data_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        users = CacheUsers(self, "users", names=place.names)
        security_group = closed_security_group(
            self,
            "security-group",
            name=place.names.name("redis"),
            description="Redis; callers add their own rule",
            vpc_id=vpc_id,
        )
        clustered = settings.form == "cluster"
        group = ElasticacheReplicationGroup(
            self,
            "replication-group",
            replication_group_id=place.names.name("redis"),
            description=f"Redis of {place.names.environment}",
            engine="redis",
            engine_version=settings.engine_version,
            node_type=settings.node_type,
            port=_PORT,
            num_cache_clusters=None if clustered else 1 + settings.replicas_per_shard,
            num_node_groups=settings.shards if clustered else None,
            replicas_per_node_group=settings.replicas_per_shard if clustered else None,
            # AWS requires automatic failover in cluster mode, even without replicas.
            automatic_failover_enabled=settings.form != "single",
            multi_az_enabled=settings.replicas_per_shard > 0,
            parameter_group_name=self._parameter_group(place.names),
            subnet_group_name=subnet_group,
            security_group_ids=[security_group.id],
            at_rest_encryption_enabled="true",
            kms_key_id=data_key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=[users.group_id],
            snapshot_retention_limit=settings.snapshot_retention_days,
            snapshot_window=settings.snapshot_window,
            maintenance_window=settings.maintenance_window,
            # The security group's id changes when the stack is recreated, so the name is free at a second teardown.
            final_snapshot_identifier=(
                place.names.name(f"redis-final-{security_group.id}") if settings.final_snapshot else None
            ),
            auto_minor_version_upgrade="true",
            apply_immediately=settings.apply_immediately,
            log_delivery_configuration=list(self._logs(place.names, place.logs_key_arn, place.log_retention_days)),
            timeouts=ElasticacheReplicationGroupTimeouts(create="60m", update="60m", delete="60m"),
            lifecycle=self._lifecycle(place.protected),
        )
        if settings.form == "single":
            one_node = {"automatic_failover_enabled": False, "multi_az_enabled": False}
            accept(
                group,
                one_node,
                CKV2_AWS_50="a single node has no replica to fail over to; production does not allow this form",
            )
        if settings.autoscaling is not None:
            CacheAutoscaling(
                self,
                "autoscaling",
                settings=settings.autoscaling,
                names=place.names,
                replication_group_id=group.replication_group_id,
            )
        self.replication_group_id = group.replication_group_id
        self.endpoint = group.configuration_endpoint_address if clustered else group.primary_endpoint_address
        self.reader_endpoint = group.reader_endpoint_address if settings.form == "replicated" else None
        self.port = _PORT
        self.security_group_id = security_group.id
        self.user_name = users.name
        self.connect_arns = (group.arn, users.arn)

    def _parameter_group(self, names: Naming) -> str:
        """Named after family and form, so that its successor can be created before the old one is deleted.

        The default of `cluster-enabled` is "no". The provider reads back only values that differ from the family's
        defaults, so an explicit "no" would appear as an addition in every plan.
        https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
        """
        settings = self._settings
        family = f"redis{settings.engine_version.split('.')[0]}"
        clustered = settings.form == "cluster"
        return ElasticacheParameterGroup(
            self,
            "parameters",
            name=names.name(f"{family}-cluster" if clustered else family),
            family=family,
            description=f"Redis, cluster mode {'on' if clustered else 'off'}",
            parameter=(
                [ElasticacheParameterGroupParameter(name="cluster-enabled", value="yes")] if clustered else None
            ),
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        ).name

    def _logs(
        self, names: Naming, key_arn: str, retention_days: RetentionDays
    ) -> Iterator[ElasticacheReplicationGroupLogDeliveryConfiguration]:
        """Under /aws/vendedlogs, where services may write without their own entry in the account's resource policy."""
        for type_ in ("engine-log", "slow-log"):
            group = log_group(
                self,
                type_,
                name=f"/aws/vendedlogs{names.path(f'redis-{type_}')}",
                retention_days=retention_days,
                key_arn=key_arn,
            )
            yield ElasticacheReplicationGroupLogDeliveryConfiguration(
                destination=group.name, destination_type="cloudwatch-logs", log_format="json", log_type=type_
            )

    def _lifecycle(self, protected: bool) -> TerraformResourceLifecycle | None:
        scaling = self._settings.autoscaling
        if not protected and scaling is None:
            return None
        return TerraformResourceLifecycle(
            prevent_destroy=True if protected else None,
            ignore_changes=[owned_count(scaling)] if scaling else None,
        )
