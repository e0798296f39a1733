"""Lines of the allow-list as values: what they hold, and how they are put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def agree(variant: Mapping[str, Any], common: Mapping[str, Any]) -> bool:
    """Whether a line for all variants is among what the variant says of the same argument."""
    both = variant.keys() & common.keys()
    return all(common[key] in (said if isinstance(said := variant[key], list) else [said]) for key in both)


def has_blocks(spec: Any) -> bool:
    """Whether a line lists tables instead of values."""
    return isinstance(spec, Mapping) or (isinstance(spec, list) and any(isinstance(item, Mapping) for item in spec))


def filled(spec: Any, value: str, word: str = "{id}") -> Any:
    """`spec` with what varies in the resource's id in place of `{id}`, or an item of a setting in place of `{each.`."""
    if isinstance(spec, Mapping):
        return {key: filled(line, value, word) for key, line in spec.items()}
    if isinstance(spec, list):
        return [filled(line, value, word) for line in spec]
    return spec.replace(word, value) if isinstance(spec, str) and value else spec


def merged(all_: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables as one, also within their tables."""
    both = (key for key in all_.keys() & own.keys() if isinstance(all_[key], Mapping))
    return {**all_, **own, **{key: merged(all_[key], own[key]) for key in both}}
