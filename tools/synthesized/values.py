"""Values of Terraform's JSON and of policy documents: what stands where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any


def listed(value: object) -> list[str]:
    """IAM and Terraform write one text or a list of them."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every value that is no table or list, with the way to it."""
    if isinstance(value, (Mapping, list)):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def lookup(values: Any, path: str) -> list[Any]:
    """What stands under a dotted path; lists on the way are walked through. A missing value is left out."""
    found = [values]
    for part in path.split("."):
        inner = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [item[part] for item in inner if isinstance(item, dict) and item.get(part) is not None]
    return found


def parsed(text: object) -> Any:
    """JSON inside a text, or None. Shared between callers: not to be changed."""
    return _parsed(text) if isinstance(text, str) and text.lstrip().startswith(("{", "[")) else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def blocks(table: object) -> list[dict[str, object]]:
    """A block of Terraform's JSON, written as a table or as a list of them."""
    found = table if isinstance(table, list) else [table]
    return [item for item in found if isinstance(item, dict)]
