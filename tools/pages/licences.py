"""`docs/licences.md`: what the locks install, with its licence as pip-licenses and the lock of npm tell it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tools.pages.markdown import table
from tools.synthesized.errors import ToolError

_COMMON = ("MIT", "ISC", "Apache-2.0")


def locked(lock: Path) -> dict[str, str]:
    """Name -> version of everything in a Pipfile.lock."""
    groups = json.loads(lock.read_text(encoding="utf-8"))
    return {
        name: entry["version"].removeprefix("==") for name, entry in (groups["default"] | groups["develop"]).items()
    }


def tables(root: Path) -> str:
    """All tables. Raises ToolError when the scanners are not installed."""
    requirements = (root / "rotation_lambda" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    shipped = [line.partition("==")[0] for line in requirements if "==" in line]
    scan = root / "tools" / "scan"
    scanners = scan / ".venv" / "bin" / "python"
    if not scanners.is_file():
        raise ToolError("the scanners are not installed; run: make setup-scan")
    parts = [
        f"## Shipped\n\n{_python(sys.executable, shipped)}",
        f"## Python\n\n{_python(sys.executable, locked(root / 'Pipfile.lock'))}",
        f"## The scanners (`tools/scan/Pipfile.lock`)\n\n{_python(scanners, locked(scan / 'Pipfile.lock'))}",
        f"## Node.js (the cdktf CLI and the embedded PostgreSQL)\n\n{_node(root)}",
    ]
    return "\n".join(parts)


def _python(interpreter: str | Path, names: Iterable[str]) -> str:
    """The table of these packages, as they are installed for an interpreter; those that are not are missing in it."""
    command = [sys.executable, "-m", "piplicenses", "--python", str(interpreter), "--format=markdown"]
    # Without --with-system it leaves out itself and what it needs.
    command += ["--with-system", "--packages", *names]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _node(root: Path) -> str:
    """Grouped, because the CLI alone brings hundreds."""
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    names: dict[str, set[str]] = defaultdict(set)
    for path, entry in lock["packages"].items():
        if path:
            names[entry.get("license", "not named")].add(path.rpartition("node_modules/")[2])
    rows = [
        (licence, str(len(found)), "see package-lock.json" if licence in _COMMON else ", ".join(sorted(found)))
        for licence, found in sorted(names.items())
    ]
    return table(("licence", "packages", "which"), rows)
