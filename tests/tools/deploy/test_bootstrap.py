"""The bucket of the states: made with a local state, which is moved into it and given up only then."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_tools import Tools

from tools.deploy import terraform
from tools.deploy.__main__ import main

NAME = "iot-dev"


def _local_state() -> Path:
    return terraform.WORK / "bootstrap" / f"{NAME}.tfstate"


def _first_run(tools: Tools, *, arrives: bool = True) -> list[dict[str, Any]]:
    """Terraform keeps a local state and moves it; returns the backends that were in force at each `init`."""
    override = tools.stack("bootstrap").folder / "backend_override.tf.json"
    seen: list[dict[str, Any]] = []

    def init() -> None:
        seen.append(json.loads(override.read_text()) if override.exists() else {})

    def move() -> None:
        init()
        if arrives:
            tools.put_state("bootstrap")

    tools.on("apply", then=lambda: _local_state().write_text("{}"))
    tools.on("init", then=init)
    tools.on("-migrate-state", then=move)
    return seen


def test_the_first_time_its_state_is_local_and_then_moved(tools: Tools) -> None:
    seen = _first_run(tools)

    assert main(["bootstrap", "--env", NAME, "--approve"]) == 0

    done = [call.arguments for call in tools.ran("terraform")]
    assert [arguments[0] for arguments in done] == ["init", "apply", "init"]
    assert done[0][:2] == ("init", "-reconfigure")
    assert "-auto-approve" in done[1]
    assert {"-migrate-state", "-force-copy"} <= set(done[2])
    assert seen == [{"terraform": {"backend": {"local": {"path": str(_local_state())}}}}, {}]
    assert not _local_state().exists()


def test_a_state_that_did_not_arrive_is_kept(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _first_run(tools, arrives=False)

    assert main(["bootstrap", "--env", NAME, "--approve"]) == 1

    assert _local_state().is_file()
    assert f"it is in {_local_state()}: run this command again" in capsys.readouterr().err


@pytest.mark.parametrize("failing", ["init", "apply", "-migrate-state"])
def test_a_step_that_fails_ends_it_with_the_reason_and_keeps_the_state(
    tools: Tools, failing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _first_run(tools)
    _local_state().parent.mkdir(parents=True)
    _local_state().write_text("{}")
    tools.on(failing, code=1, stderr="Error: AWS account ID not allowed: 222222222222")

    assert main(["bootstrap", "--env", NAME, "--approve"]) == 1

    assert tools.calls[-1].has(failing)
    assert _local_state().is_file()
    assert not (tools.stack("bootstrap").folder / "backend_override.tf.json").exists()
    said = capsys.readouterr().err
    assert "failed in bootstrap-iot-dev; nothing is lost" in said
    assert "AWS account ID not allowed: 222222222222" in said


def test_what_an_earlier_run_left_is_not_in_the_way(tools: Tools) -> None:
    tools.put_state("bootstrap")
    override = tools.stack("bootstrap").folder / "backend_override.tf.json"
    override.write_text("{}")

    assert main(["bootstrap", "--env", NAME, "--approve"]) == 0
    assert not override.exists()


@pytest.mark.parametrize("code", [0, 1])
def test_once_it_stands_it_is_applied_to_its_state_in_the_bucket(tools: Tools, code: int) -> None:
    tools.put_state("bootstrap")
    seen = _first_run(tools)
    tools.on("apply", code=code)

    assert main(["bootstrap", "--env", NAME, "--approve"]) == code

    assert [call.arguments[0] for call in tools.ran("terraform")] == ["init", "apply"]
    assert seen == [{}]


@pytest.mark.parametrize("stands", [False, True])
@pytest.mark.parametrize("code", [0, 1])
def test_without_approval_terraform_asks(
    tools: Tools, stands: bool, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    if stands:
        tools.put_state("bootstrap")
    _first_run(tools)
    tools.on("apply", code=code, then=lambda: _local_state().parent.mkdir(parents=True, exist_ok=True))

    assert main(["bootstrap", "--env", NAME]) == code

    (apply,) = tools.ran("apply")
    assert apply.asking
    assert apply.arguments == ("apply",)
    assert "TF_INPUT" not in apply.environ


def test_without_approval_and_without_a_terminal_nothing_is_applied(
    tools: Tools, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)

    assert main(["bootstrap", "--env", NAME]) == 1

    assert tools.changes() == []
    said = capsys.readouterr().err
    assert (
        "terraform apply must ask for approval, but there is no terminal; to approve in advance, set AUTO_APPROVE=1"
        in said
    )


def test_the_apply_is_shown_while_it_runs(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    _first_run(tools)
    tools.on("apply", stdout="aws_s3_bucket.a: Still creating... [10s elapsed]\n")

    assert main(["bootstrap", "--env", NAME, "--approve"]) == 0
    assert "Still creating... [10s elapsed]" in capsys.readouterr().out
