"""RDS: the managed master secret, Performance Insights, sources of parameters."""

import json
import secrets
import string
from typing import Any

from moto.rds.models import DBCluster, DBClusterParameterGroup, DBInstance, DBParameterGroup, MasterUserSecret

from local.emulator.registry import add, extend, replace

_PASSWORD_LENGTH = 28
# RDS keeps '/', '@', '"' and the space out of a master password.
_PASSWORD_CHARACTERS = string.ascii_letters + string.digits + "!#$%&'()*+,-.:;<=>?[]^_`{|}~"
_INSIGHTS = (
    "enable_performance_insights",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
    "database_insights_mode",
)


@replace(MasterUserSecret, unless="master_username")
def _generate_secret_string(self: Any) -> str:
    """moto's managed master secret always holds the user `admin` with one fixed password.

    The rotation function logs in with this secret, so it must name the cluster's own master user.
    """
    password = "".join(secrets.choice(_PASSWORD_CHARACTERS) for _ in range(_PASSWORD_LENGTH))
    return json.dumps({"username": self.resource.master_username, "password": password})


@extend(DBParameterGroup, unless="Source")
def update_parameters(stock: Any, self: Any, new_parameters: Any) -> None:
    """The provider asks for parameters with `Source=user`, and takes those without a source for defaults."""
    stock(self, [{**parameter, "Source": "user"} for parameter in new_parameters])


@extend(DBClusterParameterGroup, unless="Source")
def update_cluster_parameters(stock: Any, self: Any, new_parameters: Any) -> None:
    """As `update_parameters`."""
    stock(self, [{**parameter, "Source": "user"} for parameter in new_parameters])


@extend(DBCluster, because="self.scaling_configuration or {}")
def scaling_configuration_info(stock: Any, self: Any) -> dict[str, Any] | None:
    """moto returns the block of Serverless v1 full of nulls for every cluster, which the provider plans to
    remove.
    """
    return stock(self) if self.scaling_configuration else None


def _keep_insights(resource: Any, settings: dict[str, Any]) -> None:
    for name in _INSIGHTS:
        setattr(resource, name, settings.get(name))
    if resource.enable_performance_insights and not resource.performance_insights_retention_period:
        resource.performance_insights_retention_period = 7


@extend(DBCluster, "__init__", unless="performance_insights")
def keep_cluster_insights(stock: Any, self: Any, **kwargs: Any) -> None:
    """moto drops all settings of Performance Insights. AWS's default retention is 7 days."""
    stock(self, **kwargs)
    _keep_insights(self, kwargs)


@extend(DBInstance, "__init__", unless="performance_insights")
def keep_instance_insights(stock: Any, self: Any, **kwargs: Any) -> None:
    """As `keep_cluster_insights`."""
    stock(self, **kwargs)
    _keep_insights(self, kwargs)


def performance_insights_enabled(self: Any) -> bool:
    """The request's name is EnablePerformanceInsights, the answer's is PerformanceInsightsEnabled."""
    return bool(self.enable_performance_insights)


add(DBCluster, as_property=True)(performance_insights_enabled)
add(DBInstance, as_property=True)(performance_insights_enabled)
