"""Every environment that tests look at: those that are shipped, and `globecart-full`, which sets every setting."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from settings_files import SettingsFiles

import environments
from environments import Environment

FILE = Path(__file__).with_name("globecart-full.toml")
FULL = FILE.stem


def environment_names() -> tuple[str, ...]:
    """Names of them all, sorted."""
    return tuple(sorted({*environments.environment_names(), FULL}))


@functools.cache
def load(name: str, *, suffix: str | None = None, unprotected: bool = False) -> Environment:
    """One of these, as `environments.load` gives it."""
    if name != FULL:
        return environments.load(name, suffix=suffix, unprotected=unprotected)
    with tempfile.TemporaryDirectory() as folder:
        files = SettingsFiles(Path(folder) / "environments")
        files.write(FULL, FILE.read_bytes())
        return environments.load(FULL, suffix=suffix, unprotected=unprotected, directory=files.directory)
