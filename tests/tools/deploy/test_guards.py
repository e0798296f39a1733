"""Every guard of the commands that change something, by the command line, with all tools played."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_tools import Tools, fake_tools

from tools.deploy.__main__ import main
from tools.deploy.processes import SILENCING

NAME = "iot-dev"
ALL = f"{NAME}-*"
CONFIRMED = ["--env", NAME, "--confirm", NAME]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """The tools played for an ephemeral environment."""
    with fake_tools(tmp_path, monkeypatch, f"{NAME}-pr-12") as played:
        yield played


def _app(tools: Tools) -> list[tuple[str, ...]]:
    """How the app was called: by itself, and by the CLI."""
    given = [call.arguments[call.arguments.index("--app") + 1] for call in tools.ran("cdktf")]
    return [call.arguments for call in tools.ran("main.py")] + [tuple(app.split()[2:]) for app in given]


# -- what is synthesized


@pytest.mark.parametrize("verb", ["bootstrap", "deploy", "diff", "apply", "recover"])
def test_nothing_but_a_teardown_lifts_the_protection(tools: Tools, verb: str) -> None:
    main([verb, "--env", NAME, "--approve"])

    assert _app(tools)
    assert all(arguments == ("--env", NAME) for arguments in _app(tools))


@pytest.mark.parametrize("verb", ["unprotect", "destroy"])
def test_a_teardown_lifts_it(tools: Tools, verb: str) -> None:
    assert main([verb, *CONFIRMED]) == 0

    assert _app(tools)
    assert all(arguments == ("--env", NAME, "--unprotected") for arguments in _app(tools))


def test_an_ephemeral_environment_is_synthesized_as_itself(copy: Tools) -> None:
    assert main(["deploy", "--env", NAME, "--suffix", "pr-12", "--approve"]) == 0

    assert set(_app(copy)) == {("--env", NAME, "--suffix", "pr-12")}
    (call,) = copy.ran("cdktf")
    assert call.arguments[:2] == ("deploy", f"{NAME}-pr-12-*")


@pytest.mark.parametrize("verb", ["bootstrap", "diff", "apply", "recover", "destroy"])
def test_after_a_failed_synthesis_nothing_is_done(tools: Tools, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    tools.on("main.py", code=1)

    assert main([verb, *CONFIRMED, "--approve"]) == 1

    assert [call.tool for call in tools.calls] == ["main.py"]
    assert "synthesis ended with exit code 1; nothing was changed" in capsys.readouterr().err


# -- deploy


def test_an_approved_deployment_does_not_ask(tools: Tools) -> None:
    assert main(["deploy", "--env", NAME, "--approve"]) == 0

    (call,) = tools.ran("cdktf")
    assert call.arguments[:2] == ("deploy", ALL)
    # What was synthesized and looked at is what is deployed.
    assert {"--auto-approve", "--skip-synth"} <= set(call.arguments)
    assert not call.asking


def test_without_approval_and_without_a_terminal_nothing_is_deployed(
    tools: Tools, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)

    assert main(["deploy", "--env", NAME]) == 1

    assert tools.ran("cdktf") == []
    assert "AUTO_APPROVE=1" in capsys.readouterr().err


def test_without_approval_the_cli_asks_in_the_terminal(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("CI", "1")

    assert main(["deploy", "--env", NAME]) == 0

    (call,) = tools.ran("cdktf")
    assert call.asking
    assert "--auto-approve" not in call.arguments
    assert not SILENCING & set(call.environ)


def test_a_failed_deployment_is_a_failure(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.on("deploy", code=7)

    assert main(["deploy", "--env", NAME, "--approve"]) == 1
    assert "cdktf deploy iot-dev-* ended with exit code 7" in capsys.readouterr().err


def test_a_stack_that_cannot_be_planned_is_named_after_all_others(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.on("diff", f"{NAME}-network", code=1)

    assert main(["diff", "--env", NAME]) == 1

    assert [call.arguments[1] for call in tools.ran("diff")] == [
        f"{NAME}-network",
        f"{NAME}-data",
        f"{NAME}-service",
    ]
    assert "not planned: iot-dev-network;" in capsys.readouterr().err
    assert tools.changes() == []


# -- unprotect and destroy


@pytest.mark.parametrize("verb", ["unprotect", "destroy"])
@pytest.mark.parametrize("given", [[], ["--confirm", ""], ["--confirm", "iot-prod"], ["--confirm", f"{NAME}-pr-12"]])
def test_a_teardown_needs_the_name_of_the_environment(
    tools: Tools, verb: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--env", NAME, *given]) == 1

    assert tools.calls == []
    assert f"CONFIRM={NAME}" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["unprotect", "destroy"])
def test_the_name_of_the_original_is_not_that_of_its_copy(copy: Tools, verb: str) -> None:
    call = [verb, "--env", NAME, "--suffix", "pr-12"]

    assert main([*call, "--confirm", NAME]) == 1
    assert copy.calls == []
    assert main([*call, "--confirm", f"{NAME}-pr-12"]) == 0
    assert [call[:3] for call in copy.changes()] == [
        ("cdktf", "destroy" if verb == "destroy" else "deploy", f"{NAME}-pr-12-*")
    ]


@pytest.mark.parametrize("outputs", [{"protected": True}, {}, {"protected": None}, {"protected": "false"}])
def test_a_protected_stack_is_not_destroyed(
    tools: Tools, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether it is protected counts in the state, and what does not say is."""
    tools.put_state("network", protected=False)
    tools.put_state("data", **outputs)

    assert main(["destroy", *CONFIRMED]) == 1

    assert tools.changes() == []
    said = capsys.readouterr().err
    assert f"protected: {NAME}-data; first run: make unprotect ENV={NAME} CONFIRM={NAME}" in said


def test_a_destruction_that_failed_is_run_again_without_another_unprotect(tools: Tools) -> None:
    """Terraform takes the outputs out of a state when it begins: https://github.com/hashicorp/terraform/issues/29270."""
    tools.put_state("network", protected=False)
    tools.put_state("data", protected=False)
    tools.on("destroy", code=1, then=lambda: tools.put_state("data"))
    assert main(["destroy", *CONFIRMED]) == 1

    tools.on("destroy")
    assert main(["destroy", *CONFIRMED]) == 0

    # AND once it has ended, or a deployment has come between, a state without outputs says nothing again
    assert main(["destroy", *CONFIRMED]) == 1
    tools.put_state("data", protected=False)
    tools.on("destroy", code=1, then=lambda: tools.put_state("data"))
    assert main(["destroy", *CONFIRMED]) == 1
    assert main(["deploy", "--env", NAME, "--approve"]) == 0
    assert main(["destroy", *CONFIRMED]) == 1
    assert len(tools.ran("cdktf", "destroy")) == 3


def test_a_destruction_that_began_lets_no_protected_stack_go(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.put_state("data", protected=False)
    tools.on("destroy", code=1, then=lambda: tools.put_state("data", protected=True))
    assert main(["destroy", *CONFIRMED]) == 1

    assert main(["destroy", *CONFIRMED]) == 1
    assert f"protected: {NAME}-data" in capsys.readouterr().err
    assert len(tools.ran("cdktf", "destroy")) == 1


def test_every_protected_stack_is_named(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.put_state("network", protected=True)
    tools.put_state("service", protected=True)

    assert main(["destroy", *CONFIRMED]) == 1
    assert f"protected: {NAME}-network, {NAME}-service;" in capsys.readouterr().err


def test_the_states_of_an_environment_with_a_longer_name_are_not_read(tools: Tools) -> None:
    """The manifest may hold several environments; this one's JSON is not even there."""
    manifest = tools.outdir / "manifest.json"
    found = json.loads(manifest.read_text())["stacks"]
    manifest.write_text(json.dumps({"stacks": {f"{NAME}2-network": {}, **found}}))

    assert main(["destroy", *CONFIRMED]) == 0


def test_what_is_not_protected_or_empty_is_destroyed(tools: Tools) -> None:
    tools.put_state("network", protected=False)
    tools.put_state("data", resources=0)

    assert main(["destroy", *CONFIRMED]) == 0

    (call,) = tools.ran("cdktf")
    assert call.arguments[:2] == ("destroy", ALL)
    assert "--auto-approve" in call.arguments


def test_without_its_states_nothing_is_destroyed(
    tools: Tools, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError, NoCredentialsError

    def fail(error: Exception) -> None:
        class S3:
            def get_object(self, **_: Any) -> None:
                raise error

        monkeypatch.setattr("tools.deploy.__main__._client", lambda service, region: S3())

    for error, said in (
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject"), "cannot be read"),
        (NoCredentialsError(), "AWS cannot be reached"),
    ):
        fail(error)
        assert main(["destroy", *CONFIRMED]) == 1
        assert said in capsys.readouterr().err
    assert tools.changes() == []


def test_unprotect_deploys_and_needs_no_further_approval(tools: Tools) -> None:
    tools.put_state("data", protected=True)

    assert main(["unprotect", *CONFIRMED]) == 0

    (call,) = tools.ran("cdktf")
    assert call.arguments[:2] == ("deploy", ALL)
    assert "--auto-approve" in call.arguments


# -- the call itself


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["deploy", "--env", "iot-dve"], 2, "iot-dve"),
        (["deploy", "--env", NAME, "--suffix", "PR"], 2, "suffix"),
        (["bootstrap", "--env", NAME, "--suffix", "pr-12"], 1, "it uses the original environment's bucket"),
        (["migrate", "--env", NAME], 1, "there is no cluster iot-service-dev"),
    ],
)
def test_a_call_at_fault_runs_nothing(
    tools: Tools, arguments: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code

    assert tools.calls == []
    said = capsys.readouterr().err
    assert line in said
    assert "Traceback" not in said


def test_an_interrupt_is_said_and_has_its_own_code(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    tools.on("cdktf", then=interrupt)

    assert main(["deploy", "--env", NAME, "--approve"]) == 130
    assert "Interrupted" in capsys.readouterr().err
