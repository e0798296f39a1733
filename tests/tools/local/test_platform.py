"""`make local` as a person runs it: the command itself, in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from all_environments import FULL, load
from project_copy import copy_project

from modules.account.deploy_policy import SERVICES
from modules.account.plan_policy import BUCKETS, CONFIGURATION
from tools.local.emulator.environment import PLANNING_KEY
from tools.local.permissions import permission

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(1800)]

# Of these `tests/tools/change/test_unmanaged.py` says that the role may.
ASKED_BY_DRIFT = {
    "backup:ListBackupVaults",  # and by `make plan`, about what an earlier teardown has left
    "ecr:GetRepositoryPolicy",
    "ecs:ListServices",
    "lambda:GetFunctionUrlConfig",
    "lambda:ListEventSourceMappings",
    "sns:ListSubscriptionsByTopic",
}
# By a plan of an environment without a certificate: a TLS listener has no such attributes.
ASKED_OF_TCP_LISTENERS = {"elasticloadbalancing:DescribeListenerAttributes"}
_LOCAL = [sys.executable, "-m", "tools.local"]


def test_every_setting_is_deployed_and_torn_down_in_two_steps(tmp_path: Path) -> None:
    # GIVEN a protected environment with every setting, beside which a production environment shows nothing more
    project = copy_project(tmp_path / "project")

    run = subprocess.run([*_LOCAL, "up", "--env", FULL], cwd=project, capture_output=True, text=True)

    # THEN what its settings name is there when needed, nothing is left to do afterwards, and nothing stays of it
    assert run.returncode == 0, run.stdout + run.stderr
    phases = [line for line in run.stdout.splitlines() if line.startswith("done")]
    assert any("Plan every stack after three rotations: no change" in phase for phase in phases)
    role = load(FULL).rotation.role_name
    assert any(phase.endswith(f"three times: {role} -> {role} -> {role}") for phase in phases)
    assert any("Evaluate the calls of every role: " in phase and " calls by 3 roles: " in phase for phase in phases)
    assert "Lift the protection" in phases[-3]
    assert "Destroy every stack but bootstrap" in phases[-2]
    assert re.search(r"Evaluate the calls of the teardown: \d{3,} calls by 1 role: ", phases[-1])

    # AND the plan role may make every call of its plans, and none beside those of plans and of `make drift`
    calls = list(map(json.loads, (project / ".local" / FULL / "calls.jsonl").read_text().splitlines()))
    made = {permission(call["service"], call["operation"]) for call in calls if call["access_key"] == PLANNING_KEY}
    actions = {*CONFIGURATION, *BUCKETS}
    # What the other statements allow: asking who one is takes no permission.
    assert made - actions == {
        "apigateway:GET",
        "s3:GetObject",
        "secretsmanager:GetSecretValue",
        "sts:GetCallerIdentity",
    }
    assert actions - made == ASKED_BY_DRIFT | ASKED_OF_TCP_LISTENERS
    # AND the services of the deploy role are those that a deployment calls
    services = {permission(call["service"], call["operation"]).partition(":")[0] for call in calls}
    assert services - set(SERVICES) == {"ecr", "iam", "sts"}
    assert set(SERVICES) - services == {"backup-storage", "tag"}
