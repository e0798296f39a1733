"""Values that do not go together: every rule of `settings.rules`, each with the exact line that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import Changes, SettingsFiles, settings_text

AUTOSCALING = {
    "cache.node_type": '"cache.m7g.large"',
    "cache.autoscaling.dimension": '"replicas"',
    "cache.autoscaling.min_count": "1",
    "cache.autoscaling.max_count": "2",
    "cache.autoscaling.cpu_target_percent": "60",
}
CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/12345678-1234-1234-1234-123456789012"
ROLE = "arn:aws:iam::111111111111:role/reports"
DEPLOY_ROLE = "arn:aws:iam::111111111111:role/iot-deploy-dev"
OTHERS_ROLE = "arn:aws:iam::222222222222:role/reports"
OWN_ROLES = "allowed: a role of the account 111111111111; create a role in that account that the reader can assume"

# Name of the kind -> (changes to a valid development file, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    "capacity upside down": (
        {"tier": '"production"', "database.min_capacity": "2.0", "database.max_capacity": "1.0"},
        "database.max_capacity = 1.0; allowed: from 2.0 to 256; raise it above min_capacity",
    ),
    "capacity below one": (
        {"database.max_capacity": "0.5"},
        "database.max_capacity = 0.5; allowed: from 1.0 to 256; raise it above min_capacity",
    ),
    "pause without zero capacity": (
        {"database.min_capacity": "0.5", "database.auto_pause_seconds": "300"},
        "database.auto_pause_seconds = 300; allowed: 0 while min_capacity > 0; set it to 0",
    ),
    "pause shorter than aws takes": (
        {"database.min_capacity": "0.0", "database.auto_pause_seconds": "299"},
        "database.auto_pause_seconds = 299; allowed: 0 or 300 to 86400; choose one of them",
    ),
    "insights retention between the steps": (
        {"database.performance_insights_retention_days": "30"},
        "database.performance_insights_retention_days = 30; allowed: 7, a multiple of 31 or 731; choose one of them",
    ),
    "insights retention too short for advanced": (
        {"database.insights": '"advanced"', "database.performance_insights_retention_days": "434"},
        "database.performance_insights_retention_days = 434; allowed: 465 or more with advanced insights; raise it",
    ),
    "master name that RDS reserves": (
        {"database.master_username": '"admin"'},
        'database.master_username = "admin"; allowed: a name other than admin, master, postgres, public, '
        "rds_superuser, rdsadmin, root, user: these are reserved, or easy to guess; choose another name",
    ),
    "database name that PostgreSQL reserves": (
        {"database.name": '"template1"'},
        'database.name = "template1"; allowed: a name that RDS and PostgreSQL do not reserve; choose another',
    ),
    "readers that follow the load, without one to begin with": (
        {"database.instances": "1", "database.autoscaling": "{ max_readers = 2 }"},
        "database.instances = 1; allowed: 2 or more with [database.autoscaling]; add a reader",
    ),
    "fewer readers than there are": (
        {"database.instances": "4", "database.autoscaling": "{ max_readers = 3 }"},
        "database.autoscaling.max_readers = 3; allowed: 4 or more: more than the 3 readers of database.instances; "
        "raise it, or delete [database.autoscaling]",
    ),
    "replicas of a single node": (
        {"cache.replicas_per_shard": "1"},
        'cache.replicas_per_shard = 1; allowed: 0 with form = "single"; set it to 0',
    ),
    "replication without replicas": (
        {"cache.form": '"replicated"', "cache.replicas_per_shard": "0"},
        'cache.replicas_per_shard = 0; allowed: 1 to 5 with form = "replicated"; raise it',
    ),
    "shards of a single node": (
        {"cache.shards": "2"},
        'cache.shards = 2; allowed: 1 with form = "single"; set it to 1, or form to "cluster"',
    ),
    "more nodes than a cluster may have": (
        {"cache.form": '"cluster"', "cache.shards": "167", "cache.replicas_per_shard": "2"},
        "cache.shards = 167; allowed: at most 500 nodes together with the replicas; lower it",
    ),
    "cache scaling of a single node": (
        AUTOSCALING,
        'cache.autoscaling = "replicas"; allowed: only with form = "cluster"; delete the table',
    ),
    "cache scaling upside down": (
        AUTOSCALING | {"cache.form": '"cluster"', "cache.autoscaling.min_count": "3"},
        "cache.autoscaling.max_count = 2; allowed: 3 or more; raise it",
    ),
    "more replicas than a shard may have": (
        AUTOSCALING | {"cache.form": '"cluster"', "cache.autoscaling.max_count": "6"},
        "cache.autoscaling.max_count = 6; allowed: at most 5 replicas; lower it",
    ),
    "recovery window that Secrets Manager does not know": (
        {"rotation.recovery_window_days": "6"},
        "rotation.recovery_window_days = 6; allowed: 0 or 7 to 30; choose one of them",
    ),
    "rotation alarm before the rotation": (
        {"monitoring.rotation_age_days": "30"},
        "monitoring.rotation_age_days = 30; allowed: more than rotation.interval_days = 30; raise it",
    ),
    "login that RDS reserves": (
        {"rotation.usernames": '["app_blue", "rds_green"]'},
        'rotation.usernames.1 = "rds_green"; allowed: a name that RDS and PostgreSQL do not reserve; choose another',
    ),
    "single login that PostgreSQL reserves": (
        {"rotation.strategy": '"single"', "rotation.role_name": '"public"'},
        'rotation.role_name = "public"; allowed: a name that RDS and PostgreSQL do not reserve; choose another',
    ),
    "two logins of one name": (
        {"rotation.usernames": '["app_blue", "app_blue"]'},
        'rotation.usernames.1 = "app_blue"; allowed: a name other than that of rotation.usernames.0; choose another',
    ),
    "login of the group's name": (
        {"rotation.usernames": '["application", "app_blue"]'},
        'rotation.usernames.0 = "application"; allowed: a name other than that of rotation.role_name; choose another',
    ),
    "login of the master's name": (
        {"rotation.role_name": '"platform_owner"'},
        'rotation.role_name = "platform_owner"; allowed: a name other than that of database.master_username; '
        "choose another",
    ),
    "consumer of another account": (
        {"rotation.consumer_role_arns": f'["{ROLE}", "{OTHERS_ROLE}"]'},
        f'rotation.consumer_role_arns = "{OTHERS_ROLE}"; {OWN_ROLES}',
    ),
    "deployer of another account": (
        {"rotation.deploy_role_arns": f'["{OTHERS_ROLE}"]'},
        f'rotation.deploy_role_arns = "{OTHERS_ROLE}"; {OWN_ROLES}',
    ),
    "deployers without the plan role of the workflows": (
        {"account.github_repository": '"owner/name"', "rotation.deploy_role_arns": f'["{DEPLOY_ROLE}"]'},
        f'rotation.deploy_role_arns = ["{DEPLOY_ROLE}"]; allowed: a list that includes both roles of the '
        "workflows while account.github_repository is set; add the ARN of iot-plan-dev",
    ),
    "break-glass role of another account": (
        {"rotation.break_glass_role_arn": f'"{OTHERS_ROLE}"'},
        f'rotation.break_glass_role_arn = "{OTHERS_ROLE}"; {OWN_ROLES}',
    ),
    "timeout shorter than a step": (
        {"rotation.timeout_seconds": "29"},
        "rotation.timeout_seconds = 29; allowed: time limit of one rotation step, 30 to 900 seconds; correct the value",
    ),
    "timeout too short for a paused database": (
        {"rotation.timeout_seconds": "89"},
        "rotation.timeout_seconds = 89; allowed: 90 or more while database.min_capacity = 0; raise it: a paused "
        "database needs time to resume",
    ),
    "window longer than the shortest interval": (
        {"rotation.window_hours": "25"},
        "rotation.window_hours = 25; allowed: length of the rotation window, 1 to 24 hours; absent means until the "
        "end of the UTC day; correct the value",
    ),
    "memory that Fargate does not pair with the CPU": (
        {"service.cpu": "256", "service.memory_mb": "4096"},
        "service.memory_mb = 4096; allowed: with cpu = 256: 512, 1024, 2048; choose one of them",
    ),
    "memory between the steps of a large CPU": (
        {"service.cpu": "16384", "service.memory_mb": "32769"},
        "service.memory_mb = 32769; allowed: with cpu = 16384: 32768, 40960, ..., 122880; choose one of them",
    ),
    "task counts upside down": (
        {"service.min_count": "3", "service.max_count": "2"},
        "service.max_count = 2; allowed: 3 or more; raise it",
    ),
    "certificate of another region": (
        {"service.certificate_arn": f'"{CERTIFICATE}"'},
        f'service.certificate_arn = "{CERTIFICATE[:76]}...; allowed: a certificate of ca-central-1; '
        "request one in that region",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_do_not_go_together_give_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    # GIVEN a valid file with one fault
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    # WHEN it is loaded
    faults = files.faults("iot-dev")

    # THEN there is that one line and no other
    assert faults == [f"iot-dev.toml: {line}"]


# A value just inside each rule, which must not be refused.
BOUNDARIES: dict[str, Changes] = {
    "two zones": {"zones": '["ca-central-1a", "ca-central-1d"]'},
    "three zones": {"zones": '["ca-central-1a", "ca-central-1b", "ca-central-1d"]'},
    "largest VPC": {"network.cidr": '"10.20.0.0/16"'},
    "smallest VPC": {"network.cidr": '"192.168.4.0/22"'},
    "carrier-grade NAT space": {"network.cidr": '"100.127.0.0/16"'},
    "reserved block next door": {"network.reserved_cidrs": '["10.21.0.0/16", "10.19.255.255/32"]'},
    "no NAT with what must be called": {
        "network.nat": '"none"',
        "network.interface_endpoints": '["secretsmanager", "monitoring", "logs", "ecr.api", "ecr.dkr"]',
        "service.outbound": '"none"',
        "service.tracing": "false",
        "service.exec": "false",
    },
    "certificate of the region": {"service.certificate_arn": f'"{CERTIFICATE.replace("us-east-1", "ca-central-1")}"'},
    "one reader more": {"database.instances": "4", "database.autoscaling": "{ max_readers = 4 }"},
    "equal capacities": {"tier": '"production"', "database.min_capacity": "2.0", "database.max_capacity": "2.0"},
    "capacity of one": {"database.max_capacity": "1.0"},
    "insights of two years": {"database.performance_insights_retention_days": "731"},
    "insights of 23 months": {"database.performance_insights_retention_days": "713"},
    "advanced insights": {"database.insights": '"advanced"', "database.performance_insights_retention_days": "465"},
    "replication": {"cache.form": '"replicated"', "cache.replicas_per_shard": "1"},
    "cluster of one shard": {"cache.form": '"cluster"'},
    "cluster of 498 nodes": {"cache.form": '"cluster"', "cache.shards": "166", "cache.replicas_per_shard": "2"},
    "five replicas": AUTOSCALING | {"cache.form": '"cluster"', "cache.autoscaling.max_count": "5"},
    "many shards": AUTOSCALING
    | {"cache.form": '"cluster"', "cache.autoscaling.dimension": '"shards"', "cache.autoscaling.max_count": "250"},
    "fixed cache scaling": AUTOSCALING | {"cache.form": '"cluster"', "cache.autoscaling.min_count": "2"},
    "roles of the account": {
        "rotation.consumer_role_arns": f'["{ROLE}"]',
        "rotation.deploy_role_arns": f'["{ROLE}"]',
        "rotation.break_glass_role_arn": f'"{ROLE}"',
    },
    "roles of the workflows": {
        "account.github_repository": '"owner/name"',
        "rotation.deploy_role_arns": f'["{DEPLOY_ROLE}", "{DEPLOY_ROLE.replace("deploy", "plan")}", "{ROLE}"]',
    },
    "single login with the default pair": {"rotation.strategy": '"single"', "rotation.role_name": '"application_blue"'},
    "no reserved concurrency": {"rotation.reserved_concurrency": "0"},
    "shortest recovery window": {"rotation.recovery_window_days": "7"},
    "alarm on the day after": {"monitoring.rotation_age_days": "31"},
    "most memory of a CPU": {"service.cpu": "256", "service.memory_mb": "2048"},
    "a step of a large CPU": {"service.cpu": "16384", "service.memory_mb": "40960"},
    "fixed task count": {"service.min_count": "2", "service.max_count": "2"},
    "tags": {"tags": '{"team:owner" = "data platform", stacks = "x"}'},
}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_values_just_inside_a_rule_are_let_through(boundary: str, tmp_path: Path) -> None:
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(BOUNDARIES[boundary]))

    assert files.faults("iot-dev") == []
