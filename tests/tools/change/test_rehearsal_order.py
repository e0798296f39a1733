"""Which stacks a rehearsal plans and applies, with all tools played: after a failure, and where nothing changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fake_tools import Tools, document

from settings import load
from tools.change.rehearsal import Rehearsal
from tools.deploy.plans import Planned
from tools.synthesized.stacks import Stack

_NAME = "iot-dev"
_BOOTSTRAP, _NETWORK, _DATA, _SERVICE = f"bootstrap-{_NAME}", f"{_NAME}-network", f"{_NAME}-data", f"{_NAME}-service"


class Played(Rehearsal):
    """Plans show a change; the stacks of `failing` cannot be applied."""

    def __init__(self, folder: Path, *failing: str, **outputs: list[str]) -> None:
        super().__init__(load(_NAME), folder)
        folder.mkdir()
        self.failing = failing
        self.outputs = outputs
        self.planned: list[str] = []
        self.applied: list[str] = []

    def _make_bucket(self, found: list[Stack]) -> None: ...

    def _make_stubs(self, found: list[Stack]) -> None: ...

    def _await_bucket(self, stack: Stack) -> None: ...

    def _plan(self, stack: Stack, *options: str, **_: Any) -> Planned:
        self.planned.append(stack.name)
        return Planned(stack.name, json.loads(document("update", **self.outputs)))

    def _apply(self, stack: Stack, say: object) -> tuple[str, ...]:
        self.applied.append(stack.name)
        return ("Error: no",) if stack.name in self.failing else ()


def test_what_needs_a_stack_that_fails_is_not_applied_however_far_behind(tools: Tools, tmp_path: Path) -> None:
    rehearsal = Played(tmp_path / "platform", _NETWORK)

    planned = {item.stack: item for item in rehearsal.change(tools.outdir, base=None)}

    assert sorted(rehearsal.applied) == [_BOOTSTRAP, _NETWORK]
    assert planned[_NETWORK].errors == ("on the embedded AWS: Error: no",)
    assert planned[_DATA].note.startswith(f"not applied, for it needs {_NETWORK};")
    assert planned[_SERVICE].note.startswith(f"not applied, for it needs {_DATA};")


@pytest.mark.parametrize(("actions", "readers"), [(["update"], [_DATA]), (["delete"], [_DATA]), (["no-op"], [])])
def test_a_stack_with_the_same_json_is_planned_when_an_output_that_it_reads_changes(
    tools: Tools, tmp_path: Path, actions: list[str], readers: list[str]
) -> None:
    base = Path(shutil.copytree(tools.outdir, tmp_path / "base"))
    network = base / "stacks" / _NETWORK / "cdk.tf.json"
    network.write_text(json.dumps({**json.loads(network.read_text()), "locals": {"another": "value"}}))
    rehearsal = Played(tmp_path / "platform", vpc_id=actions)

    planned = {item.stack: item for item in rehearsal.change(tools.outdir, base=base)}

    assert rehearsal.planned == rehearsal.applied == [_NETWORK, *readers]
    assert planned[_SERVICE].note == "unchanged"
