from tests.tools.local.emulator.conftest import Client


def test_composite_alarm_is_returned_with_its_rule(client: Client, name: str) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(other)", AlarmDescription="Test")

    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    assert answer["MetricAlarms"] == []
    assert answer["CompositeAlarms"][0]["AlarmRule"] == "ALARM(other)"
