"""Whatever lies in the state bucket in the place of a state or a lock: one line with what to do, and nothing done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_tools import Tools

from tools.change import __main__ as review
from tools.deploy import recover, states
from tools.deploy.__main__ import main
from tools.synthesized.errors import DeployError

NAME = "iot-dev"
STATE = {"version": 4, "serial": 1, "lineage": "a", "outputs": {}, "resources": []}

BROKEN = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "truncated": ('{"version": 4, "serial"', "is not JSON"),
    "text": ("<html>", "is not JSON"),
    "deep": ("[" * 100_000, "is not JSON"),
    "list": ("[]", "holds other JSON"),
    "null": ("null", "holds other JSON"),
    "number": ("4", "holds other JSON"),
    "foreign": ('{"hello": "world"}', "holds other JSON"),
}
FOREIGN_STATES = {
    "version 3": {**STATE, "version": 3},
    "encrypted": {"serial": 1, "lineage": "a", "meta": {}, "encrypted_data": "a", "encryption_version": "v0"},
    "without serial": {**STATE, "serial": None},
    "serial a text": {**STATE, "serial": "1"},
    "without lineage": {**STATE, "lineage": 1},
    "other resources": {**STATE, "resources": ["a"]},
    "resources as a table": {**STATE, "resources": {}},
    "other outputs": {**STATE, "outputs": {"protected": False}},
    "outputs as a list": {**STATE, "outputs": []},
}
STATES = BROKEN | {name: (json.dumps(text), "holds other JSON") for name, text in FOREIGN_STATES.items()}
LOCKS = BROKEN | {
    name: (text, "holds other JSON")
    for name, text in {"without id": '{"Who": "me"}', "empty id": '{"ID": ""}', "id a number": '{"ID": 1}'}.items()
}

# How each command is called, and which stack's state it reads first.
COMMANDS: dict[str, tuple[Callable[[list[str]], int], list[str], str]] = {
    "bootstrap": (main, ["bootstrap", "--env", NAME, "--approve"], "bootstrap"),
    "destroy": (main, ["destroy", "--env", NAME, "--confirm", NAME], "data"),
    "recover": (main, ["recover", "--env", NAME, "--confirm", NAME], "data"),
    "plan": (review.main, ["plan", "--env", NAME], "data"),
    "drift": (review.main, ["drift", "--env", NAME], "data"),
}


@pytest.mark.parametrize("broken", STATES)
def test_what_is_no_state_is_not_taken_for_one(tools: Tools, broken: str) -> None:
    text, fault = STATES[broken]
    tools.put(tools.stack("data").backend["key"], text)

    with pytest.raises(DeployError, match=f"is not a Terraform state, it {fault}; copy an older version"):
        states.state(tools.stack("data"), tools.s3)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_that_is_none_stops_every_command(
    tools: Tools, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call, arguments, component = COMMANDS[command]
    text, fault = STATES["foreign"]
    stack = tools.stack(component)
    tools.put(stack.backend["key"], text)

    assert call(arguments) == 1

    said = capsys.readouterr().err
    bucket, key = stack.backend["bucket"], stack.backend["key"]
    assert said == (
        f"s3://{bucket}/{key} is not a Terraform state, it {fault}; copy an older version of the object over it; "
        f"to list the versions: aws s3api list-object-versions --bucket {bucket} --prefix {key}\n"
    )
    assert tools.changes() == []


@pytest.mark.parametrize("broken", LOCKS)
def test_what_is_no_lock_is_not_taken_for_one(tools: Tools, broken: str) -> None:
    text, fault = LOCKS[broken]
    tools.put(tools.stack("data").lock_key, text)

    with pytest.raises(DeployError, match=f"is not a Terraform lock, it {fault}; if no Terraform runs on {NAME}-data"):
        states.lock(tools.stack("data"), tools.s3)


@pytest.mark.parametrize("confirm", [[], ["--confirm", NAME]])
def test_a_lock_that_is_none_is_named_and_never_broken(
    tools: Tools, confirm: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text, fault = LOCKS["empty"]
    stack = tools.stack("data")
    tools.put(stack.lock_key, text)

    assert main(["recover", "--env", NAME, *confirm]) == 1

    said = capsys.readouterr().err
    place = f"s3://{stack.backend['bucket']}/{stack.lock_key}"
    assert said == (
        f"{place} is not a Terraform lock, it {fault}; if no Terraform runs on {NAME}-data, delete it: "
        f"aws s3 rm {place}; then run this command again\n"
    )
    assert tools.changes() == []


def test_a_lock_that_says_no_more_than_its_id_can_be_broken(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.put(tools.stack("data").lock_key, '{"ID": "a"}')

    assert main(["recover", "--env", NAME, "--confirm", NAME]) == 0
    assert "locked by (unknown) since (unknown) for (unknown), id a" in capsys.readouterr().out
    assert [call.arguments[-1] for call in tools.ran("force-unlock")] == ["a"]


def test_a_good_state_is_none_of_these(tools: Tools) -> None:
    tools.put(tools.stack("data").backend["key"], json.dumps(STATE))

    assert main(["destroy", "--env", NAME, "--confirm", NAME]) == 0


def test_a_broken_state_is_not_taken_for_nothing_to_adopt(tools: Tools) -> None:
    tools.put(tools.stack("data").backend["key"], "")

    with pytest.raises(DeployError, match="is not a Terraform state"):
        recover.adopt(NAME, environ={}, client=lambda *_: None, s3=tools.s3)
    assert tools.calls == []


@pytest.mark.parametrize("text", ["", "[]", '{"terraform": {}}', '{"stacks": 1}'])
@pytest.mark.parametrize("file", ["manifest.json", f"stacks/{NAME}-data/cdk.tf.json"])
def test_a_broken_synthesis_is_one_line(tools: Tools, file: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path: Path = tools.outdir / file
    path.write_text(text)

    assert main(["destroy", "--env", NAME, "--confirm", NAME]) == 2

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make synth" in said
    assert tools.changes() == []
