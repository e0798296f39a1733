"""The roles of the workflows, which no shipped environment asks for, against the security checks of every stack."""

from __future__ import annotations

import json
from pathlib import Path

from synthesized import Synthesized

from main import build_app
from modules.account.deploy_policy import PASSED_TO
from settings import load
from settings.account import AccountSettings
from tools.scan.checks import ALL
from tools.synthesized.platform import read_all


def test_the_roles_satisfy_the_checks_or_give_a_reason(tmp_path: Path) -> None:
    account = AccountSettings(owns_api_gateway_role=True, github_repository="owner/name")
    environment = load("iot-dev").model_copy(update={"account": account})
    build_app([environment], tmp_path).synth()

    (platform,) = read_all(tmp_path, [environment])

    reasons = {(resource.stack, resource.address, key) for resource in platform.resources for key in resource.accepted}
    # What is found elsewhere, tests/stacks/test_policies.py says.
    findings = [found for check in ALL for found in check.run(platform) if found.stack.startswith("bootstrap-")]
    assert [found for found in findings if (found.stack, found.address, found.key) not in reasons] == []
    # Those of parliament: tests/tools/scan/test_gate.py, with every setting.
    of_roles = {reason for reason in reasons if "deploy-roles" in reason[1] and "PARLIAMENT" not in reason[2]}
    assert of_roles <= {(found.stack, found.address, found.key) for found in findings}, "a reason without a finding"


def test_the_deploy_role_may_pass_a_role_to_the_services_that_one_is_for(stacks: dict[str, Synthesized]) -> None:
    trusted = {
        statement["Principal"]["Service"]
        for id_, stack in stacks.items()
        if not id_.startswith("bootstrap-")
        for role in stack.all("aws_iam_role")
        for statement in json.loads(role["assume_role_policy"])["Statement"]
    }

    assert {"states.amazonaws.com", "ecs.amazonaws.com"} < trusted
    # RDS, beside its Enhanced Monitoring, is no principal that a role trusts.
    assert set(PASSED_TO) - {"rds.amazonaws.com"} == trusted
