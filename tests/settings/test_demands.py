"""What production demands: switching any of it off in a file is a fault, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import SettingsFiles, settings_text

from settings import load
from settings.demands import PRODUCTION, Demand

_TAGGED = "registry.example.com/service:1.0.0"

# What a value just inside needs beside it: without NAT, tasks may reach nothing but endpoints.
BESIDE = {"network.nat": {"service.outbound": '"none"', "service.tracing": "false"}}

# Key -> (TOML that breaks the demand or None to leave it out, what is shown of it, TOML that just keeps it).
SWITCHED_OFF: dict[str, tuple[str | None, str, str | None]] = {
    "protected": ("false", "false", "true"),
    "network.nat": ('"single"', '"single"', '"none"'),
    "network.flow_log_traffic": ('"REJECT"', '"REJECT"', '"ALL"'),
    "logs.retention_days": ("180", "180", "365"),
    "encryption.deletion_window_days": ("29", "29", "30"),
    "database.instances": ("1", "1", "2"),
    "database.min_capacity": ("0.0", "0.0", "0.5"),
    "database.iam_authentication": ("false", "false", "true"),
    "database.enhanced_monitoring_seconds": ("0", "0", "1"),
    "database.backup_retention_days": ("6", "6", "7"),
    "database.final_snapshot": ("false", "false", "true"),
    "cache.form": ('"single"', '"single"', '"cluster"'),
    "cache.replicas_per_shard": ("0", "0", "1"),
    "cache.snapshot_retention_days": ("4", "4", "5"),
    "cache.final_snapshot": ("false", "false", "true"),
    "storage.backup": ("false", "false", "true"),
    "backup.retention_days": ("34", "34", "35"),
    "backup.lock": ('"none"', '"none"', '"governance"'),
    "rotation.recovery_window_days": ("0", "0", "7"),
    "rotation.reserved_concurrency": ("0", "0", "1"),
    "service.min_count": ("1", "1", "2"),
    "service.spot_percent": ("1", "1", "0"),
    "service.image": (f'"{_TAGGED}"', f'"{_TAGGED}"', None),
    "service.certificate_arn": (None, "", None),
    "monitoring.subscribers": ("[]", "[]", None),
}


def test_every_demand_has_a_case_here() -> None:
    assert set(SWITCHED_OFF) == {demand.key for demand in PRODUCTION}


@pytest.mark.parametrize("demand", PRODUCTION, ids=lambda demand: demand.key)
def test_production_refuses_to_switch_off_what_it_demands(demand: Demand, tmp_path: Path) -> None:
    # GIVEN a production file that weakens one value
    weak, shown, _ = SWITCHED_OFF[demand.key]
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({demand.key: weak}, "production"))

    # WHEN it is loaded
    faults = files.faults("iot-prod")

    # THEN the demand is named with its reason
    found = "is missing" if weak is None else f"= {shown}"
    assert f"iot-prod.toml: {demand.key} {found}; allowed: {demand.allowed} in production; {demand.reason}" in faults
    # and whatever else is said is a rule that the same value breaks
    assert all(demand.key.split(".")[0] in fault for fault in faults)


@pytest.mark.parametrize("demand", PRODUCTION, ids=lambda demand: demand.key)
def test_production_accepts_the_least_that_it_demands(demand: Demand, tmp_path: Path) -> None:
    least = SWITCHED_OFF[demand.key][2]
    files = SettingsFiles(tmp_path)
    changes = {} if least is None else {demand.key: least, **BESIDE.get(demand.key, {})}
    files.write("iot-prod", settings_text(changes, "production"))

    assert files.faults("iot-prod") == []


@pytest.mark.parametrize("demand", PRODUCTION, ids=lambda demand: demand.key)
def test_development_may_have_less(demand: Demand, tmp_path: Path) -> None:
    weak = SWITCHED_OFF[demand.key][0]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text({} if weak is None else {demand.key: weak}))

    assert files.faults("iot-dev") == []


def test_a_weaker_tier_file_does_not_weaken_the_demand(tmp_path: Path) -> None:
    # GIVEN a tier file whose default breaks a demand
    files = SettingsFiles(tmp_path)
    tier = tmp_path / "tiers" / "production.toml"
    tier.write_text(tier.read_text().replace("instances = 3 ", "instances = 1 "))
    files.write("iot-prod", settings_text({}, "production"))

    # THEN the fault is the tier file's
    assert files.faults("iot-prod") == [
        "tiers/production.toml: database.instances = 1; allowed: 2 or more in production; "
        "a failover needs a reader in another zone"
    ]


def test_lifted_protection_names_the_command_that_lifts_it(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({"protected": "false"}, "production"))

    assert files.faults("iot-prod") == [
        "iot-prod.toml: protected = false; allowed: true in production; remove the key; "
        "to tear it down run: make unprotect ENV=<environment> CONFIRM=<environment>"
    ]


def test_the_command_line_lifts_protection_and_nothing_else(tmp_path: Path) -> None:
    # GIVEN a production environment
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({}, "production"))
    protected = load("iot-prod", directory=tmp_path)
    assert protected.protected

    # WHEN its protection is lifted
    unprotected = load("iot-prod", unprotected=True, directory=tmp_path)

    # THEN that alone differs
    assert unprotected == protected.model_copy(update={"protected": False})


def test_a_value_of_the_wrong_type_is_said_once(tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-prod", settings_text({"storage.backup": '"yes"'}, "production"))

    assert files.faults("iot-prod") == [
        'iot-prod.toml: storage.backup = "yes"; allowed: true or false: daily AWS Backup, with the plan in [backup] '
        "or, without that table, AWS's default plan; correct the value"
    ]
