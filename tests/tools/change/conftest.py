"""The tools played, for the commands that plan against an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_tools import Tools, fake_tools

from tools.change import __main__ as command


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """The tools played for `iot-dev`."""
    with fake_tools(tmp_path, monkeypatch) as played:
        # Else the tests would read, and need, the project's own.
        monkeypatch.setattr(command, "OUTDIR", played.outdir)
        yield played
