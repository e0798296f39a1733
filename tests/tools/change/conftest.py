"""The tools played, for the commands that plan against an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_tools import Tools, fake_tools


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """The tools played for `iot-dev`."""
    with fake_tools(tmp_path, monkeypatch) as played:
        yield played
