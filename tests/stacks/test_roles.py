"""Every role of every stack has the policies of the code and no others, whichever stack adds them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

from all_environments import environment_names, load
from moto.iam.aws_managed_policies import aws_managed_policies_data
from synthesized import Synthesized

from modules.account.boundary import ACTIONS
from modules.account.deploy_policy import ATTACHED
from tools.synthesized.values import listed as as_list

Stacks = dict[str, Synthesized]
Role = tuple[str, str]

_LOCAL = re.compile(r"^\$\{(?P<type>\w+)\.(?P<id>[\w-]+)\.\w+\}$")


def _resolve(value: str, stack: str, stacks: Stacks) -> tuple[str, str, str]:
    """Stack, type and id of the resource that a reference leads to, through outputs of other stacks."""
    if "terraform_remote_state" in value:
        name, output = re.findall(r"terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)", value)[0]
        key = stacks[stack].json["data"]["terraform_remote_state"][name]["config"]["key"]
        environment, component = key.removesuffix(".tfstate").split("/")
        other = f"{environment}-{component}"
        return _resolve(stacks[other].json["output"][output]["value"], other, stacks)
    found = _LOCAL.match(value)
    assert found is not None, value
    return stack, found["type"], found["id"]


def _roles(stacks: Stacks, kind: str, role: str) -> dict[Role, list[tuple[str, dict[str, Any]]]]:
    """Resources of a type by the role that their attribute `role` names, each with its stack."""
    found = defaultdict(list)
    for id_, stack in stacks.items():
        for attributes in stack.json.get("resource", {}).get(kind, {}).values():
            owner, type_, name = _resolve(attributes[role], id_, stacks)
            assert type_ == "aws_iam_role"
            found[owner, name].append((id_, attributes))
    return found


def _literal(value: str, stack: str, stacks: Stacks, attribute: str) -> str:
    """What an attribute of a resource is, or the value itself."""
    if "${" not in value:
        return value
    owner, type_, name = _resolve(value, stack, stacks)
    return str(stacks[owner].json["resource"][type_][name][attribute])


def test_every_role_has_the_policies_of_the_code_and_no_others(stacks: Stacks) -> None:
    roles = {
        (id_, name) for id_, stack in stacks.items() for name in stack.json.get("resource", {}).get("aws_iam_role", {})
    }
    kinds = {
        "aws_iam_role_policy": ("name", "aws_iam_role_policies_exclusive", "policy_names"),
        "aws_iam_role_policy_attachment": ("policy_arn", "aws_iam_role_policy_attachments_exclusive", "policy_arns"),
    }

    assert len(roles) > 20
    for kind, (attribute, exclusive, listed) in kinds.items():
        policies = _roles(stacks, kind, "role")
        exclusives = _roles(stacks, exclusive, "role_name")
        assert exclusives.keys() == roles, f"a role without {exclusive}: use modules.common.role_policies"
        for role, found in exclusives.items():
            ((stack, owned),) = found
            assert sorted(_literal(value, stack, stacks, attribute) for value in owned[listed]) == sorted(
                policy[attribute] for _, policy in policies.get(role, ())
            ), role


def _actions(document: dict[str, Any]) -> set[str]:
    return {
        action for statement in document["Statement"] for action in as_list(statement["Action"])
        if statement["Effect"] == "Allow"
    }  # fmt: skip


def test_every_role_of_a_stack_is_within_the_boundary_and_needs_all_of_it(stacks: Stacks) -> None:
    of_aws = json.loads(aws_managed_policies_data)
    needed: set[str] = set()
    for id_, stack in stacks.items():
        if id_.startswith("bootstrap-"):
            continue
        for role in stack.all("aws_iam_role"):
            owner = re.sub(r"-(pr-\d+)$", "", role["permissions_boundary"].rpartition("/")[2])
            assert re.fullmatch(r"[a-z0-9-]+-boundary-[a-z0-9]+", owner)
        for policy in stack.all("aws_iam_role_policy"):
            needed |= _actions(json.loads(policy["policy"]))
        for attached in stack.all("aws_iam_role_policy_attachment"):
            name = attached["policy_arn"].partition(":policy/")[2]
            assert name in ATTACHED
            needed |= _actions(of_aws[name.rpartition("/")[2]]["Document"])

    further = {action for name in environment_names() for each in load(name).service.allow for action in each.actions}
    assert needed - further - {"iam:PassRole"} == set(ACTIONS)
