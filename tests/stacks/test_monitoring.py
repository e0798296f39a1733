"""The monitoring stack of every shipped environment: what is watched exists, and somebody is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load
from synthesized import Synthesized, read_stack
from watched import REMOTE, alarms, drawn, exists, maker, metrics

from main import build_app
from settings.environment import Environment

every_environment = pytest.mark.parametrize("environment", environment_names())


def monitoring(outdir: Path, environment: str) -> Synthesized:
    return read_stack(outdir, f"{environment}-monitoring")


@every_environment
def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_ends(app_outdir: Path, environment: str) -> None:
    stack = monitoring(app_outdir, environment)
    topic = [f"${{{stack.address('aws_sns_topic_policy')}.arn}}"]

    for alarm in [*alarms(stack).values(), *stack.all("aws_cloudwatch_composite_alarm")]:
        assert alarm["alarm_actions"] == topic, alarm["alarm_name"]
        assert alarm["ok_actions"] == topic, alarm["alarm_name"]
        assert alarm.get("actions_enabled", True) is True, alarm["alarm_name"]


@every_environment
def test_every_alarm_says_what_it_means_and_what_to_do(app_outdir: Path, environment: str) -> None:
    for name, alarm in alarms(monitoring(app_outdir, environment)).items():
        # CloudWatch takes 1024 characters; two sentences are the least that say both.
        assert 60 < len(alarm["alarm_description"]) <= 1024, name
        assert len(re.findall(r"\.(?= [A-Z]|$)", alarm["alarm_description"])) >= 2, name


@every_environment
def test_every_dimension_of_every_alarm_and_line_is_of_something_that_is_made(
    app_outdir: Path, environment: str
) -> None:
    stack = monitoring(app_outdir, environment)
    seen = [found for alarm in alarms(stack).values() for found in metrics(alarm)] + list(drawn(stack))

    assert seen
    for namespace, name, dimensions in seen:
        for dimension, value in dimensions.items():
            assert exists(app_outdir, environment, dimension, value), f"{namespace} {name}: {dimension} = {value}"


def test_a_dimension_of_nothing_is_noticed(app_outdir: Path) -> None:
    stack = monitoring(app_outdir, "globecart-prod")
    (cluster,) = {
        dimensions["DBClusterIdentifier"]
        for alarm in alarms(stack).values()
        for _, _, dimensions in metrics(alarm)
        if "DBClusterIdentifier" in dimensions
    }
    (node,) = {
        dimensions["CacheClusterId"]
        for alarm in alarms(stack).values()
        for _, _, dimensions in metrics(alarm)
        if dimensions.get("CacheClusterId", "").endswith("-0003-003")
    }

    assert exists(app_outdir, "globecart-prod", "CacheClusterId", node)
    assert not exists(app_outdir, "globecart-prod", "CacheClusterId", node.replace("-0003-003", "-0004-001"))
    assert not exists(app_outdir, "globecart-prod", "CacheClusterId", cluster)
    assert not exists(app_outdir, "globecart-prod", "ApiName", "globecart-other-prod")
    assert not exists(app_outdir, "globecart-prod", "Stage", "v0")


def test_a_dimension_that_no_table_has_names_something_that_is_made(app_outdir: Path) -> None:
    stack = monitoring(app_outdir, "globecart-prod")
    seen = {key: value for alarm in alarms(stack).values() for _, _, of in metrics(alarm) for key, value in of.items()}
    queue, machine = "globecart-queue-orders-prod", seen["StateMachineArn"]

    assert maker(app_outdir, "globecart-prod", "QueueName", queue) == "globecart-prod-data"
    assert maker(app_outdir, "globecart-prod", "StateMachineArn", machine) == "globecart-prod-service"
    assert not exists(app_outdir, "globecart-prod", "QueueName", "globecart-queue-order-prod")
    # What only an alarm itself says is not made.
    assert not exists(app_outdir, "globecart-prod", "QueueName", "globecart-queue-orders-dev")
    assert not exists(app_outdir, "globecart-prod", "StateMachineArn", f"{machine}-0001")


# What must be watched, as the names of alarms begin behind the project.
EVERYWHERE = (
    "api-blocked", "api-errors", "api-latency", "api-refused", "api-throttled",
    "cache-connections", "cache-cpu", "cache-evictions", "cache-memory",
    "database-capacity", "database-connections", "database-cpu", "database-deadlocks", "database-memory",
    "entry-no-healthy-task", "entry-unhealthy-task",
    "rotation-age", "rotation-errors", "rotation-failed", "rotation-throttles",
    "service-cpu", "service-memory", "service-tasks-missing",
)  # fmt: skip
# The same where the settings make what they are about.
WHERE: tuple[tuple[tuple[str, ...], Callable[[Environment], bool]], ...] = (
    (("egress-packets-dropped", "egress-ports"), lambda made: made.network.nat != "none"),
    (("database-replica-lag",), lambda made: made.database.instances > 1),
    (("cache-replica-lag",), lambda made: made.cache.replicas_per_shard > 0),
    (("entry-tls-errors",), lambda made: made.service.certificate_arn is not None),
    (("files-io-limit",), lambda made: bool(made.storage.access_points)),
    (("files-clients",), lambda made: bool(made.service.mounts)),
)


@every_environment
def test_everything_is_watched_that_hurts_elsewhere(app_outdir: Path, environment: str) -> None:
    settings = load(environment)
    purposes = {*EVERYWHERE, *(purpose for also, holds in WHERE if holds(settings) for purpose in also)}
    purposes |= {f"queues-{name}-{what}" for name in settings.service.queues for what in ("waiting", "dead")}
    purposes |= {f"workers-{name}-tasks-missing" for name in settings.workers}
    purposes |= {f"jobs-{name}-{what}" for name in settings.jobs for what in ("failed", "missing")}

    assert {settings.names.name(purpose) for purpose in purposes} <= alarms(monitoring(app_outdir, environment)).keys()


@every_environment
def test_queues_workers_and_jobs_are_rows_of_the_dashboard(app_outdir: Path, environment: str) -> None:
    settings, stack = load(environment), monitoring(app_outdir, environment)
    body = json.loads(stack.one("aws_cloudwatch_dashboard")["dashboard_body"])
    titles = " | ".join(widget["properties"].get("title", "") for widget in body["widgets"])

    for title, names in (
        ("Messages of {}", settings.service.queues),
        ("Dead letters of {}", settings.service.queues),
        ("Tasks of {}", settings.workers),
        ("Tasks of {} missing", settings.workers),
        ("Runs of {}", settings.jobs),
        ("Job {} failed", settings.jobs),
    ):
        for name in names:
            assert title.format(name) in titles
    text = json.dumps(body)
    for heading, made in (
        ("Queues: SQS", settings.service.queues),
        ("Workers: ECS Fargate", settings.workers),
        ("Jobs: Step Functions", settings.jobs),
    ):
        assert (heading in text) is bool(made)


def test_the_shipped_platforms_have_what_is_watched_by_setting() -> None:
    shop, iot = load("globecart-prod"), load("iot-prod")

    assert all(holds(shop) for _, holds in WHERE)
    assert [also for also, holds in WHERE if not holds(iot)] == [("files-io-limit",), ("files-clients",)]


@every_environment
def test_the_platform_is_unhealthy_when_any_critical_alarm_is_on(app_outdir: Path, environment: str) -> None:
    stack = monitoring(app_outdir, environment)
    critical = {
        stack.address("aws_cloudwatch_metric_alarm", alarm_name=name)
        for name, alarm in alarms(stack).items()
        if alarm["tags"]["Severity"] == "critical"
    }

    rule = stack.one("aws_cloudwatch_composite_alarm")["alarm_rule"]
    parts = rule.split(" OR ")
    assert {re.fullmatch(r'ALARM\("\$\{(.*)\.alarm_name\}"\)', part)[1] for part in parts} == critical  # type: ignore[index]
    assert len(critical) >= 8
    # What AWS takes at most.
    assert len(parts) <= 100
    assert sum(len(name) + 12 for name in alarms(stack)) < 10_240


@every_environment
def test_silence_is_a_fault_only_where_something_must_speak(app_outdir: Path, environment: str) -> None:
    settings = load(environment)
    breaching = {
        name
        for name, alarm in alarms(monitoring(app_outdir, environment)).items()
        if alarm["treat_missing_data"] == "breaching"
    }

    expected = {"rotation-age", "service-tasks-missing", "entry-no-healthy-task"}
    if settings.database.min_capacity > 0:  # one that pauses is silent meanwhile
        expected.add("database-capacity")
    if settings.service.mounts:
        expected.add("files-clients")
    expected |= {f"workers-{name}-tasks-missing" for name in settings.workers}
    expected |= {f"jobs-{name}-missing" for name in settings.jobs}
    if settings.backup:  # a plan that does not run says nothing
        expected |= {"backup-aurora-missing", *(["backup-efs-missing"] if settings.storage.access_points else [])}
    assert breaching == {settings.names.name(purpose) for purpose in expected}


@every_environment
def test_failed_rotations_reach_the_topic_with_words(app_outdir: Path, environment: str) -> None:
    stack, secrets = monitoring(app_outdir, environment), read_stack(app_outdir, f"{environment}-secrets")
    target = stack.one("aws_cloudwatch_event_target")

    remote = REMOTE.fullmatch(target["rule"])
    assert remote is not None
    rule = secrets.address("aws_cloudwatch_event_rule", name=load(environment).names.name("rotation-failed"))
    assert secrets.outputs[remote[2]]["value"] == f"${{{rule}.name}}"
    assert target["arn"] == f"${{{stack.address('aws_sns_topic_policy')}.arn}}"
    assert "rotation" in target["input_transformer"]["input_template"]
    # EventBridge names no source when it publishes by a topic's policy, so it does by a role.
    assert target["role_arn"] == f"${{{stack.address('aws_iam_role')}.arn}}"


@every_environment
def test_the_age_is_asked_for_once_so_that_its_alarm_does_not_begin_with_silence(
    app_outdir: Path, environment: str
) -> None:
    stack = monitoring(app_outdir, environment)
    age = alarms(stack)[load(environment).names.name("rotation-age")]

    report = json.loads(stack.one("aws_lambda_invocation")["input"])
    assert report == {"report": {"SecretId": age["dimensions"]["SecretArn"]}}
    assert age["depends_on"] == [stack.address("aws_lambda_invocation")]
    # CloudWatch looks back 7 days at most.
    assert age["period"] * age["evaluation_periods"] <= 7 * 86_400


@every_environment
def test_monitoring_comes_after_all_that_it_watches_and_before_nothing(app_outdir: Path, environment: str) -> None:
    manifest = json.loads((app_outdir / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    stack = monitoring(app_outdir, environment)
    sources = [found for alarm in alarms(stack).values() for found in metrics(alarm)] + list(drawn(stack))
    watched = {
        maker(app_outdir, environment, dimension, value)
        for _, _, dimensions in sources
        for dimension, value in dimensions.items()
        if dimension not in ("Region", "Rule", "ResourceType")
    }

    assert {f"{environment}-{name}" for name in ("api", "data", "entry", "rotation", "secrets", "service")} <= watched
    # The network's, for the key of the topic.
    assert {*watched, f"{environment}-network"} <= set(manifest[f"{environment}-monitoring"]["dependencies"])
    for other in manifest.values():
        assert f"{environment}-monitoring" not in other["dependencies"]


@pytest.mark.parametrize(
    ("environment", "minutes", "cpu"), [("iot-dev", 15, 90), ("iot-prod", 5, 80)], ids=["development", "production"]
)
def test_thresholds_are_those_of_the_tier(app_outdir: Path, environment: str, minutes: int, cpu: int) -> None:
    alarm = alarms(monitoring(app_outdir, environment))[load(environment).names.name("database-cpu")]

    assert (alarm["period"], alarm["evaluation_periods"], alarm["threshold"]) == (60, minutes, cpu)


def changed(name: str, part: str, **values: Any) -> Environment:
    environment = load(name)
    return environment.model_copy(update={part: getattr(environment, part).model_copy(update=values)})


def test_a_budget_is_optional_and_counts_this_environment_alone(app_outdir: Path, tmp_path: Path) -> None:
    assert not monitoring(app_outdir, "iot-prod").all("aws_budgets_budget")

    build_app([changed("iot-prod", "monitoring", monthly_budget_usd=900)], tmp_path).synth()
    stack = monitoring(tmp_path, "iot-prod")
    budget = stack.one("aws_budgets_budget", name="iot-monthly-prod")
    assert (budget["limit_amount"], budget["limit_unit"], budget["time_unit"]) == ("900", "USD", "MONTHLY")
    assert budget["cost_filter"] == [{"name": "TagKeyValue", "values": ["user:Environment$iot-prod"]}]
    topic = f"${{{stack.address('aws_sns_topic_policy')}.arn}}"
    assert all(notice["subscriber_sns_topic_arns"] == [topic] for notice in budget["notification"])


def test_without_nat_gateways_none_is_watched(tmp_path: Path) -> None:
    endpoints = ("secretsmanager", "kms", "ecr.api", "ecr.dkr", "logs", "monitoring")
    build_app([changed("iot-dev", "network", nat="none", interface_endpoints=endpoints)], tmp_path).synth()
    stack = monitoring(tmp_path, "iot-dev")

    assert not [name for name in alarms(stack) if "egress" in name]
    assert not [found for found in drawn(stack) if found[0] == "AWS/NATGateway"]
