"""CloudWatch: composite alarms."""

from typing import Any

from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse

from tools.local.emulator.registry import add


@add(CloudWatchResponse)
def put_composite_alarm(self: Any) -> Any:
    """moto's put_metric_alarm reads AlarmRule "to re-use this method for composite alarms" but is never
    called for them.
    """
    return self.put_metric_alarm()


@add(Alarm, as_property=True)
def alarm_rule(self: Any) -> str | None:
    """moto keeps the rule as `rule`, which is not the name that its own serializer looks for."""
    rule: str | None = self.rule
    return rule
