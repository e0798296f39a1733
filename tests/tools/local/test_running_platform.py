"""`KEEP=1 make local` as a person uses it: commands in a shell, a rotation that cannot work, and its end."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import by_hand
import psycopg2
import pytest
import trustme
from psycopg2 import sql

from tools.change.__main__ import folder
from tools.change.page import DRIFT
from tools.change.unmanaged import find
from tools.deploy import plans
from tools.local import running
from tools.local.database import AUTHORITIES
from tools.local.postgres import loopback_address
from tools.synthesized import stacks
from tools.synthesized.paths import ROOT

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(1800)]

_LOCAL = [sys.executable, "-m", "tools.local"]
_NAME = "iot-dev"


@dataclass(frozen=True)
class Kept:
    """The platform that runs, and what its start printed."""

    printed: str
    folder: Path

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the platform prints it: in a shell that has sourced the environment's file."""
        return subprocess.run(
            ["bash", "-c", f"source {self.folder / 'environment.sh'} && {command}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        endpoint = re.search(r"AWS_ENDPOINT_URL=(\S+)", (self.folder / "environment.sh").read_text())
        assert endpoint is not None
        return boto3.client(
            service,
            endpoint_url=endpoint[1],
            region_name="ca-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def platform() -> Iterator[Kept]:
    up = subprocess.run([*_LOCAL, "up", "--env", _NAME, "--keep"], cwd=ROOT, capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        yield Kept(up.stdout, running.folder(_NAME))
    finally:
        down = subprocess.run([*_LOCAL, "down", "--env", _NAME], cwd=ROOT, capture_output=True, text=True)
    assert "has ended" in down.stdout


def test_it_was_rotated_planned_again_and_searched_for_passwords(platform: Kept) -> None:
    assert re.search(r"Rotate the database credentials three times: (\w+) -> (\w+) -> \1\n", platform.printed)
    assert "Plan every stack after three rotations: no change" in platform.printed
    assert re.search(r"no password or API key in any state, plan or log: \d+ passwords, 2 API keys", platform.printed)
    plans = (platform.folder / "plan.log").read_text()
    assert "iot-dev-secrets: Planned, exit code 0" in plans
    assert "bootstrap-iot-dev: Planned, exit code 0" in plans


def test_how_to_use_it_is_said_as_soon_as_it_is_deployed(platform: Kept) -> None:
    said = platform.printed
    assert said.index("Deploy every stack") < said.index("source .local/iot-dev/environment.sh") < said.index("Rotate")


def test_each_stack_is_one_line_at_its_beginning_and_one_at_its_end(platform: Kept) -> None:
    deployed, _, planned = platform.printed.partition("Deploy every stack")
    for stack in stacks.find_all(_NAME):
        assert deployed.count(f"begin             {stack.name}\n") == 1
        assert deployed.count(f"{stack.name}: {stack.size} of {stack.size} resources\n") == 1
        assert len(re.findall(rf"done +[\d.]+ s  {stack.name}\n", planned)) == 1


def test_the_master_secret_is_never_written_by_us(platform: Kept) -> None:
    master = platform.client("rds").describe_db_clusters()["DBClusters"][0]["MasterUserSecret"]["SecretArn"]

    versions = platform.client("secretsmanager").list_secret_version_ids(SecretId=master, IncludeDeprecated=True)

    assert [version["VersionStages"] for version in versions["Versions"]] == [["AWSCURRENT"]]


def test_the_documented_commands_find_what_stands_and_nothing_to_do(platform: Kept) -> None:
    diff = platform.shell("npx cdktf diff iot-dev-network")
    deploy = platform.shell("npx cdktf deploy iot-dev-network --auto-approve --skip-provider-lock")
    listed = platform.shell("terraform -chdir=cdktf.out/stacks/iot-dev-network state list")
    bootstrap = platform.shell(f"{sys.executable} -m tools.deploy bootstrap --env iot-dev --approve")

    assert "No changes." in diff.stdout, diff.stdout + diff.stderr
    assert "0 added, 0 changed, 0 destroyed" in deploy.stdout, deploy.stdout + deploy.stderr
    assert "aws_vpc.network_vpc" in listed.stdout, listed.stderr
    assert "0 added, 0 changed, 0 destroyed" in bootstrap.stdout, bootstrap.stdout + bootstrap.stderr


def test_make_diff_plans_every_stack_and_make_deploy_asks(platform: Kept) -> None:
    diff = platform.shell("make -s diff ENV=iot-dev")
    deploy = platform.shell("make -s deploy ENV=iot-dev < /dev/null")

    assert diff.returncode == 0, diff.stdout + diff.stderr
    assert diff.stdout.count("No changes.") == len(stacks.find(_NAME))
    assert deploy.returncode == 2
    assert "AUTO_APPROVE=1" in deploy.stderr


def test_a_second_one_is_refused(platform: Kept) -> None:
    second = subprocess.run([*_LOCAL, "up", "--env", _NAME], cwd=ROOT, capture_output=True, text=True)

    assert second.returncode == 1
    assert "make local-stop ENV=iot-dev" in second.stderr


def test_the_code_of_the_function_is_deployed_once(platform: Kept) -> None:
    again = platform.shell("npx cdktf deploy iot-dev-network iot-dev-rotation --auto-approve --skip-provider-lock")

    assert again.stdout.count("0 added, 0 changed, 0 destroyed") == 2, again.stdout + again.stderr


def test_plan_keys_stage_and_firewall_of_the_api_are_bound_together(platform: Kept) -> None:
    gateway = platform.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    (stage,) = gateway.get_stages(restApiId=api["id"])["item"]
    (deployment,) = gateway.get_deployments(restApiId=api["id"])["items"]
    (plan,) = gateway.get_usage_plans()["items"]
    keys = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]

    assert plan["throttle"] == {"rateLimit": 200.0, "burstLimit": 400}
    assert plan["apiStages"] == [{"apiId": api["id"], "stage": stage["stageName"]}]
    assert {key["name"] for key in keys} == {"iot-analytics-dev", "iot-fleet-gateway-dev"}
    assert stage["deploymentId"] == deployment["id"]
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 400.0
    arn = f"arn:aws:apigateway:ca-central-1::/restapis/{api['id']}/stages/{stage['stageName']}"
    assert platform.client("wafv2").get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["Name"] == "iot-api-dev"


def _drift(platform: Kept) -> tuple[int, str, dict[str, Any]]:
    """Exit code, what was printed, and the page as JSON."""
    ran = platform.shell(f"{sys.executable} -m tools.change drift --env {_NAME}")
    return ran.returncode, ran.stdout + ran.stderr, json.loads((folder(_NAME) / "drift.json").read_text())


def test_drift_names_what_was_done_by_hand_and_a_deployment_mends_what_it_can(platform: Kept) -> None:
    # GIVEN a platform as it was deployed
    code, said, page = _drift(platform)
    assert (code, page["verdict"]) == (0, "No drift"), said
    rules = by_hand.service_rules(platform.client)

    # WHEN somebody adds, changes and deletes by hand
    added = by_hand.add(platform.client)
    by_hand.add_what_a_deployment_removes(platform.client)
    by_hand.change_and_delete(platform.client)

    # THEN drift names each
    code, said, page = _drift(platform)
    assert code == DRIFT, said
    unmanaged = [finding["says"] for finding in page["findings"] if finding["kind"] == "unmanaged"]
    assert [text for text in added if not any(text in says for says in unmanaged)] == []
    assert len(unmanaged) == len(added) + 1  # the route of the data subnets is in a plan, too
    changes = {
        (change["address"].partition(".")[0], change["action"]) for s in page["stacks"] for change in s["changes"]
    }
    assert changes == {
        ("aws_iam_role_policies_exclusive", "changed"),
        ("aws_iam_role_policy", "changed"),
        ("aws_iam_role_policy_attachments_exclusive", "changed"),
        ("aws_route_table", "changed"),
        ("aws_vpc_security_group_egress_rule", "created"),
    }
    lost = [line for finding in page["findings"] if finding["kind"] == "iam" for line in finding["less"]]
    assert {f"no longer has {by_hand.ADMINISTRATOR}", "no longer has by-hand"} <= set(lost)

    # WHEN it is deployed, what was changed or deleted is as before, and what exclusive resources own is gone
    options = "--auto-approve --skip-provider-lock --ignore-missing-stack-dependencies"
    deployed = platform.shell(f"npx cdktf deploy {_NAME}-network {_NAME}-service {options}")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    iam, role = platform.client("iam"), {"RoleName": by_hand.TASK_ROLE}
    assert iam.list_attached_role_policies(**role)["AttachedPolicies"] == []
    assert iam.list_role_policies(**role)["PolicyNames"] == [by_hand.OWN_POLICY]
    policy = iam.get_role_policy(**role, PolicyName=by_hand.OWN_POLICY)["PolicyDocument"]
    assert "s3:*" not in json.dumps(policy)
    data = by_hand.named(platform.client, "describe_route_tables", "iot-data-dev")
    assert [route["GatewayId"] for route in data["Routes"]] == ["local"]
    assert len(by_hand.service_rules(platform.client)) == len(rules)

    # AND the other additions are left, as the documentation says
    states = plans.read_states(stacks.find_all(_NAME), platform.client("s3"))
    found, errors = find(states, platform.client)
    assert errors == {}
    assert [text for text in added if not any(text in finding.says for finding in found)] == []
    assert len(found) == len(added)


def test_a_changed_route_is_deployed_and_nothing_else_is(platform: Kept) -> None:
    # GIVEN the stage's JSON as a change of the routes would write it
    folder = next(stack.folder for stack in stacks.find(_NAME) if stack.name == f"{_NAME}-stage")
    file = folder / "cdk.tf.json"
    before = file.read_text()
    changed = json.loads(before)
    (deployment,) = changed["resource"]["aws_api_gateway_deployment"].values()
    deployment["triggers"]["definition"] = "another"

    # WHEN it is applied
    stage_before = _deployment_of_stage(platform)
    try:
        file.write_text(json.dumps(changed))
        applied = platform.shell(f"terraform -chdir={folder} apply -auto-approve -no-color -input=false")
    finally:
        file.write_text(before)

    # THEN a new deployment was made before the old one went, and the stage moved over
    assert "Plan: 1 to add, 1 to change, 1 to destroy." in applied.stdout, applied.stdout + applied.stderr
    made, destroyed = applied.stdout.index(": Creating..."), applied.stdout.index(": Destroying...")
    assert made < applied.stdout.index(": Modifying...") < destroyed
    assert _deployment_of_stage(platform) != stage_before


def _deployment_of_stage(platform: Kept) -> str:
    gateway = platform.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    return str(gateway.get_stages(restApiId=api["id"])["item"][0]["deploymentId"])


def _foreign_authority(platform: Kept, settings: dict[str, Any], tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(trustme.CA().cert_pem.bytes())
    settings["files"][AUTHORITIES] = str(foreign)


def _nothing_listens(platform: Kept, settings: dict[str, Any], tmp_path: Path) -> None:
    settings["environment"]["PGHOSTADDR"] = loopback_address()


def _nobody_answers(platform: Kept, settings: dict[str, Any], tmp_path: Path) -> None:
    """A packet without an answer looks the same whether a route or a security group is missing."""
    silent = socket.create_server((loopback_address(), 5432))
    _silent.append(silent)
    settings["environment"]["PGHOSTADDR"] = silent.getsockname()[0]


def _weak_master(platform: Kept, settings: dict[str, Any], tmp_path: Path) -> None:
    """The master's secret then names a role that may create no role."""
    cluster = platform.client("rds").describe_db_clusters()["DBClusters"][0]
    secrets = platform.client("secretsmanager")
    arn = cluster["MasterUserSecret"]["SecretArn"]
    master = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    weak = {"username": "weak_master", "password": "only-for-this-test"}
    connection = psycopg2.connect(
        host=cluster["Endpoint"],
        hostaddr=settings["environment"]["PGHOSTADDR"],
        dbname=cluster["DatabaseName"],
        user=master["username"],
        password=master["password"],
        sslmode="verify-full",
        sslrootcert=str(platform.folder / "authority.pem"),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE weak_master LOGIN PASSWORD {}").format(sql.Literal(weak["password"])))
    connection.close()
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(weak))


_silent: list[socket.socket] = []


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_foreign_authority, "TlsError"),
        (_nothing_listens, "ConnectionRefusedByHostError"),
        (_nobody_answers, "DatabaseTimeoutError"),
        (_weak_master, "PermissionDeniedError"),  # last: nothing rotates after it
    ],
)
def test_a_rotation_that_cannot_work_fails_the_deployment_with_the_reason(
    platform: Kept, tmp_path: Path, spoil: Callable[[Kept, dict[str, Any], Path], None], expected: str
) -> None:
    # GIVEN a platform on which one thing is wrong
    file = platform.folder / "functions.json"
    before = file.read_text()
    settings = json.loads(before)
    (function,) = settings.keys() - {"data api"}
    spoil(platform, settings[function], tmp_path)
    file.write_text(json.dumps(settings))
    secrets = next(stack for stack in stacks.find(_NAME) if stack.name == f"{_NAME}-secrets")
    invocations = json.loads((secrets.folder / "cdk.tf.json").read_text())["resource"]["aws_lambda_invocation"]
    (preflight,) = (f"aws_lambda_invocation.{id_}" for id_ in invocations)

    # WHEN the preflight runs, as a change of the code would make it run
    try:
        applied = platform.shell(
            f"terraform -chdir={secrets.folder} apply -auto-approve -no-color -input=false -replace={preflight}"
        )
    finally:
        file.write_text(before)
        while _silent:
            _silent.pop().close()

    # THEN the deployment fails and says why
    assert applied.returncode == 1, applied.stdout
    assert expected in applied.stderr
