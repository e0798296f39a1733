"""Settings of monitoring: who is told, and thresholds that make sense; each refusal with the line a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

from settings import load

SUBSCRIBER = "an e-mail address or an https:// URL"

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
        "delete the doubles",
    ),
    "budget that nobody hears of": (
        {"monitoring.monthly_budget_usd": "100"},
        "monitoring.monthly_budget_usd = 100; allowed: a budget together with monitoring.subscribers, whom it tells; "
        "add one or more",
    ),
    "budget of nothing": (
        {"monitoring.monthly_budget_usd": "0"},
        "monitoring.monthly_budget_usd = 0; allowed: US dollars per month, 1 to 1000000000; absent means no budget "
        "alarm; correct the value",
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
        "monitoring.api_latency_ms = 29000; allowed: latency in ms of all but 1 % of requests: 10 to 28999, where API "
        "Gateway ends; correct the value",
    ),
    "share above all": (
        {"monitoring.api_errors_percent": "100.0"},
        "monitoring.api_errors_percent = 100.0; allowed: 5xx answers in percent of all, more than 0 and less than 100; "
        "correct the value",
    ),
    "share of none": (
        {"monitoring.api_refused_percent": "0.0"},
        "monitoring.api_refused_percent = 0.0; allowed: 4xx answers in percent of all, more than 0 and less than 100; "
        "correct the value",
    ),
    "more than all of the memory": (
        {"monitoring.memory_percent": "101"},
        "monitoring.memory_percent = 101; allowed: percent of the memory of Redis and of tasks: 1 to 100; "
        "correct the value",
    ),
    "patience of hours": (
        {"monitoring.sustained_minutes": "61"},
        "monitoring.sustained_minutes = 61; allowed: minutes that a threshold is crossed without a pause, 1 to 60; "
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
        "name who gets the alarms (PCI DSS 10.7, 12.10)"
    ]


def test_production_is_told_sooner_than_development() -> None:
    development, production = load("iot-dev").monitoring, load("iot-prod").monitoring

    for name in ("sustained_minutes", "cpu_percent", "api_errors_percent", "api_latency_ms", "database_replica_lag_ms"):
        assert getattr(production, name) < getattr(development, name), name
