"""Values that no environment file may hold, whatever else it holds; each with the exact line that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel
from settings_files import Changes, SettingsFiles, settings_text

from settings import Environment
from settings.api import ApiSettings, RouteSettings

CIDR = (
    "allowed: a private IPv4 block without host bits, from /16 (the largest VPC) to /22 (smaller ones have too "
    "few addresses for Fargate and Lambda), e.g. 10.20.0.0/16; correct the value"
)


def keys(model: type[BaseModel], *, but: tuple[str, ...] = ()) -> str:
    """All keys of a table, as a fault names them: a new one changes no line here."""
    return f"the keys {', '.join(sorted(model.model_fields.keys() - set(but)))}"


TOP_KEYS = f"allowed: {keys(Environment, but=('project', 'stage', 'suffix'))}"
TABLE_KEYS = f"allowed: {keys(RouteSettings)}"
ENDPOINTS = "secretsmanager, kms, ecr.api, ecr.dkr, logs, monitoring, xray, elasticfilesystem, ssm, sts"
ENDPOINTS += ", ssmmessages, sqs, states"
CORRECT = "correct the value"
NO_WAY_OUT = {
    "network.nat": '"none"', "service.outbound": '"none"', "service.tracing": "false", "service.exec": "false",
}  # fmt: skip

# Name of the kind -> (changes to a valid development file, the line after "iot-dev.toml: ").
KINDS: dict[str, tuple[Changes, str]] = {
    # Keys
    "unknown key at the top": ({"regoin": '"x"'}, f"regoin is unknown; {TOP_KEYS}; did you mean region?"),
    "unknown key like no other": ({"wibble": "1"}, f"wibble is unknown; {TOP_KEYS}; delete it"),
    "unknown key in a list of tables": (
        {"api.routes": '[{path = "/a", methods = ["GET"], bakend = "mock"}]'},
        f"api.routes.0.bakend is unknown; {TABLE_KEYS}; did you mean backend?",
    ),
    "project in the file": (
        {"project": '"iot"'},
        'project = "iot"; allowed: no such key; delete it: the file\'s name determines it',
    ),
    "stage in the file": (
        {"stage": '"dev"'},
        'stage = "dev"; allowed: no such key; delete it: the file\'s name determines it',
    ),
    "no repository": (
        {"account.github_repository": '"https://github.com/owner/name"'},
        'account.github_repository = "https://github.com/owner/name"; allowed: the GitHub repository, '
        f'as "owner/name", whose workflows may plan and deploy; {CORRECT}',
    ),
    "no branch": (
        {"account.github_branch": '"refs/heads/*"'},
        'account.github_branch = "refs/heads/*"; allowed: the branch whose workflows plan and deploy, e.g. main; '
        f"{CORRECT}",
    ),
    "suffix in the file": (
        {"suffix": '"pr-1"'},
        'suffix = "pr-1"; allowed: no such key; delete it: set it on the command line with --suffix',
    ),
    # What is missing
    "missing tier": ({"tier": None}, 'tier is missing; allowed: "development" or "production"; add it'),
    "missing account id": (
        {"account_id": None},
        "account_id is missing; allowed: the AWS account id: 12 digits in quotes; add it",
    ),
    "missing region": ({"region": None}, "region is missing; allowed: a region's code such as ca-central-1; add it"),
    "missing zones": ({"zones": None}, "zones is missing; allowed: 2 or 3 availability zones of the region; add it"),
    "missing CIDR": ({"network.cidr": None}, f"network.cidr is missing; {CIDR.replace(CORRECT, 'add it')}"),
    "missing section": (
        {"api": None, "api.plans.default": None},
        f"api is missing; allowed: a table with {keys(ApiSettings)}; add it",
    ),
    # Wrong types
    "unknown tier": ({"tier": '"staging"'}, f'tier = "staging"; allowed: "development" or "production"; {CORRECT}'),
    "tier that is no text": ({"tier": "[1]"}, f'tier = [1]; allowed: "development" or "production"; {CORRECT}'),
    "text for a number": (
        {"api.plans.default.burst_limit": '"400"'},
        f'api.plans.default.burst_limit = "400"; allowed: requests in a burst for each client, 1 to 5000; {CORRECT}',
    ),
    "number for an account id": (
        {"account_id": "111111111111"},
        f"account_id = 111111111111; allowed: the AWS account id: 12 digits in quotes; {CORRECT}",
    ),
    "true for a number": (
        {"database.instances": "true"},
        f"database.instances = true; allowed: 1 writer and up to 15 readers: 1 to 16; {CORRECT}",
    ),
    "fraction for a whole number": (
        {"database.instances": "1.0"},
        f"database.instances = 1.0; allowed: 1 writer and up to 15 readers: 1 to 16; {CORRECT}",
    ),
    "number for true": (
        {"protected": "1"},
        "protected = 1; allowed: true or false: deletion protection and prevent_destroy on everything that holds data; "
        + CORRECT,
    ),
    "number for a version": (
        {"database.engine_version": "16"},
        'database.engine_version = 16; allowed: the major version in quotes ("15", "16", "17"); Aurora selects '
        f"and upgrades the minor version; {CORRECT}",
    ),
    "text for a list": (
        {"zones": '"ca-central-1a"'},
        f'zones = "ca-central-1a"; allowed: 2 or 3 availability zones of the region; {CORRECT}',
    ),
    "number for a table": (
        {"cache.autoscaling": "3"},
        "cache.autoscaling = 3; allowed: a table with the keys cpu_target_percent, dimension, max_count, min_count; "
        + CORRECT,
    ),
    "time for a text": (
        {"database.backup_window": "06:00:00"},
        'database.backup_window = "06:00:00"; allowed: a daily window in UTC, at least 30 minutes, as hh:mm-hh:mm; '
        + CORRECT,
    ),
    "no number at all": (
        {"database.max_capacity": "nan"},
        "database.max_capacity = NaN; allowed: Aurora capacity units from 0 to 256 in steps of 0.5; " + CORRECT,
    ),
    # Values
    "account id of eleven digits": (
        {"account_id": '"11111111111"'},
        f'account_id = "11111111111"; allowed: the AWS account id: 12 digits in quotes; {CORRECT}',
    ),
    "account id in digits of another script": (
        {"account_id": '"' + "\N{ARABIC-INDIC DIGIT ONE}" * 12 + '"'},
        'account_id = "' + "\\u0661" * 12 + f'"; allowed: the AWS account id: 12 digits in quotes; {CORRECT}',
    ),
    "region by name": (
        {"region": '"Canada"'},
        f'region = "Canada"; allowed: a region\'s code such as ca-central-1; {CORRECT}',
    ),
    "CIDR with host bits": ({"network.cidr": '"10.20.0.1/16"'}, f'network.cidr = "10.20.0.1/16"; {CIDR}'),
    "public CIDR": ({"network.cidr": '"8.8.0.0/16"'}, f'network.cidr = "8.8.0.0/16"; {CIDR}'),
    "CIDR too small": ({"network.cidr": '"10.20.0.0/23"'}, f'network.cidr = "10.20.0.0/23"; {CIDR}'),
    "CIDR too large": ({"network.cidr": '"10.20.0.0/15"'}, f'network.cidr = "10.20.0.0/15"; {CIDR}'),
    "CIDR that is no text": ({"network.cidr": "10"}, f"network.cidr = 10; {CIDR}"),
    "CIDR that is no address": ({"network.cidr": '"ten"'}, f'network.cidr = "ten"; {CIDR}'),
    "CIDR as a netmask": (
        {"network.cidr": '"10.20.0.0/255.255.0.0"'},
        f'network.cidr = "10.20.0.0/255.255.0.0"; {CIDR}',
    ),
    "CIDR that overlaps a reserved one": (
        {"network.reserved_cidrs": '["10.0.0.0/8"]'},
        'network.cidr = "10.20.0.0/16"; allowed: a block that does not overlap 10.0.0.0/8; choose another block',
    ),
    "reserved CIDR with host bits": (
        {"network.reserved_cidrs": '["10.0.0.1/8"]'},
        'network.reserved_cidrs = "10.0.0.1/8"; allowed: IPv4 blocks without host bits; correct the block',
    ),
    "unknown endpoint": (
        {"network.interface_endpoints": '["secretmanager"]'},
        'network.interface_endpoints.0 = "secretmanager"; allowed: AWS services that get an interface endpoint: '
        f"{ENDPOINTS}; {CORRECT}",
    ),
    "endpoint twice": (
        {"network.interface_endpoints": '["kms", "kms"]'},
        'network.interface_endpoints = ["kms", "kms"]; allowed: each service once; delete the duplicates',
    ),
    "no way out": (
        {**NO_WAY_OUT, "network.interface_endpoints": '["logs", "kms"]'},
        'network.interface_endpoints = ["logs", "kms"]; allowed: with nat = "none" also ecr.api, ecr.dkr, '
        "monitoring, secretsmanager, which tasks and the rotation function call; add them, or change nat",
    ),
    "zones of another region": (
        {"zones": '["eu-west-1a", "eu-west-1b"]'},
        'zones = ["eu-west-1a", "eu-west-1b"]; allowed: different zones of ca-central-1, e.g. ca-central-1a; '
        "name each zone once",
    ),
    "zone twice": (
        {"zones": '["ca-central-1a", "ca-central-1a"]'},
        'zones = ["ca-central-1a", "ca-central-1a"]; allowed: different zones of ca-central-1, e.g. ca-central-1a; '
        "name each zone once",
    ),
    "one zone": (
        {"zones": '["ca-central-1a"]'},
        f'zones = ["ca-central-1a"]; allowed: 2 or 3 availability zones of the region; {CORRECT}',
    ),
    "four zones": (
        {"zones": '["ca-central-1a", "ca-central-1b", "ca-central-1c", "ca-central-1d"]'},
        'zones = ["ca-central-1a", "ca-central-1b", "ca-central-1c", "ca-central-1d"]; '
        f"allowed: 2 or 3 availability zones of the region; {CORRECT}",
    ),
    "zone of a list that is none": (
        {"zones": '["ca-central-1a", "b"]'},
        f'zones.1 = "b"; allowed: a zone\'s name such as ca-central-1a; {CORRECT}',
    ),
    "retention that CloudWatch does not know": (
        {"logs.retention_days": "8"},
        "logs.retention_days = 8; allowed: a number of days that CloudWatch Logs supports (1, 3, 5, 7, 14, 30, 60, "
        f"90, ..., 365, ..., 3653); {CORRECT}",
    ),
    "tag key with a space": (
        {"tags": '{"a b" = "x"}'},
        'tags."a b" = "a b"; allowed: a tag key of 1 to 128 letters, digits and + - = . _ : / @; ' + CORRECT,
    ),
    "tag key with a line break": (
        {"tags": '{"a\\nb" = "x"}'},
        'tags."a\\nb" = "a\\nb"; allowed: a tag key of 1 to 128 letters, digits and + - = . _ : / @; ' + CORRECT,
    ),
    "tag value with other characters": (
        {"tags": '{owner = "a;b"}'},
        'tags.owner = "a;b"; allowed: a text of at most 256 letters, digits, spaces and + - = . _ : / @; ' + CORRECT,
    ),
    "tag of AWS": (
        {"tags": '{"aws:owner" = "x"}'},
        'tags = "aws:owner"; allowed: keys other than aws:... (reserved by AWS) and Project, Environment, Tier, '
        "Stack, ManagedBy, in upper or lower case; choose another key",
    ),
    "tag of the platform": (
        {"tags": '{Stack = "x"}'},
        'tags = "Stack"; allowed: keys other than aws:... (reserved by AWS) and Project, Environment, Tier, Stack, '
        "ManagedBy, in upper or lower case; choose another key",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_cannot_be_used_gives_one_line_that_says_what_to_do(kind: str, tmp_path: Path) -> None:
    # GIVEN a valid file with one fault
    changes, line = KINDS[kind]
    files = SettingsFiles(tmp_path)
    files.write("iot-dev", settings_text(changes))

    # WHEN it is loaded
    faults = files.faults("iot-dev")

    # THEN there is that one line and no other
    assert faults == [f"iot-dev.toml: {line}"]
