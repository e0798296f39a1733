"""Aurora PostgreSQL Serverless v2: one cluster, its instances, and the schedule of its master secret."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster, RdsClusterServerlessv2ScalingConfiguration
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import (
    SecretsmanagerSecretRotation,
    SecretsmanagerSecretRotationRotationRules,
)
from constructs import Construct

from modules.common.accept import accept
from modules.common.encryption import log_group
from modules.common.place import Place
from modules.common.policies import Account
from modules.common.security_groups import closed_security_group
from modules.database.autoscaling import ReaderAutoscaling
from modules.database.monitoring import enhanced_monitoring_role
from modules.database.parameters import ParameterGroups
from settings.database import START_EMPTY, DatabaseSettings
from settings.naming import Naming

_ENGINE = "aurora-postgresql"
_PORT = 5432


class Database(Construct):
    """A cluster with one writer and the readers of the settings, distributed over the zones.

    Storage, snapshots, Performance Insights and the master secret are encrypted with the data key. RDS creates and
    rotates the master password, which is in no state, plan or output. The engine version is only a major version: with
    a minor version, the next plan after an automatic minor upgrade would downgrade. RDS selects its default minor
    version, and the provider accepts a partial version
    (https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/rds_cluster#engine_version-1).

    `availability_zones` and `ca_cert_identifier` are left out: the first would replace the cluster whenever RDS adds
    a third zone, the second would restart instances when the default changes.

    `settings.restore_from` is used only when the cluster is created. Later changes are ignored, because the provider
    would replace the cluster
    (https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/rds/cluster.go). A restored
    cluster has the data key, a master secret and all these settings except IAM authentication, which the provider
    enables with the next deployment.

    With `protected`, neither the cluster nor its instances can be destroyed. AWS's deletion protection covers only the
    cluster, and deleting all instances also takes the database down (hashicorp/terraform-provider-aws #23572).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: DatabaseSettings,
        place: Place,
        zones: tuple[str, ...],
        vpc_id: str,
        subnet_group: str,
        data_key_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._prevent_destroy = True if place.protected else None
        self._data_key_arn = data_key_arn
        self.parameter_groups = ParameterGroups(self, "parameters", settings=settings, names=place.names)
        group = closed_security_group(
            self,
            "security-group",
            name=place.names.name("aurora"),
            description="Aurora; callers add their own rule",
            vpc_id=vpc_id,
        )
        identifier = place.names.name("aurora")
        log = log_group(
            self,
            "log-group",
            name=f"/aws/rds/cluster/{identifier}/postgresql",
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        cluster = RdsCluster(
            self,
            "cluster",
            cluster_identifier=identifier,
            engine=_ENGINE,
            engine_version=settings.engine_version,
            # The settings have only the major version, so changing it always means a major upgrade.
            allow_major_version_upgrade=True,
            db_instance_parameter_group_name=self.parameter_groups.instance,
            db_cluster_parameter_group_name=self.parameter_groups.cluster,
            database_name=settings.name,
            master_username=settings.master_username,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=data_key_arn,
            iam_database_authentication_enabled=settings.iam_authentication,
            port=_PORT,
            serverlessv2_scaling_configuration=RdsClusterServerlessv2ScalingConfiguration(
                min_capacity=settings.min_capacity,
                max_capacity=settings.max_capacity,
                seconds_until_auto_pause=settings.auto_pause_seconds or None,
            ),
            db_subnet_group_name=subnet_group,
            vpc_security_group_ids=[group.id],
            storage_encrypted=True,
            storage_type="aurora-iopt1" if settings.storage_type == "io-optimized" else None,
            kms_key_id=data_key_arn,
            backup_retention_period=settings.backup_retention_days,
            preferred_backup_window=settings.backup_window,
            preferred_maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            # The automated backups are kept if a final snapshot is, for their retention.
            delete_automated_backups=not settings.final_snapshot,
            skip_final_snapshot=not settings.final_snapshot,
            # The security group's id changes when the stack is recreated, so the name is free at a second teardown.
            final_snapshot_identifier=place.names.name(f"aurora-final-{group.id}") if settings.final_snapshot else None,
            enabled_cloudwatch_logs_exports=["postgresql"],
            database_insights_mode=settings.insights,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=data_key_arn,
            performance_insights_retention_period=settings.performance_insights_retention_days,
            apply_immediately=settings.apply_immediately,
            deletion_protection=place.protected,
            snapshot_identifier=None if settings.restore_from == START_EMPTY else settings.restore_from,
            lifecycle=TerraformResourceLifecycle(
                prevent_destroy=self._prevent_destroy, ignore_changes=["snapshot_identifier"]
            ),
            depends_on=[log],
        )
        backed_up = {"backup_retention_period": settings.backup_retention_days}
        accept(cluster, backed_up, CKV2_AWS_8="Aurora backs up continuously; see docs/recovery.md")
        if not place.protected:
            unprotected = {"deletion_protection": False}
            accept(
                cluster,
                unprotected,
                CKV_AWS_139="other tiers are meant to be quick to destroy; production is protected",
            )
        if not settings.iam_authentication:
            by_password = {"iam_database_authentication_enabled": False}
            accept(cluster, by_password, CKV_AWS_162="developers may log in with a password; production requires IAM")
        self._add_instances(cluster, place.names, place.account, zones)
        if settings.autoscaling is not None:
            ReaderAutoscaling(
                self,
                "autoscaling",
                settings=settings.autoscaling,
                names=place.names,
                cluster_identifier=cluster.cluster_identifier,
                instances=self.instances,
            )
        self.cluster_identifier = cluster.cluster_identifier
        self.cluster_resource_id = cluster.cluster_resource_id
        self.cluster_arn = cluster.arn
        self.name = settings.name
        self.port = _PORT
        self.writer_endpoint = cluster.endpoint
        self.reader_endpoint = cluster.reader_endpoint
        self.security_group_id = group.id
        self.master_secret_arn = cluster.master_user_secret.get(0).secret_arn
        SecretsmanagerSecretRotation(
            self,
            "master-rotation",
            secret_id=self.master_secret_arn,
            # RDS has just created the password, so no rotation is needed now; RDS's default interval is 7 days.
            rotate_immediately=False,
            rotation_rules=SecretsmanagerSecretRotationRotationRules(
                automatically_after_days=settings.master_rotation_days
            ),
        )

    def _add_instances(self, cluster: RdsCluster, names: Naming, account: Account, zones: tuple[str, ...]) -> None:
        """The first reader (tier 1) scales with the writer, ready to take over; later ones scale by their own load.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html
        """
        settings = self._settings
        identifiers = [names.name(f"aurora-{number}") for number in range(1, settings.instances + 1)]
        monitoring = (
            enhanced_monitoring_role(self, "monitoring", names=names, account=account, instances=identifiers)
            if settings.enhanced_monitoring_seconds
            else None
        )
        self.instances = tuple(
            RdsClusterInstance(
                self,
                f"instance-{index + 1}",
                identifier=identifier,
                cluster_identifier=cluster.id,
                engine=_ENGINE,
                instance_class="db.serverless",
                db_parameter_group_name=self.parameter_groups.instance,
                availability_zone=zones[index % len(zones)],
                promotion_tier=index,
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                preferred_maintenance_window=settings.maintenance_window,
                monitoring_interval=settings.enhanced_monitoring_seconds,
                monitoring_role_arn=monitoring.role_arn if monitoring else None,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=self._data_key_arn,
                performance_insights_retention_period=settings.performance_insights_retention_days,
                apply_immediately=settings.apply_immediately,
                # An upgrade may wait for the maintenance window. Until then the new group's family does not match the
                # instance, and RDS would refuse it. With the upgrade, RDS applies the group that the cluster names.
                # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
                # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
                lifecycle=TerraformResourceLifecycle(
                    prevent_destroy=self._prevent_destroy, ignore_changes=["db_parameter_group_name"]
                ),
                depends_on=[monitoring.attachment] if monitoring else None,
            )
            for index, identifier in enumerate(identifiers)
        )
        if monitoring is None:
            for instance in self.instances:
                off = {"monitoring_interval": 0}
                accept(
                    instance,
                    off,
                    CKV_AWS_118="CloudWatch's metrics are enough here; production requires enhanced monitoring",
                )
