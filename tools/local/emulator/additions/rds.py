"""RDS: the managed master secret, restored, changed and deleted clusters, Performance Insights, sources of
parameters.
"""

import copy
import json
import re
import secrets
import time
import uuid
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import (
    DBCluster,
    DBClusterParameterGroup,
    DBInstance,
    DBParameterGroup,
    MasterUserSecret,
    RDSBackend,
)
from moto.rds.responses import RDSResponse

from tools.local.emulator.additions.rds_backups import retain
from tools.local.emulator.registry import add, extend

# Values that families of Aurora PostgreSQL have by themselves from a major version on.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/PostgreSQL_Password_Encryption_configuration.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
_DEFAULT_SINCE = {("password_encryption", "scram-sha-256"): 14, ("rds.force_ssl", "1"): 17}
_SYSTEM = {"Source": "system", "ApplyMethod": "pending-reboot"}
_USER = {"Source": "user"}
_INSIGHTS = (
    "enable_performance_insights",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
    "database_insights_mode",
)


# There is one with this number of every major version that the settings allow.
_MINOR = 4


def _whole_version(version: str | None) -> str | None:
    """AWS is given a major version alone, chooses the minor one, and answers both, e.g. for 16 with 16.4.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html (DefaultOnly)
    https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/rds_cluster#engine_version_actual-1
    """
    return f"{version}.{_MINOR}" if version and version.isdecimal() else version


def _password() -> str:
    return secrets.token_urlsafe(16) + "!#$%&'"  # as RDS, with what has to be quoted somewhere


@extend(MasterUserSecret, unless="master_username")
def _generate_secret_string(_: Any, self: Any) -> str:
    """moto's managed master secret always holds the user `admin` with one fixed password.

    The rotation function logs in with this secret, so it must name the cluster's own master user.
    """
    return json.dumps({"username": self.resource.master_username, "password": _password()})


@extend(MasterUserSecret, because="self.secretsmanager.rotate_secret(")
def rotate_secret(_: Any, self: Any) -> None:
    """moto asks Secrets Manager, which has no function to call for this secret and so keeps its value. Here it is
    RDS that makes the new one, and the schedule of the rotation stays as it is.
    """
    self._status = "rotating"
    value = self._generate_secret_string()
    self.secretsmanager.put_secret_value(self.secret.arn, value, None, str(uuid.uuid4()), ["AWSCURRENT"])
    self.secret.last_rotation_date = int(time.time())


@extend(RDSBackend, because="if manage_master_user_password:")
def modify_db_cluster(stock: Any, self: Any, kwargs: Any) -> Any:
    """moto makes a second master secret when RDS is told again to manage the password; the first one stays, and
    nobody knows it. AWS keeps the secret, and its key, which cannot be changed.

    It also looks for the change of the log exports under the name that they have in CreateDBCluster, where it never
    is, and renames the cluster alone; its instances go on naming the old one. IAM authentication stays as it was.
    """
    cluster = self.describe_db_clusters(kwargs["db_cluster_identifier"])[0]
    if version := _whole_version(kwargs.get("engine_version")):
        kwargs["engine_version"] = version
    if cluster.manage_master_user_password and kwargs.get("manage_master_user_password"):
        for name in ("manage_master_user_password", "master_user_secret_kms_key_id"):
            kwargs.pop(name, None)
    cluster.iam_auth = kwargs.get("enable_iam_database_authentication", cluster.iam_auth)
    change = kwargs.pop("cloudwatch_logs_export_configuration", None) or {}
    exports = dict.fromkeys([*cluster.enabled_cloudwatch_logs_exports, *change.get("EnableLogTypes", [])])
    disabled = change.get("DisableLogTypes", [])
    kwargs["enabled_cloudwatch_logs_exports"] = [kind for kind in exports if kind not in disabled]
    instances = cluster.members
    answer = stock(self, kwargs)
    for instance in instances:
        instance.db_cluster_identifier = cluster.db_cluster_identifier
    return answer


@extend(DBCluster, because='cfg.pop("_master_user_password")')
def get_cfg(stock: Any, self: Any) -> dict[str, Any]:
    """What a cluster is restored with from a snapshot: moto fails where RDS manages the password, for want of one.

    On AWS a restored cluster has the password of its source and no managed secret. No one can read the password
    of the embedded AWS's cluster, so it is any.
    """
    source = copy.copy(self)
    source._master_user_password = _password()
    return {**stock(source), "manage_master_user_password": False}


@extend(RDSBackend, unless="manage_master_user_password")
def restore_db_cluster_to_point_in_time(stock: Any, self: Any, **arguments: Any) -> Any:
    """As `get_cfg`; moto makes the restored cluster a managed secret, which must be asked for. What it was made from:
    see `rds_backups`.
    """
    (source,) = self.describe_db_clusters(arguments["source_db_cluster_identifier"])
    cluster = stock(self, **arguments, manage_master_user_password=False, master_user_password=_password())
    cluster.clone_group_id = f"cluster:{source.db_cluster_resource_id}"
    return cluster


@extend(RDSResponse, unless="DeleteAutomatedBackups")
def delete_db_cluster(stock: Any, self: Any) -> Any:
    """moto keeps the automated snapshots of every deleted cluster. AWS deletes them unless told otherwise; those
    of another cluster that had the name before stay.
    """
    answer = stock(self)
    cluster = answer.result["DBCluster"]
    if not self.params.get("DeleteAutomatedBackups", True):
        retain(self.backend, cluster)
    else:
        resource = cluster.db_cluster_resource_id
        for name, snapshot in list(self.backend.cluster_snapshots.items()):
            if snapshot.snapshot_type == "automated" and snapshot.cluster.db_cluster_resource_id == resource:
                del self.backend.cluster_snapshots[name]
    return answer


@extend(RDSBackend, because="self.subnet_groups.pop(subnet_name)")
def modify_db_subnet_group(_: Any, self: Any, subnet_name: str, description: str, subnets: list[Any]) -> Any:
    """moto loses the group that it changes. AWS keeps it, and in the VPC in which it was made."""
    (group,) = self.describe_db_subnet_groups(subnet_name)
    if {subnet.vpc_id for subnet in subnets} != {group.vpc_id}:
        message = "The new Subnets are not in the same Vpc as the existing subnet group"
        raise RDSClientError("InvalidParameterValue", message)
    group.subnets = subnets
    if description is not None:
        group.description = description
    return group


@extend(DBParameterGroup, unless="Source")
def update_parameters(stock: Any, self: Any, new_parameters: Any) -> None:
    """The provider asks for parameters with `Source=user`, and takes those without a source for defaults."""
    stock(self, [parameter | _USER for parameter in new_parameters])


@extend(DBClusterParameterGroup, unless="Source")
def update_cluster_parameters(stock: Any, self: Any, new_parameters: Any) -> None:
    """As `update_parameters`. AWS takes no note of a value that is the family's own: it stays the system's."""
    version = int(re.sub(r"\D", "", self.db_parameter_group_family) or 0)

    def source(ParameterName: str, ParameterValue: str, **_: Any) -> dict[str, str]:  # noqa: N803
        return _SYSTEM if version >= _DEFAULT_SINCE.get((ParameterName, ParameterValue), 100) else _USER

    stock(self, [{**parameter, **source(**parameter)} for parameter in new_parameters])


@extend(DBCluster, because="self.scaling_configuration or {}")
def scaling_configuration_info(stock: Any, self: Any) -> dict[str, Any] | None:
    """moto returns the block of Serverless v1 full of nulls for every cluster, which the provider plans to
    remove.
    """
    return stock(self) if self.scaling_configuration else None


def keep_insights(stock: Any, self: Any, **kwargs: Any) -> None:
    """moto drops all settings of Performance Insights. AWS's default retention is 7 days. Versions: `_whole_version`.

    It also looks up the size of the storage by its type, and does not know Aurora's I/O-optimized one.
    """
    if kwargs.get("storage_type") == "aurora-iopt1":
        kwargs["allocated_storage"] = kwargs.get("allocated_storage") or 1  # as of Aurora's other types in moto
    kwargs["engine_version"] = _whole_version(kwargs.get("engine_version"))
    stock(self, **kwargs)
    for name in _INSIGHTS:
        setattr(self, name, kwargs.get(name))
    if self.enable_performance_insights and not self.performance_insights_retention_period:
        self.performance_insights_retention_period = 7


for owner in (DBCluster, DBInstance):
    extend(owner, "__init__", unless="performance_insights")(keep_insights)


@add(DBCluster, DBInstance, as_property=True)
def performance_insights_enabled(self: Any) -> bool:
    """The request's name is EnablePerformanceInsights, the answer's is PerformanceInsightsEnabled."""
    return bool(self.enable_performance_insights)
