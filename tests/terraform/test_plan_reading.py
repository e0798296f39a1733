"""What real Terraform prints about a plan is read as it is meant; its built-in resource needs no provider."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.change import findings, page
from tools.change.findings import FindingKind
from tools.change.plans import Action, StackPlan, read
from tools.change.values import SENSITIVE, UNKNOWN
from tools.deploy import plans, terraform
from tools.synthesized.stacks import Stack

pytestmark = pytest.mark.terraform

_SECRET = "correct-horse"
_BEFORE = {
    "variable": {"token": {"default": _SECRET, "sensitive": True}},
    "resource": {
        "terraform_data": {
            "stays": {"input": "a"},
            "changes": {"input": {"token": "${var.token}", "size": 1}},
            "replaced": {"input": "a", "triggers_replace": "one"},
            "ends": {"input": "b"},
            "old": {"input": "c"},
        }
    },
    "output": {"vpc_id": {"value": "vpc-1"}, "same": {"value": 1}},
}
_AFTER = {
    "variable": _BEFORE["variable"],
    "moved": [{"from": "terraform_data.old", "to": "terraform_data.new"}],
    "resource": {
        "terraform_data": {
            "stays": {"input": "a"},
            "changes": {"input": {"token": "${var.token}", "size": 2}},
            "replaced": {"input": "${terraform_data.changes.output.size}", "triggers_replace": "two"},
            "new": {"input": "c"},
        }
    },
    "output": {"same": {"value": 1}, "token": {"value": "${var.token}", "sensitive": True}},
}


class Folder:
    """A root module without any provider to install."""

    def __init__(self, path: Path) -> None:
        self.stack = Stack("iot-dev-data", path, {})
        self._environ = {**os.environ, **terraform.settings(os.environ)}

    def plan(self, configuration: dict[str, Any]) -> tuple[plans.Planned, StackPlan]:
        """Plan the configuration."""
        (self.stack.folder / "cdk.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
        planned = plans.run_plan(self.stack, self.stack.folder / "saved", self._environ)
        return planned, read(planned.stack, planned.document, errors=planned.errors)

    def apply(self, configuration: dict[str, Any]) -> tuple[str, ...]:
        """Plan and apply it; returns the errors."""
        self.plan(configuration)
        return plans.run_apply(self.stack, self.stack.folder / "saved", self._environ)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """With the first configuration applied."""
    made = Folder(tmp_path)
    assert made.apply(_BEFORE) == ()
    return made


def test_a_second_plan_has_no_changes(folder: Folder) -> None:
    planned, found = folder.plan(_BEFORE)

    assert not planned.changes
    assert (found.changes, found.outputs, found.errors) == ((), (), ())


def test_actions_causes_moves_and_outputs(folder: Folder) -> None:
    planned, found = folder.plan(_AFTER)

    assert planned.changes
    by_address = {change.address.removeprefix("terraform_data."): change for change in found.changes}
    assert {name: change.action for name, change in by_address.items()} == {
        "changes": Action.CHANGED,
        "replaced": Action.REPLACED,
        "ends": Action.DESTROYED,
        "new": Action.MOVED,
    }
    assert by_address["replaced"].cause == "triggers_replace: one → two"
    assert by_address["ends"].cause == "delete because no resource config"
    assert by_address["new"].previous_address == "terraform_data.old"
    sizes = {item.path: (item.before, item.after) for item in by_address["changes"].attributes}
    assert sizes["input.size"] == ("1", "2")
    assert sizes["output"][1] == UNKNOWN
    outputs = {output.name: (output.action, output.after) for output in found.outputs}
    assert outputs == {"vpc_id": (Action.DESTROYED, None), "token": (Action.CREATED, SENSITIVE)}


def test_no_sensitive_value_reaches_the_page(folder: Folder) -> None:
    planned, found = folder.plan(_AFTER)

    made = page.make("Plan", environment="iot-dev", subject="", plans=[found], reads={})

    assert _SECRET in json.dumps(planned.document), "the plan itself holds it"
    assert _SECRET not in page.to_json(made)


def test_a_plan_that_prevent_destroy_ends_names_what_it_protects(folder: Folder) -> None:
    protected = json.loads(json.dumps(_AFTER))
    protected["resource"]["terraform_data"]["replaced"]["lifecycle"] = {"prevent_destroy": True}

    _, found = folder.plan(protected)

    (finding,) = findings.find([found], reads={})
    assert (finding.kind, finding.address) == (FindingKind.REFUSED, "terraform_data.replaced")


def test_a_configuration_that_cannot_be_planned_says_why(folder: Folder) -> None:
    planned, _ = folder.plan({"resource": {"terraform_data": {"a": {"input": "${var.no_such}"}}}})

    assert planned.errors
    assert "no_such" in planned.errors[0]


def test_a_saved_plan_whose_state_has_changed_is_refused_by_terraform_too(folder: Folder) -> None:
    folder.plan(_AFTER)
    saved = (folder.stack.folder / "saved").read_bytes()
    assert folder.apply({**_BEFORE, "output": {"same": {"value": 2}}}) == ()
    (folder.stack.folder / "saved").write_bytes(saved)

    errors = plans.run_apply(folder.stack, folder.stack.folder / "saved", folder._environ)

    assert "Saved plan is stale" in errors[0]
