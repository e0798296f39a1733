"""A copy of the project with `globecart-full` among its environments, for what runs as a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from all_environments import FILE

ROOT = Path(__file__).parents[2]
# Everything that a command needs; what is installed is not copied, but linked.
_FOLDERS = ("environments", "modules", "rotation_lambda", "settings", "stacks", "tools")
_FILES = ("cdktf.json", "main.py")
_INSTALLED = (".venv", "node_modules", "tools/scan/.venv")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".venv", "dist")


def copy_project(root: Path) -> Path:
    """Copy it to `root`, which must not exist yet; returns `root`."""
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=_LEFT_OUT)
    for file in _FILES:
        shutil.copy(ROOT / file, root / file)
    for installed in _INSTALLED:
        if (ROOT / installed).exists():
            (root / installed).symlink_to((ROOT / installed).resolve())
    shutil.copy(FILE, root / "environments")
    # What the zip of the function is built from, so that nothing is downloaded again.
    (root / "build").mkdir()
    if (ROOT / "build" / "wheels").is_dir():
        shutil.copytree(ROOT / "build" / "wheels", root / "build" / "wheels")
    return root
