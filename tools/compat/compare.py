"""Two folders of synthesized JSON, side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Which provider, and what CDKTF notes of itself; "aws" and "hashicorp/aws" are the same address to Terraform.
ALLOWED = (
    ("terraform", "required_providers", "aws", "version"),
    ("terraform", "required_providers", "aws", "source"),
    ("//", "metadata"),
    ("version",),  # of manifest.json
)
_MISSING = "(missing)"


@dataclass
class Comparison:
    """What differs: `allowed` counts by place, `others` says each in a line."""

    files: int = 0
    allowed: Counter[str] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)


def compare(base: Path, other: Path) -> Comparison:
    """Compare every file of two output folders: JSON by its values, the rest by its bytes."""
    found = Comparison()
    for name in sorted(_files(base) | _files(other)):
        first, second = base / name, other / name
        if not (first.is_file() and second.is_file()):
            found.others.append(f"{name}: only in {'the base' if first.is_file() else 'the other'}")
            continue
        found.files += 1
        if first.suffix != ".json":
            if first.read_bytes() != second.read_bytes():
                found.others.append(f"{name}: other bytes")
            continue
        for place, left, right in _differences(json.loads(first.read_text()), json.loads(second.read_text())):
            if any(place[: len(allowed)] == allowed for allowed in ALLOWED):
                found.allowed[".".join(place)] += 1
            else:
                found.others.append(f"{name}: {'.'.join(place)}: {json.dumps(left)} became {json.dumps(right)}")
    return found


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _differences(first: Any, second: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            yield from _differences(first.get(key, _MISSING), second.get(key, _MISSING), (*place, key))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (left, right) in enumerate(zip(first, second, strict=True)):
            yield from _differences(left, right, (*place, str(index)))
    elif first != second:
        yield place, first, second
