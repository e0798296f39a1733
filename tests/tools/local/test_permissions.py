"""Recorded calls are evaluated against the policies of the JSON: without one statement, each is missed by name.

`data/calls.jsonl` has one of each call that a run of `make local` made as a role, ids of AWS as they are made up here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from all_environments import load

from main import build_app
from tools.local import permissions
from tools.local.emulator.environment import DEPLOYING_KEY, KEY, PLANNING_KEY
from tools.local.permissions import Deployed, Evaluation
from tools.synthesized import stacks

ACCOUNT, REGION = "111111111111", "ca-central-1"
DEPLOY, PLAN, FUNCTION = "iot-deploy-dev", "iot-plan-dev", "iot-rotation-dev"
CALLERS = {DEPLOYING_KEY: DEPLOY, PLANNING_KEY: PLAN}
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:iot/dev/database-AAAAAA"
STATES = "arn:aws:s3:::iot-state-dev-111111111111"
_CALLS = [json.loads(line) for line in (Path(__file__).parent / "data" / "calls.jsonl").read_text().splitlines()]
_ARNS = {
    "aws_iam_policy": f"arn:aws:iam::{ACCOUNT}:policy/{{name}}",
    "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "aws_kms_key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{name}}",
    "aws_lambda_function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
    "aws_s3_bucket": "arn:aws:s3:::{name}",
    "aws_secretsmanager_secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{name}}-AAAAAA",
}


def _key(name: str) -> str:
    return _ARNS["aws_kms_key"].format(name=name)


class _State:
    """What the state would have of the resources of the JSON, with made-up ids."""

    def __init__(self, outdir: Path) -> None:
        found = [stack.configuration for stack in stacks.find_all("iot-dev", outdir=outdir)]
        self._outputs = {name: one["value"] for stack in found for name, one in stack.get("output", {}).items()}
        self._resources = {
            (type_, id_): one
            for stack in found
            for type_, all_ in stack["resource"].items()
            for id_, one in all_.items()
        }

    def resources(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (type_, json.loads(self._resolved(json.dumps(one | self._computed(type_, id_)))))
            for (type_, id_), one in self._resources.items()
        ]

    def _computed(self, type_: str, id_: str) -> dict[str, Any]:
        one = self._resources[type_, id_]
        name = one.get("function_name") or one.get("bucket") or one.get("name") or id_
        if type_ == "aws_kms_key":
            name = one["//"]["metadata"]["path"].split("/")[-2]
        secret = {
            "secret_arn": _ARNS["aws_secretsmanager_secret"].format(name="rds!cluster"),
            "kms_key_id": _key("data"),
        }
        return {
            "arn": one.get("arn") or _ARNS.get(type_, "arn:aws:other:::{name}").format(name=name),
            "id": name,
            "version_id": "first",
            **({"master_user_secret": [secret]} if type_ == "aws_rds_cluster" else {}),
            **({"target_key_arn": one["target_key_id"].replace("key_id}", "arn}")} if type_ == "aws_kms_alias" else {}),
        }

    def _resolved(self, text: str) -> str:
        while "${" in text:
            text = re.sub(r"\$\{([^{}]+)\}", lambda found: self._value(found[1]), text)
        return text

    def _value(self, reference: str) -> str:
        if found := re.fullmatch(r"data[.]terraform_remote_state[.][^.]+[.]outputs[.]([\w-]+)", reference):
            return str(self._outputs[found[1]])
        type_, id_, attribute = (*re.sub(r"\[0\]", "", reference).split(".", 2), "", "")[:3]
        if (type_, id_) not in self._resources:
            return "unknown"  # expressions and data: no policy has one
        value: Any = self._resources[type_, id_] | self._computed(type_, id_)
        for part in attribute.split("."):
            value = value[0] if isinstance(value, list) else value
            value = value.get(part, "unknown")
        return str(value)


@pytest.fixture(scope="module")
def all_deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """`iot-dev`, deployed from a repository."""
    environment = load("iot-dev")
    account = environment.account.model_copy(update={"github_repository": "iot/platform"})
    outdir = tmp_path_factory.mktemp("cdktf.out")
    build_app([environment.model_copy(update={"account": account})], outdir).synth()
    return permissions.deployed(_State(outdir).resources())


@pytest.fixture
def deployed(all_deployed: Deployed) -> Deployed:
    """A copy, to take something from."""
    return copy.deepcopy(all_deployed)


def _evaluate(deployed: Deployed, *calls: dict[str, Any]) -> Evaluation:
    return permissions.evaluate(calls or _CALLS, deployed, CALLERS)


def _made_as(role: str) -> list[dict[str, Any]]:
    return [call for call in _CALLS if CALLERS.get(call["access_key"], call["access_key"]) == role]


def _call(
    key: str, service: str, operation: str, *, status: int = 200, path: str = "/", **names: str
) -> dict[str, Any]:
    where = {"access_key": key, "region": REGION, "service": service, "path": path}
    return where | {"operation": operation, "method": "POST", "names": names, "status": status}


def _without(sid: str, *actions: str) -> Callable[[dict[str, Any]], None]:
    """Takes a statement from a policy, or only actions from it."""

    def take(policy: dict[str, Any]) -> None:
        (found,) = (one for one in policy["Statement"] if one["Sid"] == sid)
        if not actions:
            policy["Statement"].remove(found)
        for action in actions:
            found["Action"].remove(action)

    return take


def test_every_recorded_call_is_allowed(deployed: Deployed) -> None:
    evaluation = _evaluate(deployed)

    assert (evaluation.denied, evaluation.unknown) == ([], [])
    assert str(evaluation) == f"{len(_CALLS)} calls by 3 roles: all allowed"


@pytest.mark.parametrize(
    ("role", "take", "missed"),
    [
        (DEPLOY, _without("Services", "ecs:*"), "ecs:CreateService on arn:aws:ecs:ca-central-1:111111111111:service/"),
        (DEPLOY, _without("Services", "kms:*"), f"kms:CreateGrant on {_key('data')}"),
        (DEPLOY, _without("Services", "s3:*"), f"s3:PutObject on {STATES}/iot-dev/network.tfstate.tflock"),
        (DEPLOY, _without("MakeRoles"), "iam:CreateRole on arn:aws:iam::111111111111:role/iot-vpc-flow-log-dev"),
        (DEPLOY, _without("ReadAndKeepRoles"), "iam:GetRole on arn:aws:iam::111111111111:role/iot-vpc-flow-log-dev"),
        (DEPLOY, _without("PassRoles"), "iam:PassRole on arn:aws:iam::111111111111:role/iot-rotation-dev"),
        (PLAN, _without("ReadStates"), f"s3:GetObject on {STATES}/iot-dev/bootstrap.tfstate"),
        (PLAN, _without("StateKey"), f"kms:Decrypt on {_key('key')}"),
        (PLAN, _without("FirstVersion"), f"secretsmanager:GetSecretValue on {SECRET}"),
        (PLAN, _without("Configuration", "rds:DescribeDBClusters"), "rds:DescribeDBClusters on "),
        (FUNCTION, _without("ReadSecret"), f"secretsmanager:GetSecretValue on {SECRET}"),
        (FUNCTION, _without("WriteSecret"), f"secretsmanager:PutSecretValue on {SECRET}"),
        (FUNCTION, _without("UseKeyOfSecret"), f"kms:GenerateDataKey on {_key('secrets')}"),
        (FUNCTION, _without("UseKeyOfMaster"), f"kms:Decrypt on {_key('data')}"),
        (FUNCTION, _without("ReportAge"), "cloudwatch:PutMetricData on *"),
    ],
)  # fmt: skip
def test_a_statement_that_is_missing_is_named(
    deployed: Deployed, role: str, take: Callable[[dict[str, Any]], None], missed: str
) -> None:
    taken = 0
    for policy in deployed.roles[role]["policies"]:
        try:
            take(policy["policy"])
            taken += 1
        except ValueError:
            continue
    assert taken == 1

    denied = _evaluate(deployed, *_made_as(role)).denied

    assert any(
        re.match(
            f"{re.escape(f'{role} may not {missed}')}.*: no statement of its policies (or boundary )?allows it", line
        )
        for line in denied
    ), denied


def test_an_action_beyond_the_boundary_is_named(deployed: Deployed) -> None:
    _without("AtMost", "secretsmanager:PutSecretValue")(deployed.roles[FUNCTION]["boundary"]["policy"])

    assert _evaluate(deployed).denied == [
        f"{FUNCTION} may not secretsmanager:PutSecretValue on {SECRET}: no statement of its boundary allows it"
    ]


def test_whoever_reads_a_function_needs_the_key_of_its_variables(deployed: Deployed) -> None:
    call = _call(PLANNING_KEY, "lambda", "GetFunction", FunctionName=FUNCTION)
    assert _evaluate(deployed, call).denied == []

    deployed.keys[FUNCTION] = _key("data")

    (denied,) = _evaluate(deployed, call).denied
    assert denied.startswith(f"{PLAN} may not kms:Decrypt on {_key('data')}: ")


def test_a_role_whose_boundary_is_not_deployed_may_do_nothing() -> None:
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]})
    role = {"name": FUNCTION, "arn": f"arn:aws:iam::{ACCOUNT}:role/{FUNCTION}", "permissions_boundary": "arn:gone"}
    found = permissions.deployed(
        [("aws_iam_role", role), ("aws_iam_role_policy", {"role": FUNCTION, "name": "a", "policy": policy})]
    )

    denied = _evaluate(found, _call(FUNCTION, "ssm", "DescribeParameters")).denied

    assert denied == [f"{FUNCTION} may not ssm:DescribeParameters on *: statement 1 of its boundary denies it"]


def test_a_secret_that_another_may_read_denies(deployed: Deployed) -> None:
    (statement,) = deployed.resources[SECRET]["Statement"]
    statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] = ["arn:aws:iam::111111111111:role/another"]

    assert _evaluate(deployed).denied == [
        f"{FUNCTION} may not secretsmanager:GetSecretValue on {SECRET}: "
        "statement DenyReadingButByReaders of the resource's policy denies it"
    ]


def test_a_key_that_services_may_not_use_denies(deployed: Deployed) -> None:
    _without("UseThroughServices")(deployed.resources[_key("secrets")])

    denied = _evaluate(deployed).denied

    assert (
        f"{FUNCTION} may not kms:Decrypt on {_key('secrets')}: no statement of the resource's policy allows it"
        in denied
    )


def test_only_what_is_inside_the_network_passes_an_endpoint(deployed: Deployed) -> None:
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    reading = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}
    deployed.endpoints["secretsmanager"] = {"Version": "2012-10-17", "Statement": [reading]}

    said = "no statement of the VPC endpoint's policy allows it"
    assert _evaluate(deployed).denied == [
        f"{FUNCTION} may not secretsmanager:{action} on {SECRET}: {said}"
        for action in ("PutSecretValue", "UpdateSecretVersionStage")
    ]


@pytest.mark.parametrize(
    ("call", "denied"),
    [
        (_call(DEPLOYING_KEY, "s3", "PutBucketPolicy", Bucket="iot-state-dev-111111111111"),
         f"s3:PutBucketPolicy on {STATES}: statement NotStateBucket of its policies denies it"),
        (_call(DEPLOYING_KEY, "kms", "DeleteAlias", AliasName="alias/iot-state-dev"),
         "kms:DeleteAlias on arn:aws:kms:ca-central-1:111111111111:alias/iot-state-dev: "
         "statement NotStateKeyAlias of its policies denies it"),
        (_call(DEPLOYING_KEY, "iam", "CreateRole", RoleName="iot-new-dev"),
         "iam:CreateRole on arn:aws:iam::111111111111:role/iot-new-dev: no statement of its policies allows it"),
        (_call(DEPLOYING_KEY, "iam", "AttachRolePolicy", RoleName=FUNCTION,
               PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
         f"iam:AttachRolePolicy on arn:aws:iam::111111111111:role/{FUNCTION}: no statement of its policies allows it"),
        (_call(PLANNING_KEY, "apigateway", "CreateApiKey", path="/apikeys"),
         "apigateway:POST on arn:aws:apigateway:ca-central-1::/apikeys: no statement of its policies allows it"),
        (_call(PLANNING_KEY, "s3", "HeadObject", status=404, Bucket="another", Key="a"),
         "s3:ListBucket on arn:aws:s3:::another: no statement of its policies allows it"),
    ],
)  # fmt: skip
def test_a_call_that_is_denied_is_named(deployed: Deployed, call: dict[str, Any], denied: str) -> None:
    assert f"{CALLERS[call['access_key']]} may not {denied}" in _evaluate(deployed, call).denied


def test_what_cannot_be_judged_is_said_and_not_counted_as_allowed(deployed: Deployed) -> None:
    del deployed.roles[PLAN]

    evaluation = _evaluate(
        deployed,
        _call(DEPLOYING_KEY, "sqs", "NoSuchOperation"),
        _call(DEPLOYING_KEY, "iam", "GetRole"),
        _call(PLANNING_KEY, "ec2", "DescribeVpcs"),
        _call(KEY, "ec2", "CreateVpc"),
    )

    assert evaluation.denied == []
    assert evaluation.unknown == [
        f"1 calls of {PLAN}, which is not deployed",
        f"{DEPLOY} calls sqs:NoSuchOperation on *: IAM has no such action",
        f"{DEPLOY} calls iam:GetRole on arn:aws:iam::111111111111:role/*: "
        "allowed for some names only, and the call has no name",
    ]
    assert str(evaluation) == "2 calls by 1 role: 3 not judged"


def test_an_alias_is_deleted_with_the_permission_on_its_key(deployed: Deployed) -> None:
    call = _call(DEPLOYING_KEY, "kms", "DeleteAlias", AliasName="alias/iot-data-dev")

    assert _evaluate(deployed, call).denied == []

    deployed.resources[_key("data")]["Statement"].clear()
    (denied,) = _evaluate(deployed, call).denied
    assert denied.startswith(f"{CALLERS[DEPLOYING_KEY]} may not kms:DeleteAlias on {_key('data')}: ")
