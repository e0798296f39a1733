"""Reads what has been synthesized. What is missing or broken is an InputError: a scan of nothing must never pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from settings import Environment, environment_names, load
from tools.scan.platform import Platform, Resource


class InputError(Exception):
    """The synthesized JSON is empty, missing or broken; the message is one line and says what to do."""


def read(outdir: Path, environments: Iterable[Environment] | None = None) -> list[Platform]:
    """Every environment that was synthesized into `outdir`. `environments` defaults to all that have a file.

    Folders that the manifest does not name are left out: the stacks of a short-lived copy, of a deleted environment.
    Raises InputError.
    """
    manifest = _json(outdir / "manifest.json").get("stacks")
    if not isinstance(manifest, dict) or not manifest:
        raise InputError(f"{outdir / 'manifest.json'} names no stack; run: make synth")
    wanted = {
        environment.name: environment
        for environment in (map(load, environment_names()) if environments is None else environments)
    }
    owners = {stack: next((name for name in wanted if _belongs(stack, name)), None) for stack in manifest}
    if strangers := sorted(stack for stack, name in owners.items() if name is None):
        raise InputError(f"{outdir} holds stacks of no environment: {', '.join(strangers)}; run: make synth")
    platforms = []
    for name, settings in wanted.items():
        stacks = {
            stack: _json(outdir / "stacks" / stack / "cdk.tf.json") for stack in manifest if owners[stack] == name
        }
        if not stacks:
            raise InputError(f"{outdir} holds no stack of {name}; run: make synth")
        resources = tuple(resource for stack in sorted(stacks) for resource in _resources(stack, stacks[stack]))
        platforms.append(Platform(name, settings.tier, settings.account_id, stacks, resources, resources))
    return platforms


def _belongs(stack: str, environment: str) -> bool:
    return stack == f"bootstrap-{environment}" or stack.startswith(f"{environment}-")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run: make synth") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}); run: make synth") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no JSON object; run: make synth")
    return content


def _resources(stack: str, content: Mapping[str, Any]) -> list[Resource]:
    declared = content.get("resource")
    if not isinstance(declared, dict) or not declared:
        raise InputError(f"{stack} has no resource; run: make synth")
    found = [
        Resource(stack, type_, name, values)
        for type_, instances in sorted(declared.items())
        for name, values in sorted(instances.items())
    ]
    # checkov names most of its findings without the type.
    if len({resource.id for resource in found}) != len(found):
        raise InputError(f"{stack} uses one logical id for two resources")
    return found
