"""Every stack that the real App synthesizes, whichever there are: a new stack is covered without a change here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from all_environments import environment_names, load
from synthesized import Synthesized, read_stack

from settings import Environment


@pytest.fixture(scope="session")
def manifest(app_outdir: Path) -> dict[str, dict[str, Any]]:
    """What the cdktf CLI reads of every stack: its id, dependencies and annotations."""
    stacks: dict[str, dict[str, Any]] = json.loads((app_outdir / "manifest.json").read_text())["stacks"]
    return stacks


@pytest.fixture(scope="session")
def stacks(app_outdir: Path, manifest: dict[str, dict[str, Any]]) -> dict[str, Synthesized]:
    """The JSON of every stack by its id."""
    return {id_: read_stack(app_outdir, id_) for id_ in sorted(manifest)}


@pytest.fixture(scope="session")
def environments() -> dict[str, Environment]:
    """Every shipped environment by its name."""
    return {name: load(name) for name in environment_names()}


@pytest.fixture(scope="session")
def environment_of(
    manifest: dict[str, dict[str, Any]], environments: dict[str, Environment]
) -> dict[str, tuple[Environment, str]]:
    """Stack id -> its environment and component (`network`, `bootstrap`, ...)."""
    found = {}
    for id_ in manifest:
        for name, environment in environments.items():
            if id_ == f"bootstrap-{name}":
                found[id_] = (environment, "bootstrap")
            elif id_.startswith(f"{name}-"):
                found[id_] = (environment, id_.removeprefix(f"{name}-"))
    assert found.keys() == manifest.keys(), "stack ids are <environment>-<component> or bootstrap-<environment>"
    return found
