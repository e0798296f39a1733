"""The boundary of every role that the stacks make."""

from __future__ import annotations

import json

from synthesized import synthesize_module

from modules.account import PlatformBoundary
from modules.account.boundary import ACTIONS
from modules.common.policies import Account
from modules.common.roles import boundary_arn
from settings.naming import Naming
from settings.service import AllowSettings

_ACCOUNT = Account("111111111111", "ca-central-1")


def test_a_role_within_it_extends_no_rights_and_touches_no_state() -> None:
    allow = AllowSettings(actions=("ses:SendEmail",), resources=("arn:aws:ses:ca-central-1:111111111111:identity/a",))
    made = synthesize_module(
        lambda scope: PlatformBoundary(
            scope,
            "boundary",
            names=Naming("iot", "dev"),
            account=_ACCOUNT,
            state_bucket="iot-state-dev-111111111111",
            further=[allow],
        )
    ).one("aws_iam_policy")

    assert made["name"] == "iot-boundary-dev"
    found = {statement["Sid"]: statement for statement in json.loads(made["policy"])["Statement"]}
    assert found.keys() == {"AtMost", "PassRoles", "Further1", "NoStates"}
    assert not [action for action in ACTIONS if action.split(":")[0] in ("iam", "sts", "organizations", "account")]
    assert [action for action in ACTIONS if "*" in action] == ["kms:ReEncrypt*"]
    assert found["PassRoles"]["Resource"] == [
        "arn:aws:iam::111111111111:role/iot-*-dev",
        "arn:aws:iam::111111111111:role/iot-*-dev-*",
    ]
    assert found["Further1"]["Resource"] == ["arn:aws:ses:ca-central-1:111111111111:identity/a"]
    assert (found["NoStates"]["Effect"], found["NoStates"]["Action"]) == ("Deny", ["s3:*"])
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
    assert len("".join(made["policy"].split())) < 6_144 - 1_500


def test_a_copy_has_the_boundary_of_its_original() -> None:
    assert boundary_arn(Naming("iot", "dev", "pr-12"), _ACCOUNT) == boundary_arn(Naming("iot", "dev"), _ACCOUNT)
