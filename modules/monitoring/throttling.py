"""Throttled requests (429), which API Gateway's metrics count only as part of 4xx."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from constructs import Construct

from modules.monitoring.alarms import Metric
from settings.naming import Naming

_NAMESPACE = "Api"


def throttled_requests(scope: Construct, id_: str, *, names: Naming, access_log_group: str) -> Metric:
    """Counts them in the access log, where the status is a string.

    If there are very many, API Gateway omits some from the log, so the count is too low, but not zero. The metric of
    the filter has no dimensions, so its name contains the environment.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-monitor.html
    """
    name = names.name("throttled")
    CloudwatchLogMetricFilter(
        scope,
        id_,
        name=name,
        log_group_name=access_log_group,
        pattern='{ $.status = "429" }',
        metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
            namespace=_NAMESPACE, name=name, value="1", default_value="0", unit="Count"
        ),
    )
    return Metric(_NAMESPACE, name, {}, "Sum", "429")
