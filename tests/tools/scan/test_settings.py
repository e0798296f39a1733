"""What the settings let through, the scan lets through: neither tier has a value that only the scan refuses."""

from __future__ import annotations

import copy
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
from tools.scan import paths, values
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
_ENDPOINTS = """["secretsmanager", "kms", "ecr.api", "ecr.dkr", "logs", "monitoring", "xray", "elasticfilesystem",
    "ssm", "sts", "sqs", "ssmmessages"]"""
_COMMAND = 'command = ["a"]'
_FILES = {"storage.access_points.a": '{path = "/a", uid = 5, gid = 5}'}
# What no shipped file says: names that AWS's services have, too, and both sides of every choice.
UNUSUAL: dict[str, dict[str, str | None]] = {
    "data-dev": {
        "network.nat": '"none"', "network.interface_endpoints": _ENDPOINTS, "cache.form": '"replicated"',
        "service.outbound": '"none"', "service.exec": "false",
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
        "service.outbound": '"none"', "service.exec": '"api-prod"',
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
    "tasks-dev": {
        "service.queues": "{a = {retention_days = 1}, b-2 = {max_receives = 9}}", "service.spot_percent": "100",
        "service.buckets": "{a = {}, b-2 = {expire_after_days = 1}}", "database.storage_type": '"io-optimized"',
        "workers": f'{{a = {{queue = "b-2", {_COMMAND}}}, b-2 = {{queue = "a", {_COMMAND}}}, c = {{{_COMMAND}}}}}',
        "jobs": f'{{a = {{schedule = "rate(1 hour)", missing_after_hours = 0, {_COMMAND}}}, '
                f'b-2 = {{schedule = "rate(1 day)", {_COMMAND}}}}}',
        "service.allow": '''[
            {actions = ["ses:SendEmail", "ses:SendRawEmail"], resources = ["arn:aws:ses:::identity/x"]},
            {actions = ["s3:GetObject"], resources = ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}]''',
        "service.sidecars": '''[{name = "a", image = "nginx:1", command = ["x"], environment = {A = "1"}},
            {preset = "adot", image = "222222222222.dkr.ecr.ca-central-1.amazonaws.com/adot:1", essential = true}]''',
        "service.secrets": '{A = "database:password"}', "service.redeploy_after_rotation": "true",
        "service.outbound": '[{cidr = "203.0.113.0/24", port = 25}, {cidr = "0.0.0.0/0"}]',
        "service.volume": '{path = "/mnt/a", size_gb = 9}', "service.ephemeral_storage_gb": "21",
        "service.rollback_on_alarm": "true", "service.tracing": "false",
    },
}  # fmt: skip


# Listed for whichever role or bucket it belongs to.
_OF_ANY = {
    "aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive", "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_public_access_block",
}  # fmt: skip


def _findings(name: str, changes: dict[str, str | None], folder: Path) -> list[Finding]:
    files = SettingsFiles(folder / "environments")
    tier = "production" if name.endswith("-prod") else "development"
    files.write(name, settings_text(changes, tier))
    environment = load(name, directory=files.directory)
    build_app([environment], folder / "cdktf.out").synth()
    platforms = read_all(folder / "cdktf.out", [environment])
    return [
        *paths.run(platforms),
        *values.run(platforms),
        *(f for platform in platforms for f in own_findings(platform)),
    ]


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
    found = [*own_findings(platform), *paths.run([platform]), *values.run([platform])]
    assert {finding.check for finding in found} <= ({"KEPT"} if "unprotected" in how else set())


def test_a_finding_names_the_setting_that_mends_it(production: Platform) -> None:
    (function,) = production.all("aws_lambda_function")
    changed = replace(function, values={**function.values, "reserved_concurrent_executions": 0})

    (finding,) = own_findings(production.replacing(function, changed))

    assert finding.message.startswith(
        "reserved_concurrent_executions = 0 is not as listed: {rotation.reserved_concurrency} when "
        "{rotation.reserved_concurrency} (the setting rotation.reserved_concurrency is 2)"
    )


def test_nobody_pays_for_a_gateway_that_nobody_uses(tmp_path: Path) -> None:
    unused: dict[str, str | None] = {
        "network.nat": '"single"',
        "network.interface_endpoints": _ENDPOINTS,
        "service.outbound": '"none"',
    }

    found = _findings("iot-dev", unused, tmp_path)

    assert {(f.check, f.address.partition(".")[0]) for f in found} == {
        ("RESOURCE", type_) for type_ in ("aws_nat_gateway", "aws_eip", "aws_route")
    }


@pytest.mark.parametrize("table", ["workers", "jobs", "service.queues", "service.buckets"])
def test_what_no_setting_asks_for_is_found(production: Platform, table: str) -> None:
    # GIVEN what is deployed, and settings without the table
    settings: Any = copy.deepcopy(dict(production.settings))
    name = table.removeprefix("service.")
    (settings if table == name else settings["service"])[name] = {}

    found = {f.address for f in own_findings(replace(production, settings=settings)) if f.check == "RESOURCE"}

    prefix = f"{name.removesuffix('s')}-"
    there = {r.address for r in production.resources if r.id.startswith(prefix) and r.type not in _OF_ANY}
    assert there
    assert there <= found


def test_every_setting_that_the_list_names_exists(production: Platform) -> None:
    text = " ".join(map(str, vars(allow_list()).values()))
    for varying, meant in (("workload.{id}", "service"), (".{id}", ".<name>"), (".{n}", "")):
        text = text.replace(varying, meant)
    named = set(re.findall(r"<([a-z_.]+)>", text))
    named |= set(re.findall(r"\{([a-z_]+\.[a-z_.<>]+)\}", re.sub(r"<[a-z_.]+>", "<name>", text)))
    keys = {key.replace("[]", "") for key in re.findall(r"^\| `([^`]+)` \|", settings_table(), re.MULTILINE)}
    known = {key[:end] for key in keys for end in (*(m.start() for m in re.finditer(r"[.\[]", key)), len(key))}
    pattern = "|".join(re.escape(key).replace("<name>", "[^.]+") for key in known)

    # What is known of a resource, of the item at hand, of the file that a route names, and of what runs: a worker's
    # queue is none of the service's.
    others = ("aws_", "each.", "schemas.", "terraform.")
    computed: Any = production.settings["computed"]
    named -= {name for name in named if name.startswith("computed.") and name.split(".")[1] in computed}
    assert len(named) > 80
    unknown = {name for name in named if not name.startswith(others) and not re.fullmatch(pattern, name)}
    assert unknown <= {"name", "workload", "service.queue"}


def test_every_value_that_a_condition_names_is_one_of_its_setting() -> None:
    """A condition with a value that the setting cannot have would never hold, and its line never be asked for."""
    rows = dict(re.findall(r"^\| `([^`]+)` \|(.*)$", settings_table(), re.MULTILINE))
    conditions = set(re.findall(r"\{([a-z_.]+)\} !?= ([\w-]+)", str(vars(allow_list()))))
    words = {(name, value) for name, value in conditions if name in rows and not value.isdecimal()}

    assert len(words) > 10
    assert {(name, value) for name, value in words if not re.search(rf"\b{value}\b", rows[name])} == set()
