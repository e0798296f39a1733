"""The synthesis of a module leaves no folder behind."""

from __future__ import annotations

from pathlib import Path

from cdktf import App
from constructs import Construct
from synthesized import synthesize_module


def test_the_folder_of_the_app_is_removed() -> None:
    folders: list[Path] = []

    def build(scope: Construct) -> None:
        folders.append(Path(App.of(scope).outdir))
        assert folders[0].is_dir()

    synthesize_module(build)

    assert not folders[0].exists()
