"""Parameter groups of Aurora PostgreSQL."""

from __future__ import annotations

from typing import get_args

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import (
    RdsClusterParameterGroup,
    RdsClusterParameterGroupParameter,
)
from constructs import Construct

from settings.database import DatabaseSettings, PostgresVersion
from settings.naming import Naming

# Major versions from which the family's default is the value below. RDS ignores such a parameter and returns it as a
# system value with "pending-reboot"; with "immediate" in the code, every plan would show a change.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/PostgreSQL_Password_Encryption_configuration.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
# https://github.com/hashicorp/terraform-provider-aws/issues/18035
_DEFAULT_SINCE = {"password_encryption": 14, "rds.force_ssl": 17}
_NEW_BEFORE_OLD = TerraformResourceLifecycle(create_before_destroy=True)


class ParameterGroups(Construct):
    """A group for the cluster and one for its instances of every major version; `cluster` and `instance` are the names
    of those in use.

    Each major version has its own family. If an upgrade waits for the maintenance window, the cluster uses the old
    groups until then, and RDS refuses to delete a group in use. So the groups of all versions exist; they cost nothing.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBClusterParameterGroup.html

    The instances' group is empty. It exists because attaching one later would restart the instances.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: DatabaseSettings, names: Naming) -> None:
        super().__init__(scope, id_)
        groups = {version: self._groups(version, settings, names) for version in get_args(PostgresVersion)}
        cluster, instance = groups[settings.engine_version]
        for group, old in ((cluster, "cluster_8352001E"), (instance, "instance_FE6EADAF")):
            group.move_from_id(f"{group.terraform_resource_type}.database_parameters_{old}")
        self.cluster = cluster.name
        self.instance = instance.name

    def _groups(
        self, version: str, settings: DatabaseSettings, names: Naming
    ) -> tuple[RdsClusterParameterGroup, DbParameterGroup]:
        family = f"aurora-postgresql{version}"
        name = names.name(family)
        return (
            RdsClusterParameterGroup(
                self,
                f"cluster-{version}",
                name=name,
                family=family,
                description="Aurora cluster: TLS only, SCRAM passwords, record of changes and slow statements",
                parameter=[
                    RdsClusterParameterGroupParameter(
                        name=parameter,
                        value=value,
                        apply_method="pending-reboot" if _is_default(parameter, version) else None,
                    )
                    for parameter, value in cluster_parameters(settings).items()
                ],
                lifecycle=_NEW_BEFORE_OLD,
            ),
            DbParameterGroup(
                self,
                f"instance-{version}",
                name=name,
                family=family,
                description="Aurora instances: everything by the cluster",
                lifecycle=_NEW_BEFORE_OLD,
            ),
        )


def _is_default(parameter: str, version: str) -> bool:
    return parameter in _DEFAULT_SINCE and int(version) >= _DEFAULT_SINCE[parameter]


def cluster_parameters(settings: DatabaseSettings) -> dict[str, str]:
    """Names and values, all of which take effect without a restart.

    `rds.force_ssl` is off by default up to version 16 (PCI DSS 4.2.1); `log_statement` records every change of schema
    or role (10.2.1.2), but no data.
    """
    return {
        "log_min_duration_statement": str(settings.slow_statement_ms),
        "log_statement": "ddl",
        "password_encryption": "scram-sha-256",
        "rds.force_ssl": "1",
    }
