"""Environments synthesized with single values changed, in their settings or in their JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit
from settings_files import SettingsFiles

from main import build_app
from settings import load
from settings.loader import DIRECTORY

Edit = Callable[[dict[str, Any]], None]


def synthesize(folder: Path, name: str, *, old: str = "", new: str = "", change: Edit | None = None) -> Path:
    """The shipped environment with one text of its file replaced, or its tables changed; returns the output
    directory.
    """
    environment = load(name)
    if old or change:
        text = (DIRECTORY / f"{name}.toml").read_text(encoding="utf-8")
        assert old in text
        document = tomlkit.parse(text.replace(old, new))
        if change:
            change(document)
        files = SettingsFiles(folder / "environments")
        files.write(name, tomlkit.dumps(document))
        environment = load(name, directory=files.directory)
    outdir = folder / "cdktf.out"
    build_app([environment], outdir).synth()
    return outdir


def keep(outdir: Path, *stacks: str) -> None:
    """Leave only these stacks in what was synthesized."""
    file = outdir / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["stacks"] = {name: manifest["stacks"][name] for name in stacks}
    file.write_text(json.dumps(manifest), encoding="utf-8")


def edit(outdir: Path, stack: str, change: Edit) -> None:
    """Change a stack's JSON."""
    file = outdir / "stacks" / stack / "cdk.tf.json"
    configuration = json.loads(file.read_text(encoding="utf-8"))
    change(configuration)
    file.write_text(json.dumps(configuration), encoding="utf-8")


def only(configuration: dict[str, Any], type_: str) -> tuple[str, dict[str, Any]]:
    """Logical id and attributes of the first resource of a type."""
    id_, attributes = next(iter(configuration["resource"][type_].items()))
    return id_, attributes
