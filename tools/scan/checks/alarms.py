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
_MEMBER = re.compile(r'ALARM\("\$\{aws_cloudwatch_metric_alarm\.[\w-]+\.alarm_name\}"\)')
_SEVERITIES = ("critical", "warning")
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
            tags = alarm.values.get("tags") or {}
            part, severity = tags.get("Part"), tags.get("Severity")
            if alarm.type == _ALARM and tags and not (own.startswith(f"{part}-") and severity in _SEVERITIES):
                yield alarm.finding("ALARM", "must have its row as Part, and a Severity of the two", "tags")


def _region(platform: Platform, stack: str) -> str:
    providers = blocks(platform.stacks[stack].get("provider", {}).get("aws"))
    return str(providers[0].get("region")) if providers else "no region"


def _subscribers(platform: Platform) -> Iterator[Finding]:
    """Each topic tells each subscriber of the settings once, and is under a key of its own region."""
    monitoring: Any = platform.settings.get("monitoring") or {}
    wanted = {who: "https" if who.startswith("https://") else "email" for who in monitoring.get("subscribers") or ()}
    for topic in platform.all("aws_sns_topic"):
        policies = platform.referring(topic, "aws_sns_topic_policy", through="arn")
        told = [s for p in policies for s in platform.referring(p, "aws_sns_topic_subscription", through="topic_arn")]
        if sorted((s.values.get("endpoint"), s.values.get("protocol")) for s in told) != sorted(wanted.items()):
            yield topic.finding("ALARM", "must tell each of monitoring.subscribers once, by email or https")
        for key in platform.referred(topic.stack, topic.values.get("kms_master_key_id")):
            if _region(platform, key.stack) != _region(platform, topic.stack):
                yield topic.finding("ALARM", "must be under a key of its own region", "kms_master_key_id")


def _topics(platform: Platform) -> Iterator[Finding]:
    """Alarms publish to the topic of their own stack, which lets those of its own region do so."""
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


def _overviews(platform: Platform) -> Iterator[Finding]:
    """Every critical alarm of a stack is in its composite alarm, and every alarm is on the dashboard."""
    alarms = platform.all(_ALARM, _COMPOSITE)
    for stack in sorted({alarm.stack for alarm in alarms}):
        critical = {a for a in alarms if a.stack == stack and a.type == _ALARM and _is_critical(a)}
        composites = [a for a in alarms if a.stack == stack and a.type == _COMPOSITE]
        members = [set(platform.referred(stack, a.values.get("alarm_rule"))) for a in composites]
        if critical and members != [critical]:
            message = "there must be one, of every alarm of the stack whose Severity is critical"
            yield Finding("ALARM", stack, _COMPOSITE, message)
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
            if many and many[2] != terms:
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
    yield from _subscribers(platform)
    yield from _overviews(platform)
    yield from _expressions(platform)
    yield from _sources(platform)


CHECKS = (
    Check("ALARM", "Alarms measure every node and gateway, and their expressions use every metric", (), (), _alarms),
)
