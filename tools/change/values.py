"""Values before and after, as people may read them: differences, and every sensitive or unknown part hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
# Shorter sensitive texts are not looked for elsewhere: "1" stands everywhere, and is no secret.
_LEAST_SECRET = 6


@dataclass(frozen=True)
class Attribute:
    """One attribute before and after, as text; None where there is none."""

    path: str
    before: str | None
    after: str | None
    forces_replacement: bool = False


def secrets_of(document: Mapping[str, Any]) -> list[str]:
    """Texts that are sensitive somewhere, longest first: where a provider repeats one, Terraform forgets the mark."""
    changes = [item["change"] for item in document.get("resource_changes", ())]
    changes += document.get("output_changes", {}).values()
    return sorted({secret for change in changes for secret in _secrets(change)}, key=lambda text: (-len(text), text))


def _secrets(change: Mapping[str, Any]) -> Iterator[str]:
    for side in ("before", "after"):
        for value in _masked(change.get(side), change.get(f"{side}_sensitive")):
            if isinstance(value, str) and len(value) >= _LEAST_SECRET:
                yield value


def _masked(value: Any, mask: Any) -> Iterator[Any]:
    """The leaves of the value below a True in the mask."""
    if isinstance(value, dict | list) and mask:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _masked(part, _at(mask, key))
    elif mask is True:
        yield value


@dataclass(frozen=True)
class Masks:
    """For one value: whether it, or a part of it, is sensitive or not known yet (nested like the value, or True)."""

    before: Any
    after: Any
    unknown: Any
    secrets: Sequence[str]
    """Hidden wherever they stand."""

    def at(self, key: str | int) -> Masks:
        """Those of one part of the value."""
        return Masks(_at(self.before, key), _at(self.after, key), _at(self.unknown, key), self.secrets)


def _at(mask: Any, key: str | int) -> Any:
    if mask is True:
        return True
    if isinstance(mask, dict):
        return mask.get(str(key))
    if isinstance(mask, list) and isinstance(key, int) and key < len(mask):
        return mask[key]
    return None


def hidden(value: Any, sensitive: Any, unknown: Any, secrets: Sequence[str]) -> Any:
    """The value with its sensitive and unknown parts, and every secret in its texts, replaced by a word."""
    if sensitive is True:
        return SENSITIVE
    if unknown is True:
        return UNKNOWN
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
        keys = [*(value or {}), *(key for key in (unknown or {}) if key not in (value or {}))]
        found = {key: hidden((value or {}).get(key), _at(sensitive, key), _at(unknown, key), secrets) for key in keys}
        return {key: part for key, part in found.items() if part is not None or key in (value or {})}
    if isinstance(value, list):
        return [hidden(part, _at(sensitive, index), _at(unknown, index), secrets) for index, part in enumerate(value)]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, SENSITIVE)
    return value


def _differences(before: Any, after: Any, masks: Masks, path: str, forcing: Sequence[str]) -> Iterator[Attribute]:
    """Every difference, as deep as both sides have the same form."""
    is_hidden = masks.before is True or masks.after is True
    if not is_hidden and masks.unknown is not True:
        if isinstance(before, dict | None) and isinstance(after, dict | None) and (before or after or not path):
            old, new = before or {}, after or {}
            late = masks.unknown if isinstance(masks.unknown, dict) else {}
            for key in dict.fromkeys([*old, *new, *late]):
                inner = f"{path}.{key}" if path else str(key)
                yield from _differences(old.get(key), new.get(key), masks.at(key), inner, forcing)
            return
        if isinstance(before, list) and isinstance(after, list) and _same_form(before, after):
            for index, (old_part, new_part) in enumerate(zip(before, after, strict=True)):
                yield from _differences(old_part, new_part, masks.at(index), f"{path}[{index}]", forcing)
            return
    old_value = hidden(before, masks.before, None, masks.secrets)
    new_value = hidden(after, masks.after, masks.unknown, masks.secrets)
    if before == after and not _any(masks.unknown):
        return
    old_text, new_text = text(old_value), text(new_value)
    if old_text is None and new_text is None:
        return
    forces = any(path == cause or path.startswith((f"{cause}.", f"{cause}[")) for cause in forcing)
    yield Attribute(path, old_text, new_text, forces)


def _any(mask: Any) -> bool:
    parts = mask.values() if isinstance(mask, dict) else mask if isinstance(mask, list) else ()
    return mask is True or any(map(_any, parts))


def _same_form(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(isinstance(part, dict) for part in [*before, *after])


def _without_repeated_tags(attributes: Iterator[Attribute]) -> Iterator[Attribute]:
    """`tags_all` holds every tag once more."""
    found = list(attributes)
    tags = {attribute.path for attribute in found}
    for attribute in found:
        own = attribute.path.replace("tags_all", "tags", 1)
        if own == attribute.path or own not in tags:
            yield attribute


def text(value: Any) -> str | None:
    """A value as people read it; JSON documents in full, empty values as None."""
    if value is None or value == [] or value == {} or value == "":
        return None
    if isinstance(value, str):
        document = document_in(value)
        return value if document is None else json.dumps(document, indent=2, sort_keys=True)
    if isinstance(value, list | dict):
        flat = json.dumps(value, sort_keys=True)
        return flat if len(flat) <= 100 else json.dumps(value, indent=2, sort_keys=True)
    return json.dumps(value)


def document_in(value: object) -> dict[str, Any] | list[Any] | None:
    """The JSON document that a text holds, None when it holds none."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        document = json.loads(value)
    except ValueError:
        return None
    return document if isinstance(document, dict | list) else None


def differences(before: Any, after: Any, masks: Masks, forcing: Sequence[str]) -> tuple[Attribute, ...]:
    """Every attribute that differs; `forcing` are the paths that force a replacement."""
    return tuple(_without_repeated_tags(_differences(before, after, masks, "", forcing)))
