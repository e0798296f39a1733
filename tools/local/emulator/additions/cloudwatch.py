"""CloudWatch: composite alarms."""

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse

from tools.local.emulator.registry import add


@add(CloudWatchResponse)
def put_composite_alarm(self: Any) -> Any:
    """moto's put_metric_alarm reads AlarmRule "to re-use this method for composite alarms" but is never
    called for them. It keeps the rule as `rule`, which is not the name that its own serializer looks for.
    """
    answer = self.put_metric_alarm()
    self.cloudwatch_backend.alarms[self._get_param("AlarmName")].alarm_rule = self._get_param("AlarmRule")
    return answer
