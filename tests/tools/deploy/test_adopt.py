"""Which import ids a stack's plans accept, without Terraform: what is refused, and what two resources could both be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.deploy import orphans, recover, states, terraform
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

TAGS = {"Environment": "iot-dev", "Stack": "network"}
KEYS = {f"arn:aws:kms:ca-central-1:111111111111:key/{purpose}": TAGS for purpose in ("logs", "data")}
SECRET = "arn:aws:secretsmanager:ca-central-1:111111111111:secret:own-AbCdEf"


class Plans:
    """Terraform's answers: `real` is what AWS has by import id, `wanted` what the stack has by address."""

    def __init__(self, wanted: dict[str, dict[str, Any]], real: dict[str, dict[str, Any]], *, error: str = "") -> None:
        self.wanted, self.real, self.error, self.count = wanted, real, error, 0

    def __call__(
        self, _: Stack, ids: dict[str, tuple[str, str]], __: dict[str, str], *options: str
    ) -> tuple[list[dict[str, Any]], str]:
        self.count += 1
        missing = [address for address, (id_, _) in ids.items() if id_ not in self.real]
        if missing:
            return [], self.error or f'Cannot import non-existent remote object: to "{missing[0]}"'
        return [self._change(address, ids.get(address, ("", ""))[0]) for address in self.wanted], ""

    def _change(self, address: str, id_: str) -> dict[str, Any]:
        change = {
            "actions": ["no-op" if id_ else "create"],
            "before": self.real.get(id_),
            "after": self.wanted[address],
        }
        return {"address": address, "type": address.partition(".")[0], "change": change}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "cdk.tf.json").write_text('{"output": {"own": {"value": "${aws_rds_cluster.own.arn}"}, "x": {}}}')
    return Stack("iot-dev-network", tmp_path, {})


def accepted(
    plans: Plans, stack: Stack, tagged: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    monkeypatch.setattr(recover, "_plan", plans)
    return {address: id_ for address, (id_, _) in recover._accepted(stack, tagged, {}, lambda _: None)[0].items()}


def test_of_two_alike_each_becomes_what_it_is(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {f"aws_kms_key.{purpose}": {"description": purpose, "tags_all": TAGS} for purpose in ("data", "logs")}
    real = {purpose: {"description": purpose} for purpose in ("data", "logs")}

    found = accepted(Plans(wanted, real), stack, KEYS, monkeypatch)

    assert found == {"aws_kms_key.data": "data", "aws_kms_key.logs": "logs"}


def test_an_alias_is_not_given_up_for_a_wrong_guess_of_its_key(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    class Aliased(Plans):
        def _change(self, address: str, id_: str) -> dict[str, Any]:
            made = super()._change(address, id_)
            if address == "aws_kms_alias.logs":
                made["change"]["after"] = {"name": "alias/logs", "target": self.key}
            return made

        def __call__(self, stack: Stack, ids: Any, environ: Any, *options: str) -> tuple[list[dict[str, Any]], str]:
            self.key = ids.get("aws_kms_key.logs", ("unknown",))[0]
            return super().__call__(stack, ids, environ, *options)

    # GIVEN two keys of which the first guess is the wrong one, and the alias of the second
    wanted: dict[str, dict[str, Any]] = {
        **{f"aws_kms_key.{purpose}": {"description": purpose, "tags_all": TAGS} for purpose in ("logs", "data")},
        "aws_kms_alias.logs": {"name": "alias/logs"},
    }
    real = {"1": {"description": "data"}, "2": {"description": "logs"}}
    plans = Aliased(wanted, {**real, "alias/logs": {"name": "alias/logs", "target": "2"}})
    tagged = {f"arn:aws:kms:ca-central-1:111111111111:key/{id_}": TAGS for id_ in real}

    found = accepted(plans, stack, tagged, monkeypatch)

    assert found == {"aws_kms_key.data": "1", "aws_kms_key.logs": "2", "aws_kms_alias.logs": "alias/logs"}


def test_what_fits_only_beside_something_unfit_is_not_taken(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an instance that is replaced with its cluster, and a cluster that is not the wanted one
    class Dependent(Plans):
        def __call__(self, stack: Stack, ids: Any, environ: Any, *options: str) -> tuple[list[dict[str, Any]], str]:
            changes, error = super().__call__(stack, ids, environ, *options)
            for change in changes:
                if change["type"] == "aws_iam_role" and "aws_rds_cluster.own" not in ids and change["address"] in ids:
                    change["change"]["actions"] = ["delete", "create"]
            return changes, error

    wanted: dict[str, dict[str, Any]] = {
        "aws_rds_cluster.own": {"cluster_identifier": "own", "port": 5432, "tags_all": TAGS},
        "aws_iam_role.instance": {"name": "instance"},
    }
    arn = "arn:aws:rds:ca-central-1:111111111111:cluster:own"
    plans = Dependent(wanted, {"own": {"port": 1}, arn: {"port": 1}, "instance": {}})

    assert accepted(plans, stack, {arn: TAGS}, monkeypatch) == {}


def test_one_that_is_left_over_is_not_forced_into_another(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {f"aws_kms_key.{purpose}": {"description": purpose, "tags_all": TAGS} for purpose in ("alarms", "logs")}

    found = accepted(Plans(wanted, {p: {"description": p} for p in ("data", "logs")}), stack, KEYS, monkeypatch)

    assert found == {"aws_kms_key.logs": "logs"}


@pytest.mark.parametrize("error", ["", "reading own-AbCdEf: no such name", "it failed"])
def test_what_is_refused_is_tried_by_another_id(stack: Stack, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "aws_secretsmanager_secret.own": {"name": "own", "tags_all": TAGS},
        "aws_iam_role.own": {"name": "own"},
    }

    found = accepted(Plans(wanted, {SECRET: {}, "own": {}}, error=error), stack, {SECRET: TAGS}, monkeypatch)

    assert found == {"aws_secretsmanager_secret.own": SECRET, "aws_iam_role.own": "own"}


def test_a_stack_that_cannot_be_planned_has_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "_plan", lambda *_: ([], "Unsupported attribute"))

    said: list[str] = []

    assert recover._accepted(stack, KEYS, {}, said.append) == ({}, {})
    assert said == ["iot-dev-network: cannot be planned, so nothing is imported there: Unsupported attribute"]


@pytest.mark.parametrize(
    ("actions", "beside", "is_taken"),
    [
        (["update"], ["no-op"], True),
        (["delete", "create"], ["no-op"], False),
        (["update"], ["create"], False),
        (["update"], ["delete"], False),
    ],
)
def test_what_stops_the_plan_of_the_others_is_finished_first(
    stack: Stack, actions: list[str], beside: list[str], is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a cluster with which only a plan of it alone succeeds
    class Indexed(Plans):
        def __call__(self, stack: Stack, ids: Any, environ: Any, *options: str) -> tuple[list[dict[str, Any]], str]:
            if "aws_rds_cluster.own" in ids and options != ("-target=aws_rds_cluster.own",):
                return [], "Invalid index: master_user_secret is empty list of object"
            changes, error = super().__call__(stack, ids, environ, *options)
            assert set(stack.configuration["output"]) == ({"x"} if options else {"own", "x"})
            for change in changes if options else ():
                change["change"]["actions"] = actions if change["type"] == "aws_rds_cluster" else beside
            return changes, error

    wanted: dict[str, dict[str, Any]] = {
        "aws_rds_cluster.own": {"cluster_identifier": "own", "tags_all": TAGS},
        "aws_iam_role.own": {"name": "other"},
    }
    arn = "arn:aws:rds:ca-central-1:111111111111:cluster:own"
    monkeypatch.setattr(recover, "_plan", Indexed(wanted, {"own": {}}))

    assert recover._accepted(stack, {arn: TAGS}, {}, lambda _: None) == (
        {},
        {"aws_rds_cluster.own": ("own", arn)} if is_taken else {},
    )


def test_what_is_in_the_state_and_stops_every_plan_is_finished_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a cluster that was restored under the name of one that the state still has
    resources: dict[str, Any] = {"aws_iam_role": {"own": {}}, "aws_rds_cluster": {"other": {}, "own": {}}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"resource": resources}))
    stack, asked = Stack("iot-dev-data", tmp_path, {}), []

    def plan(_: Stack, ids: Any, __: Any, *options: str) -> tuple[list[dict[str, Any]], str]:
        asked.append(options)
        if not options:
            return [], "Error: Invalid index: aws_rds_cluster.own.master_user_secret is empty list of object"
        change = {"actions": ["update"], "before": {"id": "own", "port": 1}, "after": {"port": 2}}
        return [{"address": "aws_rds_cluster.own", "type": "aws_rds_cluster", "change": change}], ""

    monkeypatch.setattr(recover, "_plan", plan)

    assert recover._accepted(stack, {}, {}, lambda _: None) == (
        {},
        {"aws_rds_cluster.own": ("own", "own")},
    )
    assert asked == [(), ("-target=aws_rds_cluster.own",)]


def test_what_cannot_be_finished_ends_the_recovery_of_its_stack(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "aws_rds_cluster.own"
    monkeypatch.setattr(terraform, "init", lambda *_: None)
    monkeypatch.setattr(recover, "_accepted", lambda *_: ({}, {own: ("own", "arn")}))
    monkeypatch.setattr(terraform, "run", lambda *_, **__: None)
    monkeypatch.setattr(recover, "_plan", lambda *_, **__: ([], "Error: no"))
    said: list[str] = []

    assert recover._adopt_stack(stack, {}, {}, said.append) == 0
    assert said == [f"iot-dev-network: {own} is incomplete and could not be completed: Error: no"]

    # AND what is finished, and still stops the others, is not finished for ever
    monkeypatch.setattr(recover, "_plan", lambda *_, **__: ([], ""))
    assert recover._adopt_stack(stack, {}, {}, said.append) == 1
    assert said[1:] == [f"iot-dev-network: {own} was incomplete and is complete now"]


def test_what_is_left_is_named_by_stack_and_a_stack_that_was_not_begun_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a network that has a state, and the stacks after it that have none
    network, data = Stack("iot-dev-network", tmp_path, {}), Stack("iot-dev-data", tmp_path, {}, ("iot-dev-network",))
    secrets = Stack("iot-dev-secrets", tmp_path, {}, ("iot-dev-data",))

    def adopt_stack(stack: Stack, *_: object) -> int:
        planned.append(stack.name)
        return 1

    planned: list[str] = []
    for name in ("find", "find_all"):
        monkeypatch.setattr(stacks, name, lambda _: [data, network, secrets])
    monkeypatch.setattr(states, "states", lambda *_: iter([(network, {})]))
    monkeypatch.setattr(orphans, "find", lambda *_, **__: {SECRET: {**TAGS, "Name": "own"}, "arn:b": {"Stack": "data"}})
    monkeypatch.setattr(recover, "_adopt_stack", adopt_stack)

    said: list[str] = []
    count = recover.adopt("iot-dev", environ={}, client=lambda *_: None, s3=None, say=said.append)

    assert (count, planned) == (2, ["iot-dev-data", "iot-dev-network"])
    assert said[1:3] == ["  data: arn:b", f"  network: {SECRET} own"]


def test_no_plan_is_made_twice_in_a_row(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: dict[str, dict[str, Any]] = {"aws_secretsmanager_secret.own": {"name": "own", "tags_all": TAGS}}
    plans = Plans(wanted, {SECRET: {}})

    found = accepted(plans, stack, {SECRET: TAGS}, monkeypatch)

    # nothing, the id that is not right, and the ARN
    assert (found, plans.count) == ({"aws_secretsmanager_secret.own": SECRET}, 3)


def test_what_was_imported_is_not_tried_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong guess is a plan: an instance is not the cluster that was finished before it."""
    offered: list[set[str]] = []
    answers = [({"aws_kms_key.logs": ("logs", "key/logs")}, {"aws_rds_cluster.own": ("own", "cluster:own")}), ({}, {})]

    def _accepted(_: Stack, tagged: dict[str, Any], *__: object) -> Any:
        offered.append(set(tagged))
        return answers[len(offered) - 1]

    monkeypatch.setattr(recover, "_accepted", _accepted)
    monkeypatch.setattr(recover, "_plan", lambda *_, **__: ([], ""))
    monkeypatch.setattr(terraform, "init", lambda *_: None)
    monkeypatch.setattr(terraform, "run", lambda *_, **__: None)
    tagged = dict.fromkeys(("key/logs", "cluster:own", "db:own"), TAGS)

    assert recover._adopt_stack(stack, tagged, {}, lambda _: None) == 2

    assert offered == [set(tagged), {"db:own"}]
