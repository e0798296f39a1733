"""`make plan` and `make drift`, with all tools played: which plans are made, what stays, and the exit code."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from fake_tools import Tools, document, saved_plans

from tools.change.__main__ import main
from tools.deploy import terraform

NAME = "iot-dev"


@pytest.fixture(autouse=True)
def _signals_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)


def _deployed(tools: Tools) -> None:
    tools.put_state("bootstrap")
    for component in ("network", "data", "service"):
        tools.put_state(component, vpc_id="vpc-1")


def _page(verb: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((terraform.WORK / "review" / NAME / f"{verb}.json").read_text())
    return found


@pytest.mark.parametrize(("action", "code", "verdict"), [("no-op", 0, "No drift"), ("update", 4, "Drift: 4 resources")])
def test_drift_has_an_exit_code_of_its_own_and_saves_no_plan(
    tools: Tools, action: str, code: int, verdict: str
) -> None:
    _deployed(tools)
    tools.on("show", stdout=document(action))

    assert main(["drift", "--env", NAME]) == code

    assert _page("drift")["verdict"].startswith(verdict)
    assert f"bootstrap-{NAME}" in [stack["name"] for stack in _page("drift")["stacks"]]
    assert saved_plans(NAME) == []
    assert tools.changes() == []


def test_drift_shows_what_changed_outside_of_terraform(tools: Tools) -> None:
    _deployed(tools)
    tools.on("show", f"{NAME}-data", stdout=json.dumps({**json.loads(document("update")), "resource_drift": [
        {"address": "aws_vpc.a"}
    ]}))  # fmt: skip

    assert main(["drift", "--env", NAME]) == 4

    (data,) = [stack for stack in _page("drift")["stacks"] if stack["name"] == f"{NAME}-data"]
    assert data["changes"][0]["drifted"] is True


def test_drift_that_could_not_be_looked_for_is_a_failure(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _deployed(tools)
    tools.on("show", stdout=document("no-op"))
    tools.on("plan", f"{NAME}-data", code=1, stderr="Error: AWS account ID not allowed: 222222222222")

    assert main(["drift", "--env", NAME]) == 1
    assert "AWS account ID not allowed: 222222222222" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_bad_input_is_no_drift(tools: Tools, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--env", "iot-dve"]) == 2

    assert tools.calls == []
    assert "iot-dve" in capsys.readouterr().err


def test_plan_saves_every_plan_and_leaves_bootstrap_alone(tools: Tools) -> None:
    _deployed(tools)
    tools.on("show", stdout=document("update"))

    assert main(["plan", "--env", NAME]) == 0

    assert len(saved_plans(NAME)) == 6
    assert not tools.ran("plan", f"bootstrap-{NAME}")
    assert tools.changes() == []


@pytest.mark.parametrize(("allow", "code"), [([], 3), (["--allow", "aws_vpc.a"], 0), (["--allow", "aws_vpc.b"], 3)])
def test_a_loss_needs_to_be_allowed_by_name(tools: Tools, allow: list[str], code: int) -> None:
    _deployed(tools)
    tools.on("show", f"{NAME}-data", stdout=document("delete"))

    assert main(["plan", "--env", NAME, *allow]) == code


def test_who_reads_an_output_is_known_from_the_synthesis_of_the_call(tools: Tools) -> None:
    _deployed(tools)
    tools.on("show", f"{NAME}-network", stdout=document("no-op", vpc_id=["delete"]))

    assert main(["plan", "--env", NAME]) == 1
    assert _page("plan")["verdict"] == "An output disappears that another stack reads"


@pytest.mark.parametrize("verb", ["plan", "drift"])
def test_after_a_failed_synthesis_nothing_is_planned(
    tools: Tools, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.on("main.py", code=2)

    assert main([verb, "--env", NAME]) == 1
    assert [call.tool for call in tools.calls] == ["main.py"]
