"""Values before and after, as people may read them: differences, and every sensitive or unknown part hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.synthesized.references import texts
from tools.synthesized.values import parsed

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
# Shorter sensitive texts are not looked for elsewhere: "1" stands everywhere, and is no secret.
_LEAST_SECRET = 6

Sides = tuple[Any, Any]
"""Of one value: before and after."""


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
    marked = [(change.get(side), change.get(f"{side}_sensitive")) for change in changes for side in ("before", "after")]
    found = {text for value, mask in marked for text in _marked(value, mask) if len(text) >= _LEAST_SECRET}
    return sorted(found, key=lambda text: (-len(text), text))


def _marked(value: Any, mask: Any) -> Iterator[str]:
    """The texts below a True in the mask, which is nested like the value."""
    if mask is True:
        yield from texts(value)
    elif mask:
        for key in _keys(value):
            yield from _marked(_at(value, key), _at(mask, key))


def _keys(value: Any) -> Sequence[str | int]:
    return list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()


def _at(value: Any, key: str | int) -> Any:
    """A part of a value or of a mask; all parts of True are True."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list):
        return value[key] if isinstance(key, int) and key < len(value) else None
    return value is True or None


def hidden(value: Any, sensitive: Any, unknown: Any, secrets: Sequence[str]) -> Any:
    """The value with its sensitive and unknown parts, and every secret in its texts, replaced by a word."""
    if sensitive is True or unknown is True:
        return SENSITIVE if sensitive is True else UNKNOWN
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict)):
        known = value or {}
        keys = dict.fromkeys([*known, *(unknown or {})])
        found = {key: hidden(known.get(key), _at(sensitive, key), _at(unknown, key), secrets) for key in keys}
        return {key: part for key, part in found.items() if part is not None or key in known} or value
    if isinstance(value, list):
        return [hidden(part, _at(sensitive, index), _at(unknown, index), secrets) for index, part in enumerate(value)]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, SENSITIVE)
    return value


def differences(values: Sides, shown: Sides, forcing: Sequence[str]) -> tuple[Attribute, ...]:
    """Every attribute that differs. `shown` are the values as `hidden` returns them, `forcing` the paths that force a
    replacement.
    """
    found = list(_differences(values, shown, "", forcing))
    paths = {attribute.path for attribute in found}
    # `tags_all` holds every tag once more.
    repeated = {path.replace("tags", "tags_all", 1) for path in paths if path.startswith("tags.")}
    return tuple(attribute for attribute in found if attribute.path not in repeated)


def _differences(values: Sides, shown: Sides, path: str, forcing: Sequence[str]) -> Iterator[Attribute]:
    """As deep as both sides have the same form."""
    if values[0] == values[1] and shown[0] == shown[1]:
        return
    if _have_one_form(*shown) or not path:
        for key in dict.fromkeys([*_keys(shown[0]), *_keys(shown[1])]):
            inner = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
            before, after = ((_at(side[0], key), _at(side[1], key)) for side in (values, shown))
            yield from _differences(before, after, inner, forcing)
        return
    before_text, after_text = map(text, shown)
    if before_text is not None or after_text is not None:
        forces = any(path == cause or path.startswith((f"{cause}.", f"{cause}[")) for cause in forcing)
        yield Attribute(path, before_text, after_text, forces)


def _have_one_form(before: Any, after: Any) -> bool:
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(isinstance(part, dict) for part in [*before, *after])
    return isinstance(before, dict | None) and isinstance(after, dict | None)


def text(value: Any) -> str | None:
    """A value as people read it; JSON documents in full, empty values as None."""
    if value is None or value == [] or value == {} or value == "":
        return None
    if isinstance(value, str):
        document = parsed(value)
        return value if document is None else json.dumps(document, indent=2, sort_keys=True)
    flat = json.dumps(value, sort_keys=True)
    return flat if len(flat) <= 100 else json.dumps(value, indent=2, sort_keys=True)
