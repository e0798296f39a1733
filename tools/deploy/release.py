"""Another image of the service, and nothing else: into the environment's file, onto AWS, and back where it fails.

The file is where the image is kept: what is reviewed, scanned and deployed next is then what runs. A parameter on AWS
would be a second place, which no review sees and the gate cannot judge.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from settings import Environment, SettingsError, load
from settings.loader import DIRECTORY
from tools.deploy import plans, single
from tools.deploy.plans import Planned
from tools.synthesized.errors import DeployError

# What is replaced or updated when an image changes.
_CHANGING = frozenset({"aws_ecs_task_definition", "aws_ecs_service", "aws_sfn_state_machine"})


def release(
    environment: Environment,
    image: str | None,
    *,
    environ: Mapping[str, str],
    synthesize: Callable[[], None],
    approved: bool,
    directory: Path = DIRECTORY,
    say: Callable[[str], None] = print,
) -> None:
    """Deploy the service stack with `image`, which is written to the environment's file.

    Raises DeployError where the image is refused, where anything else would change, and where the new tasks do not
    become healthy or an alarm rings: ECS has then put the old ones back, and so has this the file.
    """
    if not image:
        raise DeployError("IMAGE is missing; name the new image: make release ENV=... IMAGE=<repository>@sha256:...")
    file = directory / f"{environment.names.project}-{environment.names.stage}.toml"
    before = file.read_bytes()
    _write(file, image, environment)
    try:
        synthesize()
        stack = single.stack_of(environment.name, "service")
        plan = plans.folder(environment.name) / f"{stack.name}.release"
        try:
            planned = plans.run_plan(stack, plan, environ)
            _refuse(planned, environment)
            if not planned.changes:
                say(f"{image} is already running")
                return
            for line in _replaced(planned):
                say(line)
            _ask(approved)
            say("Waiting until the new tasks are healthy and the old ones have stopped")
            started = time.monotonic()
            errors = plans.run_apply(stack, plan, environ)
        finally:
            plan.unlink(missing_ok=True)
        if errors:
            raise _RefusedError("\n".join(errors))
        say(f"Released {image} in {time.monotonic() - started:.0f} s; commit {file.name}")
    except _RefusedError as error:
        file.write_bytes(before)
        synthesize()
        say("ECS has rolled back to the old tasks; the task definitions are now restored too")
        again = plans.run_apply(stack, None, environ)
        remedy = "" if not again else f"\nThe old image could not be deployed again: {'; '.join(again)}"
        raise DeployError(
            f"{image} was not released; {file.name} is restored to {environment.service.image}: {error}{remedy}"
        ) from error
    except BaseException:
        file.write_bytes(before)
        raise


class _RefusedError(Exception):
    """The tasks of the new image did not stay."""


def _write(file: Path, image: str, environment: Environment) -> None:
    """Put the image into the file, which keeps its comments. Raises DeployError for a wrong one, the file as it was."""
    before = file.read_bytes()
    document = tomlkit.parse(before.decode("utf-8-sig"))
    document.setdefault("service", tomlkit.table())["image"] = image
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    try:
        load(f"{environment.names.project}-{environment.names.stage}", suffix=environment.suffix, directory=file.parent)
    except SettingsError as error:
        file.write_bytes(before)
        raise DeployError(str(error)) from error


def _refuse(planned: Planned, environment: Environment) -> None:
    if planned.errors:
        raise DeployError("\n".join(["nothing was released, because the service cannot be planned:", *planned.errors]))
    others = sorted(change["address"] for change in _changes(planned) if change["type"] not in _CHANGING)
    others += sorted(
        change["address"]
        for change in _changes(planned)
        if change["type"] == "aws_ecs_task_definition"
        and _without_image(change, "before") != _without_image(change, "after")
    )
    if others:
        raise DeployError(
            f"nothing was released, because more than the image would change: {', '.join(others)}; "
            f"first run: make deploy ENV={environment.name} STACK=service"
        )


def _changes(planned: Planned) -> Iterator[dict[str, Any]]:
    for change in (planned.document or {}).get("resource_changes", ()):
        if change["change"]["actions"] not in (["no-op"], ["read"]):
            yield change


def _without_image(change: Mapping[str, Any], side: str) -> object:
    """What a person has said of a task, without its images and without the empty values that AWS adds."""
    found = change["change"].get(side) or {}
    containers = json.loads(found.get("container_definitions") or "[]")
    kept = ("family", "cpu", "memory", "task_role_arn", "execution_role_arn", "ephemeral_storage", "runtime_platform")
    return _stated(
        [{key: value for key, value in container.items() if key != "image"} for container in containers]
    ), _stated({key: found.get(key) for key in kept})


def _stated(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _stated(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one not in (None, "", 0, False, [], {})}
    if isinstance(value, list):
        return sorted((_stated(one) for one in value), key=json.dumps)
    return value


def _replaced(planned: Planned) -> Iterator[str]:
    for change in _changes(planned):
        if change["type"] == "aws_ecs_task_definition":
            old, new = (
                json.loads((change["change"].get(side) or {}).get("container_definitions") or "[{}]")[0].get("image")
                for side in ("before", "after")
            )
            yield f"{change['change']['after']['family']}: {old} -> {new}"


def _ask(approved: bool) -> None:
    if approved:
        return
    if not sys.stdin.isatty():
        raise DeployError(
            "make release must ask for approval, but there is no terminal; to approve in advance, set AUTO_APPROVE=1"
        )
    if input("Release? Type 'yes' to continue: ") != "yes":
        raise DeployError("nothing was released")
