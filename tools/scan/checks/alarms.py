"""What no line of the allow-list can say of an alarm: that it leaves nothing out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import blocks, leaves, parsed

_HASH = re.compile(r"_[0-9A-F]{8}$")
_MANY = re.compile(r"(MAX|SUM)\(\[(.*)\]\)")
# While a database is paused, a number takes the place of its value: a number, and nothing else.
_MORE_THAN_A_NUMBER = re.compile(r"IF\(m2 > 0, m1, (?!\d+\)$)")
_MEMBER = re.compile(r'ALARM\("\$\{aws_cloudwatch_metric_alarm\.[\w-]+\.alarm_name\}"\)')
_ALARM, _COMPOSITE = "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"


def _names(platform: Platform) -> Iterator[Finding]:
    """An alarm is named after what it is of, so that it takes the place of no other one, of no other stack."""
    project = platform.settings.get("project")
    for alarm in platform.subjects if project else ():
        if alarm.type in (_ALARM, _COMPOSITE):
            own = _HASH.sub("", alarm.id).partition("_")[2]
            wanted = f"{project}-{own}-{platform.name.removeprefix(f'{project}-')}"
            if alarm.values.get("alarm_name") != wanted:
                yield alarm.finding("ALARM", f"must be {wanted}", "alarm_name")


def _region(platform: Platform, stack: str) -> str:
    providers = blocks(platform.stacks[stack].get("provider", {}).get("aws"))
    return str(providers[0].get("region")) if providers else "no region"


def _topics(platform: Platform) -> Iterator[Finding]:
    """Alarms publish to the topic of their own stack, which lets those of its own region do so, and tells everybody."""
    monitoring: Any = platform.settings.get("monitoring") or {}
    for topic in platform.all("aws_sns_topic"):
        told = sorted(
            (str(s.values.get("endpoint")), str(s.values.get("protocol")))
            for s in platform.all("aws_sns_topic_subscription")
            if topic in _topic_of(platform, s)
        )
        wanted = [
            (who, "https" if who.startswith("https://") else "email") for who in monitoring.get("subscribers") or ()
        ]
        if told != sorted(wanted):
            yield topic.finding("ALARM", "must tell each of monitoring.subscribers once, by email or https")
        for key in platform.referred(topic.stack, topic.values.get("kms_master_key_id")):
            if _region(platform, key.stack) != _region(platform, topic.stack):
                yield topic.finding("ALARM", "must be under a key of its own region", "kms_master_key_id")
    for one in platform.subjects:
        if one.type in (_ALARM, _COMPOSITE):
            topics = platform.referred(one.stack, [one.values.get("alarm_actions"), one.values.get("ok_actions")])
            if any(topic.stack != one.stack for topic in topics):
                yield one.finding("ALARM", "must notify the topic of its own stack", "alarm_actions")
        if one.type == "aws_sns_topic_policy":
            region = _region(platform, one.stack)
            for statement in one.statements:
                text = str(statement.body)
                if "cloudwatch.amazonaws.com" in text and f":cloudwatch:{region}:" not in text:
                    yield one.finding("ALARM", f"must let alarms of {region} publish", statement.label)


def _topic_of(platform: Platform, subscription: Resource) -> list[Resource]:
    """The topic, to which a subscription refers by its policy."""
    policies = platform.referred(subscription.stack, subscription.values.get("topic_arn"))
    return [topic for policy in policies for topic in platform.referred(policy.stack, policy.values.get("arn"))]


def _shown(platform: Platform) -> Iterator[Finding]:
    """Every critical alarm of a stack is in its composite alarm, and every alarm is on the dashboard."""
    alarms = platform.all(_ALARM, _COMPOSITE)
    for stack in sorted({alarm.stack for alarm in alarms}):
        critical = {a for a in alarms if a.stack == stack and a.type == _ALARM and _is_critical(a)}
        composites = [a for a in alarms if a.stack == stack and a.type == _COMPOSITE]
        members = [set(platform.referred(stack, a.values.get("alarm_rule"))) for a in composites]
        if critical and members != [critical]:
            yield Finding(
                "ALARM", stack, _COMPOSITE, "one must have every alarm of the stack whose Severity is critical"
            )
    for board in platform.all("aws_cloudwatch_dashboard"):
        widgets = (parsed(board.values.get("dashboard_body")) or {}).get("widgets") or []
        drawn = {text.rpartition(":alarm:")[2] for w in widgets if w.get("type") == "alarm"
                 for text in w.get("properties", {}).get("alarms") or ()}  # fmt: skip
        for alarm in alarms:
            # Alarms of a deployment are ECS's alone.
            if alarm.values.get("alarm_actions") and alarm.values.get("alarm_name") not in drawn:
                yield board.finding("ALARM", f"must show {alarm.values.get('alarm_name')}", "dashboard_body")


def _is_critical(alarm: Resource) -> bool:
    return (alarm.values.get("tags") or {}).get("Severity") == "critical"


def _expressions(platform: Platform) -> Iterator[Finding]:
    """All metrics of an alarm are in its expression, and nothing else is."""
    for alarm in platform.subjects:
        queries = blocks(alarm.values.get("metric_query")) if alarm.type == _ALARM else []
        terms = ", ".join(f"FILL({query.get('id')}, 0)" for query in queries if query.get("metric"))
        for text in (str(query.get("expression") or "") for query in queries):
            many = _MANY.fullmatch(text)
            if (many and many[2] != terms) or _MORE_THAN_A_NUMBER.match(text):
                message = f"its expression must have each metric once, and nothing else: {terms}"
                yield alarm.finding("ALARM", message, "metric_query")
        members = str(alarm.values.get("alarm_rule")).split(" OR ")
        if alarm.type == _COMPOSITE and not all(map(_MEMBER.fullmatch, members)):
            yield alarm.finding("ALARM", 'must be ALARM("...") of alarms of this stack, joined by OR', "alarm_rule")


def _sources(platform: Platform) -> Iterator[Finding]:
    """Metrics of Redis are of every node, those of NAT of every gateway."""
    measured: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
    for alarm in platform.all(_ALARM):
        for query in blocks(alarm.values.get("metric_query")):
            for metric in blocks(query.get("metric")):
                if metric.get("namespace") in ("AWS/ElastiCache", "AWS/NATGateway"):
                    source = "".join(str(value) for _, value in leaves(metric.get("dimensions") or {}))
                    measured[str(metric.get("metric_name"))].append((alarm, source))
    computed: Any = platform.settings.get("computed") or {}
    subjects = set(platform.subjects)
    for name, found in measured.items():
        alarms = [alarm for alarm, _ in found]
        if subjects.isdisjoint(alarms):
            continue
        gateways = {r for alarm, source in found for r in platform.referred(alarm.stack, source)}
        if all(gateway.type == "aws_nat_gateway" for gateway in gateways):
            wanted, have = len(platform.all("aws_nat_gateway")), len(gateways)
        else:
            nodes = set(computed.get("cache_nodes") or ())
            wanted, have = len(nodes), len({source.rpartition("}-")[2] for _, source in found} & nodes)
        if not wanted == have == len(found):
            message = f"{name} must be measured of each node or gateway once: {wanted}, not {have} of {len(found)}"
            yield alarms[0].finding("ALARM", message, "metric_query")


def _alarms(platform: Platform) -> Iterator[Finding]:
    yield from _names(platform)
    yield from _topics(platform)
    yield from _shown(platform)
    yield from _expressions(platform)
    yield from _sources(platform)


CHECKS = (
    Check("ALARM", "Alarms measure every node and gateway, and their expressions use every metric", (), (), _alarms),
)
