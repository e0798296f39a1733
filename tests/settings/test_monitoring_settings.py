"""Settings of monitoring: who is told, and thresholds that make sense; each refusal with the line a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load

SUBSCRIBER = "an email address or an https:// URL"

# Name of the kind -> (changes to a valid development file, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    **{
        f"subscriber {value}": (
            {"monitoring.subscribers": f'["{value}"]'},
            f'monitoring.subscribers.0 = "{value}"; allowed: {SUBSCRIBER}; correct the value',
        )
        for value in ("ops", "ops@example", "http://alarms.example.com", "https://localhost", "a b@example.com")
    },
    "subscriber twice": (
        {"monitoring.subscribers": '["a@example.com", "a@example.com"]'},
        'monitoring.subscribers = ["a@example.com", "a@example.com"]; allowed: each subscriber once; '
        "delete the duplicates",
    ),
    "budget that nobody hears of": (
        {"monitoring.monthly_budget_usd": "100"},
        "monitoring.monthly_budget_usd = 100; allowed: a budget only with monitoring.subscribers, who are notified; "
        "add a subscriber",
    ),
    "budget of nothing": (
        {"monitoring.monthly_budget_usd": "0"},
        "monitoring.monthly_budget_usd = 0; allowed: monthly budget in US dollars, 1 to 1000000000; absent means no "
        "budget; correct the value",
    ),
    "alarm on the CPU that scaling aims at": (
        {"monitoring.cpu_percent": "60"},
        "monitoring.cpu_percent = 60; allowed: more than service.cpu_target_percent = 60; raise it",
    ),
    "alarm on the memory that scaling aims at": (
        {"service.memory_target_percent": "90"},
        "monitoring.memory_percent = 90 (of tiers/development.toml); "
        "allowed: more than service.memory_target_percent = 90; raise it",
    ),
    "alarm below what the cache scales at": (
        {
            "cache.form": '"cluster"',
            "cache.node_type": '"cache.m7g.large"',
            "cache.autoscaling.dimension": '"shards"',
            "cache.autoscaling.min_count": "1",
            "cache.autoscaling.max_count": "2",
            "cache.autoscaling.cpu_target_percent": "95",
        },
        "monitoring.cpu_percent = 90 (of tiers/development.toml); "
        "allowed: more than cache.autoscaling.cpu_target_percent = 95; raise it",
    ),
    "latency that no request can have": (
        {"monitoring.api_latency_ms": "29000"},
        "monitoring.api_latency_ms = 29000; allowed: threshold for the p99 latency in ms, 10 to 28999 (API Gateway "
        "times out at 29 s); correct the value",
    ),
    "share above all": (
        {"monitoring.api_errors_percent": "100.0"},
        "monitoring.api_errors_percent = 100.0; allowed: threshold for 5xx responses, in percent of all requests, "
        "more than 0 and less than 100; "
        "correct the value",
    ),
    "share of none": (
        {"monitoring.api_refused_percent": "0.0"},
        "monitoring.api_refused_percent = 0.0; allowed: threshold for 4xx responses, in percent of all requests, "
        "more than 0 and less than 100; "
        "correct the value",
    ),
    "more than all of the memory": (
        {"monitoring.memory_percent": "101"},
        "monitoring.memory_percent = 101; allowed: threshold for the memory of Redis and of tasks, 1 to 100 percent; "
        "correct the value",
    ),
    "patience of hours": (
        {"monitoring.sustained_minutes": "61"},
        "monitoring.sustained_minutes = 61; allowed: minutes in a row for which a threshold must be exceeded, 1 to 60; "
        "correct the value",
    ),
}


def faults(tmp_path: Path, changes: Changes, name: str = "iot-dev", tier: str = "development") -> list[str]:
    files = SettingsFiles(tmp_path)
    files.write(name, settings_text(changes, tier))
    # What a changed setting contradicts may stand in the tier's file.
    return [line.partition(": ")[2] for line in files.faults(name)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_makes_no_sense_gives_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    changes, line = KINDS[kind]

    assert faults(tmp_path, changes) == [line]


@pytest.mark.parametrize(
    "changes",
    [
        {"monitoring.subscribers": '["a@example.com", "https://alarms.example.com/aws?key=1"]'},
        {"monitoring.cpu_percent": "61"},
        {"monitoring.subscribers": '["a@example.com"]', "monitoring.monthly_budget_usd": "1"},
        {"monitoring.api_latency_ms": "28999"},
        {"service.memory_target_percent": "89"},
    ],
)
def test_what_just_makes_sense_is_let_through(changes: Changes, tmp_path: Path) -> None:
    assert faults(tmp_path, changes) == []


def test_production_without_anybody_to_tell_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, {"monitoring.subscribers": None}, "iot-prod", "production") == [
        "monitoring.subscribers is missing; allowed: one or more in production; "
        "add an email address or a URL that gets the alarms (PCI DSS 10.7, 12.10)"
    ]


def test_production_is_told_sooner_than_development() -> None:
    development, production = load("iot-dev").monitoring, load("iot-prod").monitoring

    for name in ("sustained_minutes", "cpu_percent", "api_errors_percent", "api_latency_ms", "database_replica_lag_ms"):
        assert getattr(production, name) < getattr(development, name), name
