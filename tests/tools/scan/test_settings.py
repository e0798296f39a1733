"""What the settings let through, the scan lets through: neither tier has a value that only the scan refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from settings_files import SettingsFiles, settings_text

from main import build_app
from settings import load
from tools.pages import settings as settings_pages
from tools.scan.checks import ALL
from tools.scan.checks.settings import RULES
from tools.scan.gate import judge, own_findings
from tools.synthesized.platform import Platform, read_all
from tools.synthesized.resources import Resource

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


@pytest.mark.parametrize("tier", WEAKEST)
def test_the_scan_refuses_nothing_that_the_settings_let_through(tier: str, tmp_path: Path) -> None:
    name = {"development": "iot-dev", "production": "iot-prod"}[tier]
    files = SettingsFiles(tmp_path / "environments")
    files.write(name, settings_text(WEAKEST[tier], tier))
    environment = load(name, directory=files.directory)
    build_app([environment], tmp_path / "cdktf.out").synth()

    platforms = read_all(tmp_path / "cdktf.out", [environment])
    verdict = judge(platforms, [finding for platform in platforms for finding in own_findings(platform)])

    # The scanners' own findings are not asked for here, so their reasons look stale.
    assert [failure for failure in verdict.failures if failure.check != "REASON_STALE"] == []


def test_a_finding_names_the_setting_that_mends_it() -> None:
    functions = tuple(Resource("s", "aws_lambda_function", name, {}) for name in ("first", "second"))
    platform = Platform("iot-prod", "production", "111111111111", {}, functions, functions)
    (check,) = (check for check in ALL if check.id == "LAMBDA_LIMIT")

    assert [finding.message for finding in check.run(platform)] == [
        "reserved_concurrent_executions must be 1 or more; the setting is rotation.reserved_concurrency"
    ] * 2


def test_every_setting_that_a_finding_names_exists() -> None:
    named = {rule[3].setting for rule in RULES if rule[3].setting}
    keys = set(re.findall(r"^\| `([^`]+)` \|", settings_pages.settings_table(), re.MULTILINE))

    assert len(named) > 15
    assert named <= keys
