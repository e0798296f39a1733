"""RDS: major upgrades of Aurora that wait for the maintenance window, and the parameter groups that go with a version.

The window never comes by itself here. Who wants it to come asks for the same once more with `ApplyImmediately`.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
"""

from collections.abc import Iterable
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend

from tools.local.emulator.registry import extend

# Of a request these wait together: a group is of the family of one major version.
_WAITING = ("engine_version", "db_cluster_parameter_group_name", "db_instance_parameter_group_name")


def _major(version: str) -> str:
    return version.partition(".")[0]


def _refuse(message: str) -> None:
    raise RDSClientError("InvalidParameterCombination", message)


def _require_families(backend: Any, kwargs: Any, family: str) -> None:
    """The words are those of https://github.com/hashicorp/terraform-provider-aws/issues about it."""
    for groups, key, attribute in (
        (backend.db_cluster_parameter_groups, "db_cluster_parameter_group_name", "db_parameter_group_family"),
        (backend.db_parameter_groups, "db_instance_parameter_group_name", "family"),
    ):
        name = kwargs.get(key) or ""
        found = getattr(groups.get(name), attribute, family)
        if found != family:
            _refuse(
                f"The Parameter Group {name} with DBParameterGroupFamily {found} cannot be used for this instance. "
                f"Please use a Parameter Group with DBParameterGroupFamily {family}"
            )


@extend(RDSBackend, unless="pending_modified_values")
def modify_db_cluster(stock: Any, self: Any, kwargs: Any) -> Any:
    """moto changes the version at once, whatever is asked for, and takes any parameter group with it.

    DBInstanceParameterGroupName is for a major upgrade only. The provider sends it with every change, and leaves it out
    when it is told so (https://github.com/hashicorp/terraform-provider-aws/issues/30605).
    """
    (cluster,) = self.describe_db_clusters(kwargs["db_cluster_identifier"])
    version = kwargs.get("engine_version") or cluster.engine_version
    is_major = _major(version) != _major(cluster.engine_version)
    if is_major and not kwargs.get("allow_major_version_upgrade"):
        _refuse("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    if not is_major and kwargs.get("db_instance_parameter_group_name"):
        _refuse("The parameter db-instance-parameter-group-name can only be specified for a major version upgrade.")
    _require_families(self, kwargs, f"{cluster.engine}{_major(version)}")
    waits = is_major and not kwargs.get("apply_immediately")
    waiting = {name: kwargs.pop(name, None) for name in _WAITING} if waits else {}
    answer = stock(self, kwargs)
    if waits:
        cluster.pending_modified_values = {"EngineVersion": waiting["engine_version"]}
    elif is_major:
        cluster.pending_modified_values = None
        for instance in cluster.members:
            instance.db_parameter_group_name = kwargs.get("db_instance_parameter_group_name")
    return answer


def _refuse_in_use(name: str, used: Iterable[str | None]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBClusterParameterGroup.html"""
    if name in used:
        raise RDSClientError("InvalidDBParameterGroupState", f"One or more database instances are still using {name}")


@extend(RDSBackend, unless="InvalidDBParameterGroupState")
def delete_db_cluster_parameter_group(stock: Any, self: Any, db_cluster_parameter_group_name: str) -> Any:
    """moto deletes the group of a cluster that stands."""
    _refuse_in_use(db_cluster_parameter_group_name, (one.parameter_group for one in self.clusters.values()))
    return stock(self, db_cluster_parameter_group_name)


@extend(RDSBackend, unless="InvalidDBParameterGroupState")
def delete_db_parameter_group(stock: Any, self: Any, db_parameter_group_name: str) -> Any:
    """As `delete_db_cluster_parameter_group`."""
    _refuse_in_use(db_parameter_group_name, (one.db_parameter_group_name for one in self.databases.values()))
    return stock(self, db_parameter_group_name)
