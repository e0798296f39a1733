"""Another image: in the file, on AWS, and back where it is refused."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_tools import Tools

from settings import load
from settings.loader import DIRECTORY
from tools.deploy import release as tested
from tools.synthesized.errors import DeployError

NAME = "iot-dev"
OLD = load(NAME).service.image
NEW = OLD.rpartition(":")[0] + ":2.0.0"
KEPT = "# kept as it is"


def definition(image: str, **changed: object) -> dict[str, Any]:
    container = {"name": "service", "image": image, "user": "1000:1000", **changed}
    return {"family": "iot-service-dev", "cpu": "256", "container_definitions": json.dumps([container])}


def change(type_: str, before: object, after: object, *actions: str) -> dict[str, Any]:
    return {
        "address": f"{type_}.a",
        "type": type_,
        "change": {"actions": list(actions or ("update",)), "before": before, "after": after},
    }


def plan(*changes: dict[str, Any]) -> str:
    return json.dumps({"resource_changes": list(changes)})


IMAGE = change("aws_ecs_task_definition", definition(OLD), definition(NEW), "create", "delete")
SERVICE = change("aws_ecs_service", {}, {})


class Released:
    """A copy of the environments' files, and what `release` does to it."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self.tools, self.directory = tools, folder / "environments"
        shutil.copytree(DIRECTORY, self.directory)
        self.file = self.directory / f"{NAME}.toml"
        self.file.write_text(f"{KEPT}\n{self.file.read_text()}")
        self.before = self.file.read_bytes()
        self.said: list[str] = []
        self.syntheses = 0

    def __call__(self, image: str = NEW, *, approved: bool = True) -> None:
        tested.release(
            load(NAME),
            image,
            environ={},
            synthesize=self._synthesize,
            approved=approved,
            directory=self.directory,
            say=self.said.append,
        )

    def _synthesize(self) -> None:
        self.syntheses += 1

    @property
    def image(self) -> str:
        return load(NAME, directory=self.directory).service.image


@pytest.fixture
def released(tools: Tools, tmp_path: Path) -> Released:
    tools.on("terraform", "show", stdout=plan(IMAGE, SERVICE))
    return Released(tools, tmp_path)


def test_the_file_names_the_image_that_was_deployed_and_keeps_its_comments(released: Released) -> None:
    released()

    assert released.image == NEW
    assert released.file.read_text().startswith(KEPT)
    assert released.file.read_text().replace(NEW, OLD) == released.before.decode()
    (call,) = released.tools.ran("terraform", "apply")
    assert call.folder == f"{NAME}-service"
    assert "-auto-approve" not in call.arguments
    assert f"iot-service-dev: {OLD} -> {NEW}" in released.said


@pytest.mark.parametrize(
    "other",
    [
        change("aws_security_group", {}, {}),
        change("aws_iam_role_policy", {}, {}, "create"),
        change("aws_ecs_task_definition", definition(OLD), definition(NEW, user="0:0"), "create", "delete"),
        change("aws_ecs_task_definition", definition(OLD), {**definition(NEW), "cpu": "512"}, "create", "delete"),
    ],
)
def test_nothing_but_the_image_may_change(released: Released, other: dict[str, Any]) -> None:
    released.tools.on("terraform", "show", stdout=plan(IMAGE, other))

    with pytest.raises(DeployError, match=r"more than the image would change"):
        released()

    assert not released.tools.changes()
    assert released.file.read_bytes() == released.before


def test_what_aws_adds_to_a_definition_is_no_change(released: Released) -> None:
    read = definition(OLD, cpu=0, systemControls=[], volumesFrom=[])
    one = change("aws_ecs_task_definition", read, definition(NEW), "create", "delete")
    released.tools.on("terraform", "show", stdout=plan(one, SERVICE))

    released()

    assert released.image == NEW


def test_an_image_that_ecs_refuses_goes_back_in_file_and_state(released: Released) -> None:
    plain = released.tools
    failure = {"diagnostic": {"severity": "error", "summary": "Resource postcondition failed"}}
    plain.on("terraform", "apply", "-json", code=1, stdout=json.dumps(failure))
    plain.on("terraform", "apply", "-auto-approve")

    with pytest.raises(DeployError, match=rf"{NEW} was not released.*restored to {OLD}: .*postcondition"):
        released()

    assert released.file.read_bytes() == released.before
    assert [("-auto-approve" in call.arguments) for call in plain.ran("terraform", "apply")] == [False, True]
    assert released.syntheses == 2


def test_an_image_that_runs_already_is_no_release(released: Released) -> None:
    released.tools.on("terraform", "show", stdout=plan())

    released(OLD)

    assert released.said == [f"{OLD} is already running"]
    assert not released.tools.changes()


@pytest.mark.parametrize("image", ["no tag", f"{OLD}@sha256:1"])
def test_a_wrong_image_is_refused_and_the_file_is_as_it_was(released: Released, image: str) -> None:
    with pytest.raises(DeployError, match=r"service.image = .*; allowed: a container image with a tag"):
        released(image)

    assert released.file.read_bytes() == released.before
    assert not released.tools.calls


def test_a_plan_that_fails_changes_nothing(released: Released) -> None:
    released.tools.on("terraform", "init", code=1, stderr="no bucket")

    with pytest.raises(DeployError, match=r"the service cannot be planned"):
        released()

    assert released.file.read_bytes() == released.before


@pytest.mark.parametrize(("answer", "done"), [("yes", True), ("no", False), ("", False)])
def test_it_asks(released: Released, monkeypatch: pytest.MonkeyPatch, answer: str, done: bool) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)

    if done:
        released(approved=False)
    else:
        with pytest.raises(DeployError, match=r"nothing was released"):
            released(approved=False)

    assert bool(released.tools.changes()) is done
    assert released.image == (NEW if done else OLD)


def test_without_a_terminal_it_says_how_to_approve(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)

    with pytest.raises(DeployError, match=r"AUTO_APPROVE=1"):
        released(approved=False)

    assert released.image == OLD


@pytest.mark.parametrize("image", [None, ""])
def test_without_an_image_nothing_is_done(released: Released, image: str | None) -> None:
    with pytest.raises(DeployError, match=r"^IMAGE is missing; "):
        released(image)  # type: ignore[arg-type]

    assert not released.tools.calls
