"""What the settings let through, the scan lets through: neither tier has a value that only the scan refuses."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from settings_files import SettingsFiles, settings_text

from main import build_app
from settings import load
from tools.pages.settings import settings_table
from tools.scan.allowlist import allow_list
from tools.scan.gate import own_findings
from tools.synthesized.platform import Platform, read, read_all
from tools.synthesized.resources import Finding

# The weakest values that each tier lets through, of all settings that a check looks at.
_WEAKEST = {
    "api.firewall_rate_per_5_minutes": "3000000",
    "api.stage_rate_limit": "10000",
    "api.stage_burst_limit": "5000",
    "api.routes": '[{path = "/a", methods = ["GET"]}, {path = "/b", methods = ["DELETE"]}]',
    "rotation.interval_days": "90",
    "monitoring.rotation_age_days": "91",
}
WEAKEST = {
    "development": {
        **_WEAKEST,
        "database.iam_authentication": "false",
        "database.enhanced_monitoring_seconds": "0",
        "database.backup_retention_days": "1",
        "rotation.reserved_concurrency": "0",
        "rotation.recovery_window_days": "0",
        "encryption.deletion_window_days": "7",
        "logs.retention_days": "1",
        "network.flow_log_traffic": '"REJECT"',
        "service.container_insights": '"enabled"',
    },
    "production": {
        **_WEAKEST,
        "database.iam_authentication": "true",
        "database.enhanced_monitoring_seconds": "60",
        "database.backup_retention_days": "7",
        "database.instances": "2",
        "cache.form": '"replicated"',
        "cache.replicas_per_shard": "1",
        "rotation.reserved_concurrency": "1",
        "rotation.recovery_window_days": "7",
        "logs.retention_days": "365",
        "service.min_count": "2",
        "service.container_insights": '"enabled"',
    },
}


_ROUTE = '{{path = "/a", methods = ["GET"], {}}}'
_ENDPOINTS = (
    '["secretsmanager", "kms", "ecr.api", "ecr.dkr", "logs", "monitoring", "xray", "elasticfilesystem", "ssm", "sts"]'
)
_FILES = {"storage.access_points.a": '{path = "/a", uid = 5, gid = 5}'}
# What no shipped file says: names that AWS's services have, too, and both sides of every choice.
UNUSUAL: dict[str, dict[str, str | None]] = {
    "data-dev": {
        "service.outbound": '"none"',
        "network.nat": '"none"', "network.interface_endpoints": _ENDPOINTS, "cache.form": '"replicated"',
        "cache.replicas_per_shard": "2", "rotation.strategy": '"single"', **_FILES, "api.plans.default": None,
        "api.routes": f"[{_ROUTE.format('backend = ' + chr(34) + 'mock' + chr(34) + ', key = false')}]",
    },
    "service-dev": {
        "service.image": '"nginx:1.27"', "cache.form": '"cluster"', "cache.shards": "80",
        "cache.replicas_per_shard": "5", "database.instances": "3", "database.iam_authentication": "false",
        "service.max_count": "1", "network.interface_endpoints": '["kms"]', "service.scratch_paths": "[]",
        "service.redeploy_after_rotation": "true", "service.secrets": '{A = "database:password"}',
    },
    "api-prod": {
        "network.nat": '"none"', "network.interface_endpoints": _ENDPOINTS, "service.max_count": "2",
        "service.outbound": '"none"',
        "service.min_count": "2", **_FILES, "service.mounts": '{a = "/mnt/a"}', "storage.throughput_mode": '"bursting"',
        "account.github_repository": '"a/b.c"', "account.owns_github_provider": "false",
        "service.secrets": '{A = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:x-a1B2c3"}',
    },
    "logs-dev": {
        "service.image": '"222222222222.dkr.ecr.eu-west-1.amazonaws.com/x/y:1"', "database.final_snapshot": "true",
        "service.certificate_arn": f'"arn:aws:acm:ca-central-1:111111111111:certificate/{uuid.UUID(int=1)}"',
        "cache.final_snapshot": "true", "service.command": '["a"]', "service.environment": '{A = "b"}',
        "api.allowed_cidrs": '["0.0.0.0/0"]', "api.plans.default": None, "service.database_iam_user": '"reader"',
        "api.routes": f"[{_ROUTE.format('authorizer = ' + chr(34) + 'iam' + chr(34) + ', key = false')}]",
        "monitoring.monthly_budget_usd": "5", "monitoring.subscribers": '["a@example.com"]',
    },
    "iot-stg": {
        "rotation.window_hours": "2", "protected": "true", "cache.node_type": '"cache.m7g.large"',
        "rotation.deploy_role_arns": '["arn:aws:iam::111111111111:role/d"]', "api.binary_media_types": '["a/b"]',
        "rotation.break_glass_role_arn": '"arn:aws:iam::111111111111:role/b"',
        "zones": '["ca-central-1a", "ca-central-1b", "ca-central-1d"]', "cache.form": '"cluster"',
        "cache.autoscaling": '{dimension = "replicas", min_count = 1, max_count = 2, cpu_target_percent = 50}',
        "cache.replicas_per_shard": "1",
    },
}  # fmt: skip


def _findings(name: str, changes: dict[str, str | None], folder: Path) -> list[Finding]:
    files = SettingsFiles(folder / "environments")
    tier = "production" if name.endswith("-prod") else "development"
    files.write(name, settings_text(changes, tier))
    environment = load(name, directory=files.directory)
    build_app([environment], folder / "cdktf.out").synth()
    return [f for platform in read_all(folder / "cdktf.out", [environment]) for f in own_findings(platform)]


@pytest.mark.parametrize("tier", WEAKEST)
def test_the_scan_refuses_nothing_that_the_settings_let_through(tier: str, tmp_path: Path) -> None:
    assert _findings({"development": "iot-dev", "production": "iot-prod"}[tier], dict(WEAKEST[tier]), tmp_path) == []


@pytest.mark.parametrize("name", UNUSUAL)
def test_nor_in_an_unusual_environment(name: str, tmp_path: Path) -> None:
    assert _findings(name, UNUSUAL[name], tmp_path) == []


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("iot-dev", {"suffix": "pr-12"}),
        ("globecart-prod", {"suffix": "pr-12"}),
        ("globecart-prod", {"unprotected": True}),
    ],
)
def test_nor_in_a_short_lived_copy_or_one_to_be_torn_down(name: str, how: dict[str, Any], tmp_path: Path) -> None:
    environment = load(name, **how)
    build_app([environment], tmp_path / "cdktf.out").synth()

    # A copy has no bootstrap stack of its own.
    platform = read(environment, tmp_path / "cdktf.out", bootstrap="suffix" not in how)
    # To be torn down, production is not kept, which the scan says on purpose.
    assert {finding.check for finding in own_findings(platform)} <= ({"KEPT"} if "unprotected" in how else set())


def test_a_finding_names_the_setting_that_mends_it(production: Platform) -> None:
    (function,) = production.all("aws_lambda_function")
    changed = replace(function, values={**function.values, "reserved_concurrent_executions": 0})

    (finding,) = own_findings(production.replacing(function, changed))

    assert finding.message.startswith(
        "reserved_concurrent_executions = 0 is not as listed: {rotation.reserved_concurrency} when "
        "{rotation.reserved_concurrency} (the setting rotation.reserved_concurrency is 2)"
    )


def test_every_setting_that_the_list_names_exists() -> None:
    named = set(re.findall(r"\{([a-z_]+\.[a-z_.]+)\}", " ".join(map(str, vars(allow_list()).values()))))
    keys = {key.replace("[]", "") for key in re.findall(r"^\| `([^`]+)` \|", settings_table(), re.MULTILINE)}
    known = {key[:end] for key in keys for end in (*(m.start() for m in re.finditer(r"[.\[]", key)), len(key))}

    assert len(named) > 60
    assert {name for name in named if not name.startswith(("aws_", "terraform.", "schemas."))} - known == set()
