"""What is read from a plan: actions, differences, causes; and that nothing sensitive or unknown is shown as a value."""

from __future__ import annotations

import json

import pytest
from plan_documents import change, output, plan

from tools.change.plans import Action, read
from tools.change.values import SENSITIVE, UNKNOWN, Attribute


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["create"], Action.CREATED),
        (["update"], Action.CHANGED),
        (["delete", "create"], Action.REPLACED),
        (["create", "delete"], Action.REPLACED),
        (["delete"], Action.DESTROYED),
        (["forget"], Action.FORGOTTEN),
        (["create", "forget"], Action.REPLACED),
    ],
)
def test_every_action_has_its_word(actions: list[str], expected: Action) -> None:
    (found,) = plan(change("aws_vpc.a", *actions, before={"x": 1}, after={"x": 2})).changes

    assert found.action is expected


def test_what_is_read_or_stays_is_no_change() -> None:
    data = {**change("aws_region.a", "read"), "mode": "data"}

    assert plan(data, change("aws_vpc.a", "no-op", before={"x": 1}, after={"x": 1})).changes == ()


def test_a_move_and_an_import_are_seen_although_nothing_else_changes() -> None:
    moved = change("aws_vpc.new", "no-op", before={"x": 1}, after={"x": 1}, previous_address="aws_vpc.old")
    imported = change("aws_vpc.b", "no-op", before={"x": 1}, after={"x": 1})
    imported["change"]["importing"] = {"id": "vpc-1"}

    found = plan(moved, imported).changes

    assert [(item.action, item.previous_address) for item in found] == [
        (Action.MOVED, "aws_vpc.old"),
        (Action.IMPORTED, None),
    ]


@pytest.mark.parametrize(("marked", "open_"), [("before", "after"), ("after", "before")])
def test_a_mark_on_one_side_hides_that_side(marked: str, open_: str) -> None:
    """A number: sensitive texts are looked for everywhere."""
    item = change("aws_thing.a", "update", before={"pin": 1111}, after={"pin": 2222})
    item["change"][f"{marked}_sensitive"] = {"pin": True}

    (found,) = plan(item).changes

    assert getattr(found, marked) == {"pin": SENSITIVE}
    assert getattr(found.attributes[0], marked) == SENSITIVE
    assert getattr(found, open_)["pin"] in (1111, 2222)


@pytest.mark.parametrize(("actions", "expected"), [("update", Action.CHANGED), ("delete create", Action.REPLACED)])
def test_what_happens_to_a_moved_resource_is_not_hidden_by_the_move(actions: str, expected: Action) -> None:
    item = change("aws_vpc.b", *actions.split(), before={"x": 1}, after={"x": 2}, previous_address="aws_vpc.a")

    assert [(found.action, found.previous_address) for found in plan(item).changes] == [(expected, "aws_vpc.a")]


@pytest.mark.parametrize(("secret", "shown"), [("sesame", SENSITIVE), ("seven", "seven")])
def test_a_sensitive_text_of_six_letters_is_hidden_wherever_it_is_repeated(secret: str, shown: str) -> None:
    item = change("aws_thing.a", "create", after={"code": secret, "copy": secret}, sensitive={"code": True})

    assert plan(item).changes[0].after == {"code": SENSITIVE, "copy": shown}


def test_differences_are_as_deep_as_both_sides_have_the_same_form() -> None:
    (found,) = plan(
        change(
            "aws_rds_cluster.a",
            "update",
            before={"scaling": [{"min": 0.5, "max": 2}], "names": ["a"], "same": 1, "rules": [{"port": 1}]},
            after={
                "scaling": [{"min": 1, "max": 2}],
                "names": ["a", "b"],
                "same": 1,
                "rules": [{"port": 1}, {"port": 2}],
            },
        )
    ).changes

    assert found.attributes == (
        Attribute("scaling[0].min", "0.5", "1"),
        Attribute("names", '["a"]', '["a", "b"]'),
        Attribute("rules", '[{"port": 1}]', '[{"port": 1}, {"port": 2}]'),
    )


def test_the_attribute_that_forces_a_replacement_is_its_cause() -> None:
    (found,) = plan(
        change(
            "aws_vpc.a",
            "delete",
            "create",
            before={"cidr_block": "10.0.0.0/16", "id": "vpc-1"},
            after={"cidr_block": "10.9.0.0/16"},
            unknown={"id": True},
            replace_paths=[["cidr_block"]],
        )
    ).changes

    assert found.cause == "cidr_block: 10.0.0.0/16 → 10.9.0.0/16"
    assert [item.path for item in found.telling] == ["cidr_block"]
    assert found.late == ["id"]


def test_a_tainted_resource_says_why_it_is_replaced() -> None:
    (found,) = plan(change("aws_vpc.a", "delete", "create", action_reason="replace_because_tainted")).changes

    assert "tainted" in found.cause


def test_unknown_values_are_known_after_apply_at_any_depth() -> None:
    (found,) = plan(
        change(
            "aws_lb.a",
            "update",
            before={"arn": "arn:1", "rule": [{"id": "r-1", "port": 1}]},
            after={"rule": [{"port": 1}]},
            unknown={"arn": True, "rule": [{"id": True}]},
        )
    ).changes

    assert found.attributes == (Attribute("arn", "arn:1", UNKNOWN), Attribute("rule[0].id", "r-1", UNKNOWN))


def test_sensitive_values_are_in_nothing_that_was_read() -> None:
    secret = "correct-horse"
    found = read(
        "iot-dev-data",
        {
            "resource_changes": [
                change(
                    "aws_secretsmanager_secret_version.a",
                    "update",
                    before={"secret_string": f"{secret}-1", "tags": {"token": f"{secret}-2", "team": "a"}},
                    after={"secret_string": f"{secret}-3", "tags": {"token": f"{secret}-4", "team": "b"}},
                    sensitive={"secret_string": True, "tags": {"token": True}},
                )
            ],
            "output_changes": {"token": output("update", before=f"{secret}-5", after=f"{secret}-6", sensitive=True)},
        },
    )

    assert secret not in repr(found)
    assert found.changes[0].attributes == (
        Attribute("secret_string", SENSITIVE, SENSITIVE),
        Attribute("tags.token", SENSITIVE, SENSITIVE),
        Attribute("tags.team", "a", "b"),
    )
    assert found.outputs[0].after == SENSITIVE


def test_a_policy_is_shown_line_by_line() -> None:
    before, after = ({"Statement": [{"Action": [action]}]} for action in ("s3:GetObject", "s3:*"))
    (found,) = plan(
        change("aws_iam_policy.a", "update", before={"policy": json.dumps(before)}, after={"policy": json.dumps(after)})
    ).changes

    assert found.attributes[0].after == json.dumps(after, indent=2, sort_keys=True)


def test_tags_are_shown_once() -> None:
    tags = [{"tags": {"Name": name}, "tags_all": {"Name": name, "Tier": tier}} for name, tier in ("ab", "cd")]
    (found,) = plan(change("aws_vpc.a", "update", before=tags[0], after=tags[1])).changes

    assert [item.path for item in found.attributes] == ["tags.Name", "tags_all.Tier"]


def test_only_a_look_for_drift_keeps_what_changed_outside_of_terraform() -> None:
    changes = [change(f"aws_vpc.{name}", "update", before={"x": 1}, after={"x": 2}) for name in "ab"]
    document = {"resource_changes": changes, "resource_drift": [{"address": "aws_vpc.a"}]}

    assert [item.drifted for item in read("iot-dev-data", document, drift=True).changes] == [True, False]
    assert [item.drifted for item in read("iot-dev-data", document).changes] == [False, False]
