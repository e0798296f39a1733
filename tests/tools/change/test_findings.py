"""What a reviewer must not overlook, each from a plan that has it and one that only looks like it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plan_documents import change, output, plan

from tools.change.findings import FindingKind, ReviewFinding, find
from tools.change.plans import StackPlan, read

_RULE = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, "security_group_id": "sg-1"}
_INGRESS = "aws_vpc_security_group_ingress_rule.a"


def _find(*plans: StackPlan, kind: FindingKind, **options: Any) -> list[ReviewFinding]:
    return [item for item in find(plans, **{"reads": {}, **options}) if item.kind is kind]


def _policy(*actions: str, **statement: object) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "arn:1", **statement}]})


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"], ["create", "delete"]])
def test_a_database_that_is_destroyed_or_replaced_is_red(actions: list[str]) -> None:
    (found,) = _find(plan(change("aws_rds_cluster.a", *actions, before={"x": 1})), kind=FindingKind.STATEFUL)

    assert found.is_red
    assert found.says.endswith("Lost: its data")


@pytest.mark.parametrize("actions", [["create"], ["update"], ["no-op"]])
def test_a_database_that_stays_loses_nothing(actions: list[str]) -> None:
    assert not _find(plan(change("aws_rds_cluster.a", *actions, before={"x": 1}, after={})), kind=FindingKind.STATEFUL)


def test_a_security_group_holds_no_state() -> None:
    assert not _find(plan(change("aws_security_group.a", "delete", before={"x": 1})), kind=FindingKind.STATEFUL)


@pytest.mark.parametrize("name", ["aws_rds_cluster.a", "iot-dev-data.aws_rds_cluster.a"])
def test_what_is_allowed_by_name_is_not_red(name: str) -> None:
    gone = plan(*(change(f"aws_rds_cluster.{letter}", "delete", before={"x": letter}) for letter in "ab"))

    found = _find(gone, kind=FindingKind.STATEFUL, allow=[name])

    assert [(item.address, item.is_red) for item in found] == [
        ("aws_rds_cluster.b", True),
        ("aws_rds_cluster.a", False),
    ]


def test_prevent_destroy_names_what_it_protects() -> None:
    error = (
        "Instance cannot be destroyed: Resource aws_vpc.main has lifecycle.prevent_destroy set, but the plan calls for "
        "this resource to be destroyed."
    )

    (found,) = _find(read("iot-prod-network", None, errors=[error]), kind=FindingKind.REFUSED, allow=["aws_vpc.main"])

    assert (found.address, found.is_red, found.allowed) == ("aws_vpc.main", True, False)


def test_a_provider_that_is_gone_names_what_it_would_destroy() -> None:
    error = (
        "Provider configuration not present: To work with aws_backup_vault.copies_vault (orphan) its original provider "
        'configuration at provider["registry.terraform.io/hashicorp/aws"].copies is required, but it has been removed.'
    )

    (found,) = _find(read("iot-prod-backup", None, errors=[error]), kind=FindingKind.REFUSED)

    assert (found.address, found.is_red) == ("aws_backup_vault.copies_vault", True)
    assert "the provider of its region is no longer there" in found.says


def test_an_output_that_disappears_is_named_with_its_readers_only_if_it_has_any() -> None:
    network = plan(stack="iot-dev-network", vpc_id=output("delete", before="a"), unread=output("delete", before="b"))

    (found,) = _find(network, kind=FindingKind.OUTPUT, reads={"iot-dev-data": {("iot-dev-network", "vpc_id")}})

    assert (found.address, found.is_red) == ("vpc_id", True)
    assert "iot-dev-data reads it" in found.says


def test_an_output_that_changes_does_not_disappear() -> None:
    network = plan(stack="iot-dev-network", vpc_id=output("update", before="a", after="b"))

    assert not _find(network, kind=FindingKind.OUTPUT, reads={"iot-dev-data": {("iot-dev-network", "vpc_id")}})


def test_a_new_address_for_the_same_name_is_a_rename_without_moved() -> None:
    cluster = {"cluster_identifier": "iot-aurora-dev", "engine": "aurora-postgresql"}
    renamed = plan(
        change("aws_rds_cluster.old", "delete", before=cluster), change("aws_rds_cluster.new", "create", after=cluster)
    )

    (found,) = _find(renamed, kind=FindingKind.RENAME)

    assert "aws_rds_cluster.old" in found.says
    assert "moved" in found.says


def test_without_a_name_the_likest_pair_is_the_rename() -> None:
    def rule(port: int) -> dict[str, object]:
        return {**_RULE, "from_port": port, "to_port": port, "description": f"port {port}", "cidr_ipv4": "10.0.0.0/8"}

    address = "aws_vpc_security_group_ingress_rule"
    renamed = plan(
        change(f"{address}.old", "delete", before=rule(5432)),
        change(f"{address}.other", "create", after=rule(6379)),
        change(f"{address}.new", "create", after=rule(5432)),
    )

    (found,) = _find(renamed, kind=FindingKind.RENAME)

    assert found.address == f"{address}.new"


@pytest.mark.parametrize(("alike", "pairs"), [(4, 1), (3, 0)])
def test_four_of_five_attributes_are_enough_for_a_rename(alike: int, pairs: int) -> None:
    old = dict.fromkeys("abcde", 1)
    new = {letter: 1 if index < alike else 2 for index, letter in enumerate("abcde")}
    moved = plan(change("aws_thing.a", "delete", before=old), change("aws_thing.b", "create", after=new))

    assert len(_find(moved, kind=FindingKind.RENAME)) == pairs


def test_two_names_are_two_things_and_a_moved_one_is_no_rename() -> None:
    two = plan(
        change("aws_iam_role.old", "delete", before={"name": "reader", "path": "/", "x": 1, "y": 2}),
        change("aws_iam_role.new", "create", after={"name": "writer", "path": "/", "x": 1, "y": 2}),
    )
    moved = plan(
        change("aws_vpc.new", "no-op", before={"x": 1}, after={"x": 1}, previous_address="aws_vpc.old"),
    )

    assert not _find(two, moved, kind=FindingKind.RENAME)


def test_a_resource_that_changes_its_stack_is_found_across_plans() -> None:
    bucket = {"bucket": "iot-logs-dev"}
    leaves = plan(change("aws_s3_bucket.a", "delete", before=bucket), stack="iot-dev-data")
    arrives = plan(change("aws_s3_bucket.b", "create", after=bucket), stack="iot-dev-entry")

    (found,) = _find(leaves, arrives, kind=FindingKind.RENAME)

    assert "leaves iot-dev-data" in found.says


@pytest.mark.parametrize(
    ("version", "block", "red"),
    [
        ("ipv4", "0.0.0.0/0", True),
        ("ipv6", "::/0", True),
        ("ipv4", "10.0.0.0/16", False),
        ("ipv6", "2001:db8::/32", False),
    ],
)
def test_an_opened_port_is_called_out_and_red_for_the_world(version: str, block: str, red: bool) -> None:
    opened = plan(change(_INGRESS, "create", after={**_RULE, f"cidr_{version}": block}))

    (found,) = _find(opened, kind=FindingKind.PORT)

    assert found.more == (f"tcp 5432 from {block} into sg-1",)
    assert found.is_red is red


@pytest.mark.parametrize("key", ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"])
def test_every_kind_of_peer_is_named(key: str) -> None:
    (found,) = _find(plan(change(_INGRESS, "create", after={**_RULE, key: "a-peer"})), kind=FindingKind.PORT)

    assert found.more == ("tcp 5432 from a-peer into sg-1",)


@pytest.mark.parametrize("key", ["policy", "assume_role_policy", "access_policy", "resource_policy"])
def test_a_policy_is_compared_whatever_its_attribute_is_called(key: str) -> None:
    item = change("aws_thing.a", "update", before={key: _policy("s3:GetObject")}, after={key: _policy("s3:*")})

    (found,) = _find(plan(item), kind=FindingKind.IAM)

    assert found.more == ("s3:* on arn:1",)


def test_a_closed_port_and_a_moved_one() -> None:
    rule = {**_RULE, "cidr_ipv4": "10.0.0.0/16"}
    closed = plan(change(_INGRESS, "delete", before=rule))
    wider = plan(change(_INGRESS, "update", before=rule, after={**rule, "to_port": 5440}))

    assert [item.says for item in _find(closed, wider, kind=FindingKind.PORT)] == ["closed", "opened and closed"]


def test_a_rule_that_is_only_made_anew_opens_nothing() -> None:
    anew = plan(
        change(
            _INGRESS,
            "delete",
            "create",
            before={**_RULE, "cidr_ipv4": "10.0.0.0/16"},
            after={key: value for key, value in _RULE.items() if key != "security_group_id"},
            unknown={"security_group_id": True, "cidr_ipv4": True},
            replace_paths=[["security_group_id"]],
        )
    )

    assert not _find(anew, kind=FindingKind.PORT)


def test_a_rule_that_is_made_anew_for_everybody_is_opened() -> None:
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "security_group_id": "sg-1"}
    anew = plan(
        change(
            "aws_security_group_rule.a",
            "delete",
            "create",
            before={**rule, "cidr_blocks": ["10.0.0.0/16"]},
            after={**rule, "cidr_blocks": ["0.0.0.0/0"]},
            replace_paths=[["cidr_blocks"]],
        )
    )

    (found,) = _find(anew, kind=FindingKind.PORT)

    assert (found.more, found.less) == (
        ("tcp 22 from 0.0.0.0/0 into sg-1",),
        ("tcp 22 from 10.0.0.0/16 into sg-1",),
    )


def test_a_network_acl_says_by_number_what_it_says_by_name() -> None:
    def acl(protocol: str, block: str) -> dict[str, object]:
        rule = {"action": "allow", "protocol": protocol, "from_port": 1, "to_port": 9, "cidr_block": block}
        return {"ingress": [rule, {**rule, "action": "deny", "cidr_block": "0.0.0.0/0"}]}

    same = plan(change("aws_network_acl.a", "update", before=acl("6", "10.0.0.0/8"), after=acl("tcp", "10.0.0.0/8")))
    opened = plan(change("aws_network_acl.a", "update", before=acl("6", "10.0.0.0/8"), after=acl("6", "0.0.0.0/0")))

    (found,) = _find(same, opened, kind=FindingKind.PORT)

    assert found.more == ("tcp 1-9 from 0.0.0.0/0 into this network ACL",)


def test_rules_within_a_group_and_in_a_network_acl_are_ports_too() -> None:
    group = {"ingress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["::/0"], "self": True}]}
    acl = {"rule_action": "allow", "egress": True, "protocol": "6", "from_port": 1, "to_port": 9, "cidr_block": "a"}
    found = _find(
        plan(
            change("aws_security_group.a", "create", after=group),
            change("aws_network_acl_rule.a", "create", after=acl),
            change("aws_network_acl_rule.b", "create", after={**acl, "egress": False}),
        ),
        kind=FindingKind.PORT,
    )

    assert [item.more for item in found] == [
        ("every protocol from ::/0 into this group", "every protocol from the group itself into this group"),
        ("tcp 1-9 out of (known after apply) to a",),
        ("tcp 1-9 from a into (known after apply)",),
    ]


def test_a_widened_policy_says_what_it_allows_more() -> None:
    widened = plan(
        change(
            "aws_iam_role_policy.a",
            "update",
            before={"policy": _policy("s3:GetObject")},
            after={"policy": _policy("s3:GetObject", "s3:PutObject")},
        )
    )

    (found,) = _find(widened, kind=FindingKind.IAM)

    assert (found.says, found.more, found.is_red) == ("widened", ("s3:PutObject on arn:1",), False)


def test_everything_for_everybody_is_red() -> None:
    opened = plan(
        change("aws_sqs_queue.a", "update", before={"policy": None}, after={"policy": _policy("sqs:*", Principal="*")})
    )

    (found,) = _find(opened, kind=FindingKind.IAM)

    assert (found.more, found.is_red) == (("* may sqs:* on arn:1",), True)


def test_a_policy_in_another_order_is_the_same() -> None:
    same = plan(
        change(
            "aws_iam_role_policy.a",
            "update",
            before={"policy": _policy("s3:GetObject", "s3:PutObject")},
            after={"policy": _policy("s3:PutObject", "s3:GetObject")},
        )
    )

    assert not _find(same, kind=FindingKind.IAM)


def test_a_policy_that_is_not_known_yet_is_called_out() -> None:
    late = plan(change("aws_iam_policy.a", "update", before={"policy": _policy("a:b")}, unknown={"policy": True}))

    (found,) = _find(late, kind=FindingKind.IAM)

    assert "known after apply" in found.more[0]


def test_a_changed_policy_that_is_sensitive_is_called_out() -> None:
    before, after = ({"policy": _policy(action)} for action in ("a:b", "a:*"))
    hidden = plan(change("aws_iam_policy.a", "update", before=before, after=after, sensitive={"policy": True}))

    (found,) = _find(hidden, kind=FindingKind.IAM)

    assert found.more == ("policy: sensitive, so that it cannot be compared here",)


def test_an_attached_policy_is_a_permission() -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    attached = plan(change("aws_iam_role_policy_attachment.a", "create", after={"role": "r", "policy_arn": arn}))

    (found,) = _find(attached, kind=FindingKind.IAM)

    assert found.more == (f"has {arn}",)


@pytest.mark.parametrize(
    ("type_", "key"),
    [
        ("aws_iam_role_policies_exclusive", "policy_names"),
        ("aws_iam_role_policy_attachments_exclusive", "policy_arns"),
    ],
)
def test_a_policy_that_an_exclusive_resource_removes_is_named(type_: str, key: str) -> None:
    before, after = {key: ["own", "by-hand"]}, {key: ["new", "own"]}
    removing = plan(change(f"{type_}.a", "update", before=before, after=after))

    (found,) = _find(removing, kind=FindingKind.IAM)

    assert (found.more, found.less) == ((), ("no longer has by-hand",))
    for actions in (["create"], ["delete"]):  # what it adds has a resource of its own; its end removes nothing
        assert not _find(plan(change(f"{type_}.a", *actions, before=before, after=after)), kind=FindingKind.IAM)


def test_the_most_dangerous_stands_first() -> None:
    found = find(
        [
            plan(
                change("aws_iam_role_policy_attachment.a", "create", after={"policy_arn": "arn"}),
                change(_INGRESS, "create", after={**_RULE, "cidr_ipv4": "10.0.0.0/16"}),
                change("aws_vpc.a", "delete", before={"x": 1}),
            )
        ],
        reads={},
    )

    assert [item.kind for item in found] == [FindingKind.STATEFUL, FindingKind.PORT, FindingKind.IAM]
