"""The requests to an API's canary, counted in the canary's own access log."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from constructs import Construct

from modules.monitoring.alarms import Metric
from settings.naming import Naming

_NAMESPACE = "Api"


def canary_requests(scope: Construct, id_: str, *, names: Naming, access_log_group: str) -> tuple[Metric, Metric]:
    """The requests with 5xx, and all requests. The status in the log is a string.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html
    """
    return _counted(scope, f"{id_}-errors", names.name("canary-errors"), '{ $.status = "5*" }', access_log_group), (
        _counted(scope, f"{id_}-requests", names.name("canary-requests"), '{ $.status = "*" }', access_log_group)
    )


def _counted(scope: Construct, id_: str, name: str, pattern: str, group: str) -> Metric:
    CloudwatchLogMetricFilter(
        scope,
        id_,
        name=name,
        log_group_name=group,
        pattern=pattern,
        metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
            namespace=_NAMESPACE, name=name, value="1", default_value="0", unit="Count"
        ),
    )
    return Metric(_NAMESPACE, name, {}, "Sum", id_.rpartition("-")[2])
