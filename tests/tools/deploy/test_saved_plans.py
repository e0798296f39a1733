"""Saved plans with all tools played: what is kept, what is refused, and what becomes of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fake_tools import Tools, document, saved_plans

from tools.deploy import plans
from tools.deploy.__main__ import main

NAME = "iot-dev"
NETWORK, DATA, SERVICE = (f"{NAME}-{component}" for component in ("network", "data", "service"))


def _plan(tools: Tools) -> dict[str, plans.Planned]:
    return {item.stack: item for item in plans.plan(NAME, environ={}, s3=tools.s3)}


def _apply(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["apply", "--env", NAME])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def planned(tools: Tools) -> Tools:
    """Everything is deployed, changed and planned."""
    tools.put_state("network", vpc_id="vpc-1")
    tools.put_state("data")
    tools.put_state("service")
    tools.on("show", stdout=document("update"))
    _plan(tools)
    tools.calls.clear()
    return tools


# -- plan


def test_what_waits_for_another_stack_is_not_planned(tools: Tools) -> None:
    tools.on("show", stdout=document("create"))

    found = _plan(tools)

    assert found[DATA].note == f"cannot be planned before {NETWORK}; apply, then plan again"
    assert not tools.ran("plan", DATA)
    assert saved_plans(NAME) == [
        f"{NETWORK}.saved.json",
        f"{NETWORK}.tfplan",
        f"{SERVICE}.saved.json",
        f"{SERVICE}.tfplan",
    ]


def test_plans_are_for_their_owner_alone(planned: Tools) -> None:
    place = plans.folder(NAME)

    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / f"{DATA}.tfplan").stat().st_mode & 0o777 == 0o600
    assert planned.calls == []


def test_a_new_plan_forgets_the_old_ones_even_where_it_fails(planned: Tools) -> None:
    planned.on("plan", DATA, code=1, stderr="Error: no")

    assert _plan(planned)[DATA].errors == ("Error: no",)
    assert [file for file in saved_plans(NAME) if file.startswith(DATA)] == []


def test_a_stack_that_cannot_be_initialized_has_no_plan(planned: Tools) -> None:
    planned.on("init", DATA, code=1, stderr="Error: AWS account ID not allowed")

    assert _plan(planned)[DATA].errors == ("terraform init: Error: AWS account ID not allowed",)
    assert not planned.ran("plan", DATA)
    assert f"{DATA}.tfplan" not in saved_plans(NAME)


# -- apply


def test_without_a_plan_nothing_is_applied(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = _apply(capsys)

    assert (code, said) == (1, f"there is no saved plan of {NAME}; run: make plan ENV={NAME}\n")
    assert tools.changes() == []


def test_exactly_the_saved_plans_are_applied_in_order_and_then_gone(
    planned: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = _apply(capsys)

    assert code == 0
    files = [str(plans.folder(NAME) / f"{stack}.tfplan") for stack in (NETWORK, DATA, SERVICE)]
    assert [call.arguments[-1] for call in planned.ran("apply")] == files
    assert not any("-auto-approve" in call.arguments for call in planned.calls)
    assert [line for line in out.splitlines() if "up to date" in line] == [
        f"{stack}: up to date" for stack in (NETWORK, DATA, SERVICE)
    ]
    assert saved_plans(NAME) == []


def test_a_plan_without_changes_is_not_applied(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.put_state("network", vpc_id="vpc-1")
    tools.on("show", stdout=document("no-op"))
    _plan(tools)

    assert _apply(capsys)[0] == 0
    assert tools.ran("apply") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tools: tools.edit("service", locals={"a": 1}), f"{SERVICE}: the configuration has changed"),
        (lambda tools: tools.put_state("service", serial=2), f"{SERVICE}: its state has changed"),
        (
            lambda tools: tools.put_state("network", vpc_id="vpc-2"),
            f"{DATA}: {NETWORK}.vpc_id has changed",
        ),
    ],
)
def test_what_has_changed_since_the_plan_stops_everything(
    planned: Tools, change: Callable[[Tools], None], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(planned)

    code, out, said = _apply(capsys)

    assert code == 1
    assert "nothing was applied, because the saved plans are outdated:" in said
    assert reason in said.splitlines()
    assert said.splitlines()[-1] == f"plan again: make plan ENV={NAME}"
    assert planned.changes() == []
    assert "up to date" not in out


def test_an_output_that_changes_while_the_plans_are_applied_stops_its_readers(
    planned: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    planned.on("apply", NETWORK, then=lambda: planned.put_state("network", serial=2, vpc_id="vpc-2"))

    code, out, said = _apply(capsys)

    assert code == 1
    assert f"{NETWORK}: up to date" in out
    assert f"{DATA}: refused: {NETWORK}.vpc_id has changed" in out
    assert f"{SERVICE}: not applied, because it depends on {DATA}" in out
    assert f"not up to date: {DATA}, {SERVICE}" in said
    assert [call.folder for call in planned.ran("apply")] == [NETWORK]


@pytest.mark.parametrize("failing", ["apply", "init"])
def test_a_stack_that_fails_keeps_its_plan_and_stops_those_that_need_it(
    planned: Tools, failing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    planned.on(failing, DATA, code=1, stderr="Error: no")

    code, out, _ = _apply(capsys)

    assert code == 1
    assert f"{DATA}: failed: " in out
    assert "Error: no" in out
    assert f"{SERVICE}: not applied, because it depends on {DATA}" in out
    assert {f"{DATA}.tfplan", f"{SERVICE}.tfplan"} <= set(saved_plans(NAME))
    assert not planned.ran("apply", SERVICE)


def test_what_was_never_planned_is_said_and_is_a_failure(planned: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("tfplan", "saved.json"):
        (plans.folder(NAME) / f"{DATA}.{ending}").unlink()

    code, out, _ = _apply(capsys)

    assert code == 1
    assert f"{DATA}: has no saved plan" in out
    assert not planned.ran("apply", SERVICE)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"changes": 1, "json": 1, "state": 1, "reads": 1}'])
def test_a_broken_note_is_one_line_and_applies_nothing(
    planned: Tools, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (plans.folder(NAME) / f"{DATA}.saved.json").write_text(text)

    code, _, said = _apply(capsys)

    assert (code, len(said.splitlines())) == (1, 1)
    assert f"{DATA}.saved.json does not describe a saved plan; plan again: make plan ENV={NAME}" in said
    assert planned.changes() == []


# -- drift


def test_drift_saves_no_plan_and_touches_no_saved_one(planned: Tools) -> None:
    before = saved_plans(NAME)

    plans.drift(NAME, environ={}, s3=planned.s3)

    assert saved_plans(NAME) == before
    assert planned.changes() == []


def test_drift_is_looked_for_in_all_that_is_deployed_bootstrap_too(tools: Tools) -> None:
    tools.put_state("bootstrap")
    tools.put_state("data")

    found = {item.stack: item.note for item in plans.drift(NAME, environ={}, s3=tools.s3)}

    assert found == {f"bootstrap-{NAME}": "", DATA: "", NETWORK: "not deployed", SERVICE: "not deployed"}
    assert {call.folder for call in tools.ran("plan")} == {f"bootstrap-{NAME}", DATA}


# -- what Terraform says


PAYLOAD = {"errorMessage": "no {route}", "errorType": "DatabaseUnavailableError", "stackTrace": ['File "a.py"\n']}


def test_what_a_function_raised_is_shown_without_its_stack_trace(planned: Tools) -> None:
    summary = f"invoking Lambda Function (rotation): {json.dumps(PAYLOAD)}"
    error = {"diagnostic": {"severity": "error", "summary": summary, "address": "aws_lambda_invocation.a"}}
    planned.on("apply", DATA, code=1, stdout=json.dumps({"@message": f"Error: {summary}", **error}))
    said: list[str] = []

    errors = plans.run_apply(planned.stack("data"), None, {}, say=said.append)

    reason = "invoking Lambda Function (rotation): DatabaseUnavailableError: no {route}"
    assert errors == (f"aws_lambda_invocation.a: {reason}",)
    assert said == [f"{DATA}: Error: {reason}"]


@pytest.mark.parametrize("text", ["no braces", "{", 'a {"b": 1} c', '{"a": {"b": [', "{" * 5000, "${aws_vpc.a.id}"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert plans.without_stack_trace(text) == text
