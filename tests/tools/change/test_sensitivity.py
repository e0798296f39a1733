"""Which values are shown although Terraform marks them: those that CDKTF handed on, and that name no secret."""

from __future__ import annotations

from typing import Any

import pytest
from plan_documents import change, output

from tools.change import page
from tools.change.plans import StackPlan, read
from tools.change.values import SENSITIVE

_REMOTE = "data.terraform_remote_state.cross-stack-reference-input-iot-dev-network"
_VPC = f"{_REMOTE}.outputs.cross-stack-output-aws_vpcnetwork_vpc_4E8F0223id"
_PASSWORD = f"{_REMOTE}.outputs.cross-stack-output-aws_db_instancemain_4E8F0223password"
_SECRET_ARN = f"{_REMOTE}.outputs.cross-stack-output-aws_rds_clustera_FAF2FB92master_user_secret0secret_arn"
_PREFIXES = [f"{_REMOTE}.outputs", _REMOTE]


def _read(attribute: str, *references: str, block: bool = False) -> StackPlan:
    expression: Any = {"references": [*references, *_PREFIXES]}
    return read(
        "iot-dev-data",
        {
            "resource_changes": [
                change(
                    "aws_thing.a",
                    "update",
                    before={attribute: "before-it"},
                    after={attribute: "after-it"},
                    sensitive={attribute: True},
                )
            ],
            "configuration": {
                "root_module": {
                    "resources": [
                        {
                            "address": "aws_thing.a",
                            "expressions": {attribute: [{"inner": expression}] if block else expression},
                        }
                    ]
                }
            },
        },
    )


@pytest.mark.parametrize(
    ("attribute", "references"),
    [
        ("vpc_id", [_VPC]),
        ("policy", [_VPC, _SECRET_ARN, "aws_kms_key.a.arn", "aws_kms_key.a"]),
        ("secret_arn", [_SECRET_ARN]),
    ],
)
def test_ids_and_arns_of_other_stacks_are_shown(attribute: str, references: list[str]) -> None:
    (found,) = _read(attribute, *references).changes

    assert (found.attributes[0].before, found.attributes[0].after) == ("before-it", "after-it")


def test_within_a_block_too() -> None:
    assert _read("vpc_config", _VPC, block=True).changes[0].attributes[0].after == "after-it"


@pytest.mark.parametrize(
    ("attribute", "references"),
    [
        ("vpc_id", []),
        ("environment", [_PASSWORD]),
        ("environment", [_VPC, _PASSWORD]),
        ("environment", [_VPC, "var.token"]),
        ("environment", [_VPC, "random_password.a.result", "random_password.a"]),
        (
            "environment",
            [_VPC, "aws_secretsmanager_secret_version.a.secret_string", "aws_secretsmanager_secret_version.a"],
        ),
        ("environment", [f"{_REMOTE}.outputs.chosen_by_a_person"]),
        ("master_password", [_VPC]),
        ("session_token", [_VPC]),
        ("client_secret", [_VPC]),
        ("credential_file", [_VPC]),
        ("private_key", [_VPC]),
        ("auth_header", [_VPC]),
    ],
)
def test_everything_else_stays_hidden(attribute: str, references: list[str]) -> None:
    found = _read(attribute, *references)

    assert found.changes[0].attributes[0].after == SENSITIVE
    assert "after-it" not in page.to_json(page.make("", environment="", subject="", plans=[found], reads={}))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (_VPC.rsplit(".", 1)[1], True),
        (_SECRET_ARN.rsplit(".", 1)[1], True),
        (_PASSWORD.rsplit(".", 1)[1], False),
        ("chosen_by_a_person", False),
    ],
)
def test_outputs_are_judged_by_the_attribute_in_their_name(name: str, shown: bool) -> None:
    marked = output("update", before="before-it", after="after-it", sensitive=True)

    (found,) = read("iot-dev-network", {"output_changes": {name: marked}}).outputs

    assert found.after == ("after-it" if shown else SENSITIVE)
