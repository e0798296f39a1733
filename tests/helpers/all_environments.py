"""Every environment that tests look at: those that are shipped, and `globecart-full`, which sets every setting."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from settings_files import SettingsFiles

import settings
from settings import Environment

FILE = Path(__file__).with_name("globecart-full.toml")
FULL = FILE.stem


def environment_names() -> tuple[str, ...]:
    """Names of them all, sorted."""
    return tuple(sorted({*settings.environment_names(), FULL}))


@functools.cache
def load(name: str, *, suffix: str | None = None, unprotected: bool = False) -> Environment:
    """One of these, as `settings.load` gives it."""
    if name != FULL:
        return settings.load(name, suffix=suffix, unprotected=unprotected)
    with tempfile.TemporaryDirectory() as folder:
        files = SettingsFiles(Path(folder) / "environments")
        files.write(FULL, FILE.read_bytes())
        return settings.load(FULL, suffix=suffix, unprotected=unprotected, directory=files.directory)
