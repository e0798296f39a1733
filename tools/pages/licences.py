"""`docs/licences.md`: what the locks install, with the licence that each package itself names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_HEAD = """\
# Licences of what is used

Written by `make docs` from the lock files and from what each package says of itself. The zip of the rotation function
carries only what stands under "shipped"; the rest runs on the machines of those who build and test. The scanners' own
environment (`tools/scan/Pipfile.lock`) is used as a program and shipped nowhere.
"""


def python_packages(root: Path) -> dict[str, str]:
    """Name -> version of everything in Pipfile.lock."""
    lock = json.loads((root / "Pipfile.lock").read_text(encoding="utf-8"))
    return {
        name: str(entry["version"]).removeprefix("==")
        for group in ("default", "develop")
        for name, entry in lock[group].items()
    }


def node_packages(root: Path) -> dict[tuple[str, str], str]:
    """(name, version) -> licence of everything in package-lock.json."""
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    return {
        (path.rpartition("node_modules/")[2], str(entry.get("version"))): _plain(entry.get("license"))
        for path, entry in lock["packages"].items()
        if path
    }


def _plain(licence: object) -> str:
    return str(licence) if licence else "not named"


def licence_of(name: str) -> str:
    """What an installed Python package says: its SPDX expression, its classifier, or the first line of its text."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed on this platform"
    if "License-Expression" in found:
        return found["License-Expression"]
    classifiers = [c.rpartition(" :: ")[2] for c in found.get_all("Classifier") or [] if c.startswith("License :: ")]
    if classifiers:
        return ", ".join(classifiers)
    return (found["License"].splitlines() or ["not named"])[0] if "License" in found else "not named"


def page(root: Path) -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_python(root), "", *_node(root)]) + "\n"


def _python(root: Path) -> Iterator[str]:
    shipped = {
        line.partition("==")[0]
        for line in (root / "rotation_lambda" / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    yield from ("## Python", "", "| package | version | licence | shipped |", "|---|---|---|---|")
    for name, version in sorted(python_packages(root).items()):
        yield f"| {name} | {version} | {licence_of(name)} | {'yes' if name in shipped else ''} |"


def _node(root: Path) -> Iterator[str]:
    """Grouped, because the CLI alone brings hundreds."""
    packages = node_packages(root)
    yield from ("## Node.js (the cdktf CLI and the embedded PostgreSQL; nothing of it is shipped)", "")
    yield from ("| licence | packages | which |", "|---|---|---|")
    for licence in sorted(set(packages.values())):
        names = sorted({name for (name, _), found in packages.items() if found == licence})
        shown = ", ".join(names) if licence not in ("MIT", "ISC", "Apache-2.0") else "see package-lock.json"
        yield f"| {licence} | {len(names)} | {shown} |"
