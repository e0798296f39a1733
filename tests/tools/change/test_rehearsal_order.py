"""Which stacks a rehearsal plans and applies where a part alone changes, with all tools played."""

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
_NETWORK, _DATA, _SERVICE = f"{_NAME}-network", f"{_NAME}-data", f"{_NAME}-service"


class Played(Rehearsal):
    """Every plan shows a change, with the actions of `outputs` by name."""

    def __init__(self, folder: Path, **outputs: list[str]) -> None:
        super().__init__(load(_NAME), folder)
        folder.mkdir()
        self.outputs = outputs
        self.planned: list[str] = []
        self.applied: list[str] = []

    def _make_bucket(self, found: list[Stack]) -> None: ...

    def _await_bucket(self, stack: Stack) -> None: ...

    def _plan(self, stack: Stack, *options: str, **_: Any) -> Planned:
        self.planned.append(stack.name)
        return Planned(stack.name, json.loads(document("update", **self.outputs)))

    def _apply(self, stack: Stack, say: object) -> tuple[str, ...]:
        self.applied.append(stack.name)
        return ()


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
