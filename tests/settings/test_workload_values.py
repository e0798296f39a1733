"""Values that no setting of queues, buckets, workers, jobs and sizes takes; each with the exact line that is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load

IMAGE = "a container image with a tag, or with a digest (required in production): <repository>@sha256:<64 hex digits>"
NAME = "a name of 1 to 12 lower-case letters, digits and -"
OUTBOUND = (
    '"none", "https" (port 443 of the internet) or a list of { cidr | prefix_list, port }: destinations outside the '
    "VPC to which tasks, workers and jobs may connect"
)
BLOCK = "an IPv4 block, e.g. 203.0.113.0/24"
PREFIXES = "the id of a prefix list, e.g. pl-0123456789abcdef0"
EXEC = "true or false: allow ECS Exec (a shell in a task); production accepts the environment's name instead of true"
ACTION = "an action without wildcard, e.g. ses:SendEmail"
ARN = "a complete ARN, which may end with /* but has no other wildcard"
SCHEDULE = "an EventBridge Scheduler expression: rate(<number> minutes|hours|days) or cron(<6 fields>)"
CPU = "CPU units: 256, 512, 1024, 2048, 4096, 8192 or 16384; absent means the service's"
MISSING = "hours without a successful run before an alarm fires: 2 to 168 (CloudWatch's maximum), or 0 (no alarm)"
TEXTS = "environment variables, in addition to the service's; must not contain secrets"
WORKER = {"workers.mail.command": '["run"]'}
JOB = {"jobs.report.command": '["run"]', "jobs.report.schedule": '"rate(1 hour)"'}

# (key that is changed, its TOML, the key and value as they are shown, what is allowed)
VALUES = [
    # Table service
    ("service.outbound", '"http"', 'service.outbound = "http"', OUTBOUND),
    ("service.outbound", "443", "service.outbound = 443", OUTBOUND),
    ("service.outbound", '[{ cidr = "::/0" }]', 'service.outbound.0.cidr = "::/0"', BLOCK),
    ("service.outbound", '[{ prefix_list = "pl-1" }]', 'service.outbound.0.prefix_list = "pl-1"', PREFIXES),
    ("service.outbound", '[{ cidr = "0.0.0.0/0", port = 0 }]', "service.outbound.0.port = 0", "a TCP port, 1 to 65535"),
    ("service.outbound", '[{ cidr = "0.0.0.0/0", port = 65536 }]', "service.outbound.0.port = 65536",
     "a TCP port, 1 to 65535"),
    ("service.tracing", '"yes"', 'service.tracing = "yes"',
     "true or false: tasks may send X-Ray traces, which continue those of API Gateway"),
    ("service.exec", "1", "service.exec = 1", EXEC),
    ("service.rollback_on_alarm", "1", "service.rollback_on_alarm = 1",
     "true or false: ECS rolls back a deployment if an alarm fires soon after it; this makes each deployment some "
     "minutes longer"),
    ("service.spot_percent", "101", "service.spot_percent = 101",
     "percentage of tasks on Fargate Spot, 0 to 100; must be 0 in production"),
    ("service.spot_percent", "-1", "service.spot_percent = -1",
     "percentage of tasks on Fargate Spot, 0 to 100; must be 0 in production"),
    ("service.ephemeral_storage_gb", "20", "service.ephemeral_storage_gb = 20",
     "ephemeral storage of a task, 21 to 200 GiB; absent means Fargate's default of 20"),
    ("service.ephemeral_storage_gb", "201", "service.ephemeral_storage_gb = 201",
     "ephemeral storage of a task, 21 to 200 GiB; absent means Fargate's default of 20"),
    ("service.volume", '{ path = "work", size_gb = 1 }', 'service.volume.path = "work"',
     "an absolute directory in the container, e.g. /mnt/media"),
    ("service.volume", '{ path = "/work", size_gb = 0 }', "service.volume.size_gb = 0",
     "size of the gp3 volume, 1 to 16384 GiB"),
    ("service.volume", '{ path = "/work", size_gb = 16385 }', "service.volume.size_gb = 16385",
     "size of the gp3 volume, 1 to 16384 GiB"),
    # Rights
    ("service.allow", '[{ actions = [], resources = ["arn:aws:s3:::b"] }]', "service.allow.0.actions = []",
     "one or more actions without wildcard, e.g. ses:SendEmail"),
    ("service.allow", '[{ actions = ["a:*"], resources = ["arn:aws:s3:::b"] }]', 'service.allow.0.actions.0 = "a:*"',
     ACTION),
    ("service.allow", '[{ actions = ["*"], resources = ["arn:aws:s3:::b"] }]', 'service.allow.0.actions.0 = "*"',
     ACTION),
    ("service.allow", '[{ actions = ["a:B"], resources = [] }]', "service.allow.0.resources = []",
     "one or more complete ARNs, which may end with /* but have no other wildcard"),
    *(
        ("service.allow", f'[{{ actions = ["a:B"], resources = ["{arn}"] }}]', f'service.allow.0.resources.0 = "{arn}"',
         ARN)
        for arn in ("*", "arn:aws:s3:::*", "arn:aws:s3:::/*", "arn:aws:s3:::b*", "arn:aws:s3:::b/*/c",
                    "arn:aws:s3:::b/?", "arn:aws:sqs:*:333333333333:q", "bucket")
    ),
    # Sidecars
    ("service.sidecars", '[{ image = "a:1" }]', None, NAME),
    ("service.sidecars", '[{ name = "Proxy", image = "a:1" }]', 'service.sidecars.0.name = "Proxy"', NAME),
    ("service.sidecars", '[{ name = "a", image = "a" }]', 'service.sidecars.0.image = "a"', IMAGE),
    ("service.sidecars", '[{ preset = "otel", image = "a:1", name = "a" }]', 'service.sidecars.0.preset = "otel"',
     '"adot" sets name and command for the AWS OpenTelemetry collector; absent means that you set them'),
    ("service.sidecars", '[{ name = "a", image = "a:1", command = "run" }]', 'service.sidecars.0.command = "run"',
     "the sidecar's command; empty means the image's own"),
    ("service.sidecars", '[{ name = "a", image = "a:1", essential = 1 }]', "service.sidecars.0.essential = 1",
     "true or false: the task stops when this container stops"),
    ("service.sidecars", '[{ name = "a", image = "a:1", environment = { a = "1" } }]',
     'service.sidecars.0.environment.a = "a"', "an environment variable name"),
    ("service.sidecars", '["adot"]', 'service.sidecars.0 = "adot"',
     "tables [[service.sidecars]]: additional containers in every task"),
    # Queues and buckets
    ("service.queues.Orders", "{}", 'service.queues.Orders = "Orders"', NAME),
    ("service.queues.orders", "{ visibility_timeout_seconds = 43201 }",
     "service.queues.orders.visibility_timeout_seconds = 43201",
     "seconds before an unfinished message is delivered again, 0 to 43200"),
    ("service.queues.orders", "{ retention_days = 15 }", "service.queues.orders.retention_days = 15",
     "days before an unprocessed message is deleted, 1 to 14"),
    ("service.queues.orders", "{ max_receives = 1001 }", "service.queues.orders.max_receives = 1001",
     "deliveries of a message before it moves to the dead-letter queue, 1 to 1000"),
    ("service.queues.orders", "{ max_receives = 0 }", "service.queues.orders.max_receives = 0",
     "deliveries of a message before it moves to the dead-letter queue, 1 to 1000"),
    ("service.queues.orders", "{ oldest_message_minutes = 0 }", "service.queues.orders.oldest_message_minutes = 0",
     "age of the oldest message at which an alarm fires, 1 to 20160 minutes"),
    ("service.buckets.exports-of-all", "{}", 'service.buckets.exports-of-all = "exports-of-all"', NAME),
    ("service.buckets.exports", "{ noncurrent_version_days = 0 }",
     "service.buckets.exports.noncurrent_version_days = 0",
     "days for which overwritten and deleted objects are kept, 1 to 3650"),
    ("service.buckets.exports", "{ expire_after_days = 3651 }", "service.buckets.exports.expire_after_days = 3651",
     "days after which objects are deleted, 1 to 3650; absent means never"),
    # Workers
    ("workers.mail-", '{ command = ["run"] }', 'workers.mail- = "mail-"', NAME),
    ("workers.mail.command", "[]", "workers.mail.command = []", "the container's command, one or more strings"),
    ("workers.mail.image", '"app"', 'workers.mail.image = "app"',
     "a container image with a tag or a digest; absent means the service's"),
    ("workers.mail.cpu", "300", "workers.mail.cpu = 300", CPU),
    ("workers.mail.memory_mb", "511", "workers.mail.memory_mb = 511",
     "memory in MB from Fargate's table; absent means the service's"),
    ("workers.mail.environment", "3", "workers.mail.environment = 3", TEXTS),
    ("workers.mail.queue", '"Orders"', 'workers.mail.queue = "Orders"',
     "a name in [service.queues]; absent means that CPU scales the worker"),
    ("workers.mail.messages_per_task", "0", "workers.mail.messages_per_task = 0",
     "target for the number of waiting messages per task, 1 to 100000"),
    ("workers.mail.min_count", "0", "workers.mail.min_count = 0", "minimum number of tasks, 1 to 1000"),
    ("workers.mail.max_count", "1001", "workers.mail.max_count = 1001", "maximum number of tasks, 1 to 1000"),
    ("workers.mail.cpu_target_percent", "0", "workers.mail.cpu_target_percent = 0", "a whole percentage from 1 to 100"),
    # Jobs
    ("jobs.Report", '{ command = ["run"], schedule = "rate(1 hour)" }', 'jobs.Report = "Report"', NAME),
    *(
        ("jobs.report.schedule", f'"{schedule}"', f'jobs.report.schedule = "{schedule}"', SCHEDULE)
        for schedule in ("daily", "rate(0 hours)", "rate(1 week)", "cron(0 7 * * ?)", "cron(0 7 * * ? * *)",
                         "at(2030-01-01T00:00:00)")
    ),
    ("jobs.report.timezone", '"+01:00"', 'jobs.report.timezone = "+01:00"', "a time zone such as America/Toronto"),
    ("jobs.report.timeout_minutes", "0", "jobs.report.timeout_minutes = 0",
     "time limit of a run, after which it is stopped and counts as failed, 1 to 10080 minutes"),
    ("jobs.report.timeout_minutes", "10081", "jobs.report.timeout_minutes = 10081",
     "time limit of a run, after which it is stopped and counts as failed, 1 to 10080 minutes"),
    ("jobs.report.missing_after_hours", "169", "jobs.report.missing_after_hours = 169", MISSING),
    ("jobs.report.missing_after_hours", "-1", "jobs.report.missing_after_hours = -1", MISSING),
]  # fmt: skip


def changes(key: str, value: str) -> Changes:
    """A file with this value, and with what its worker or job needs beside it."""
    table = {"workers.mail.": WORKER, "jobs.report.": JOB}
    beside = next((needed for begin, needed in table.items() if key.startswith(begin)), {})
    return {**beside, key: value}


@pytest.mark.parametrize(("key", "value", "shown", "allowed"), VALUES)
def test_a_value_that_cannot_be_used_is_one_line(
    key: str, value: str, shown: str | None, allowed: str, tmp_path: Path
) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes(key, value)))

    said = f"{shown}; allowed: {allowed}; correct the value"
    if shown is None:
        said = f"service.sidecars.0.name is missing; allowed: {allowed}; add it"
    assert files.faults("iot-dev") == [f"iot-dev.toml: {said}"]


@pytest.mark.parametrize(
    ("table", "key", "allowed"),
    [
        ("workers.mail", "command", "the container's command, one or more strings"),
        ("jobs.report", "command", "the container's command, one or more strings"),
        ("jobs.report", "schedule", SCHEDULE),
    ],
)
def test_what_a_worker_or_job_cannot_do_without_is_named(table: str, key: str, allowed: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    stated = {name: value for name, value in {**WORKER, **JOB}.items() if name.startswith(table)}
    files.write(
        "iot-dev",
        settings_text(
            {name: value for name, value in stated.items() if name != f"{table}.{key}"} or {f"{table}.cpu": "256"}
        ),
    )

    assert files.faults("iot-dev") == [f"iot-dev.toml: {table}.{key} is missing; allowed: {allowed}; add it"]


# The smallest and the largest of every number, and other forms that are let through.
INSIDE: list[Changes] = [
    {"service.outbound": '"https"'},
    {"service.outbound": '[{ cidr = "0.0.0.0/0" }, { cidr = "203.0.113.9/32", port = 1 }]'},
    {"service.outbound": '[{ cidr = "0.0.0.0/0" }, { prefix_list = "pl-0123abcd", port = 65535 }]'},
    {"service.spot_percent": "0"},
    {"service.spot_percent": "100"},
    {"service.exec": '"iot-dev"'},
    {"service.ephemeral_storage_gb": "21", "service.volume": '{ path = "/work", size_gb = 1 }'},
    {"service.ephemeral_storage_gb": "200", "service.volume": '{ path = "/work", size_gb = 16384 }'},
    {"service.allow": '[{ actions = ["a:B", "a-b:C1"], resources = ["arn:aws:s3:::b/*", "arn:aws:sns:x:1:t"] }]'},
    {"service.sidecars": '[{ preset = "adot", image = "a:1" }, { name = "b", image = "a:1", command = ["run"] }]'},
    {
        "service.queues.a": "{ visibility_timeout_seconds = 0, retention_days = 1, max_receives = 1, "
        "oldest_message_minutes = 1 }",
        "service.queues.abcdefghij-2": "{ visibility_timeout_seconds = 43200, retention_days = 14, "
        "max_receives = 1000, oldest_message_minutes = 20159 }",
    },
    {
        "service.buckets.a": "{ noncurrent_version_days = 1, expire_after_days = 1 }",
        "service.buckets.b": "{ noncurrent_version_days = 3650, expire_after_days = 3650 }",
    },
    {**WORKER, "workers.mail.cpu_target_percent": "100", "workers.mail.max_count": "1000"},
    {**WORKER, "service.queues.q": "{}", "workers.mail.queue": '"q"', "workers.mail.messages_per_task": "100000"},
    {**JOB, "jobs.report.timeout_minutes": "1", "jobs.report.missing_after_hours": "2"},
    {**JOB, "jobs.report.timeout_minutes": "10020", "jobs.report.missing_after_hours": "168"},
    {**JOB, "jobs.report.schedule": '"cron(0 7 ? * MON-FRI *)"', "jobs.report.missing_after_hours": "74"},
    {**JOB, "jobs.report.schedule": '"rate(1 minutes)"', "jobs.report.timezone": '"Etc/GMT+5"'},
]


@pytest.mark.parametrize("inside", INSIDE)
def test_a_value_just_inside_is_let_through(inside: Changes, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(inside))

    assert files.faults("iot-dev") == []


def test_the_words_of_outbound_stand_for_the_rules_that_they_mean(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({"service.outbound": '"https"'}))
    closed = {"service.outbound": '"none"', "service.tracing": "false", "network.nat": '"none"'}
    files.write("iot-prod", settings_text({**closed, "network.cidr": '"10.21.0.0/16"'}, "production"))

    (rule,) = load("iot-dev", directory=tmp_path).service.outbound
    assert (rule.cidr, rule.prefix_list, rule.port) == ("0.0.0.0/0", None, 443)
    assert load("iot-dev", directory=tmp_path).service.reaches_every_host
    assert load("iot-prod", directory=tmp_path).service.outbound == ()
    assert not load("iot-prod", directory=tmp_path).service.reaches_every_host


def test_a_shell_is_opened_by_the_name_of_the_file_that_says_it(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({"service.exec": '"iot-prod"'}, "production"))

    assert load("iot-prod", directory=tmp_path).service.exec == "iot-prod"
    assert load("iot-prod", suffix="pr-1", directory=tmp_path).service.exec == "iot-prod"
