"""The table of environments in README.md and the page of all settings, `docs/settings.md`."""

from __future__ import annotations

import json
import tomllib
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import Environment, environment_names, load
from settings.loader import DIRECTORY
from tools.pages.markdown import table

_TIERS = ("development", "production")
_FROM_ELSEWHERE = ("project", "stage", "suffix")

_COLUMNS = (
    ("tier", "tier"),
    ("region", "region"),
    ("zones", "zones"),
    ("network.cidr", "VPC"),
    ("network.nat", "NAT"),
    ("database.instances", "Aurora instances"),
    ("cache.form", "Redis"),
    ("service.min_count", "tasks at least"),
    ("logs.retention_days", "logs, days"),
    ("protected", "protected"),
)


def environments_table() -> str:
    """A row for each shipped environment, read through the loader."""
    found = {name: load(name).model_dump(mode="json") for name in environment_names()}
    rows = [[f"`{name}`", *(_cell(_value(own, key)) for key, _ in _COLUMNS)] for name, own in found.items()]
    return table(["environment", *(title for _, title in _COLUMNS)], rows)


def settings_table() -> str:
    """Every key with what is allowed and the defaults of the two tiers."""
    tiers = [tomllib.loads((DIRECTORY / "tiers" / f"{tier}.toml").read_text(encoding="utf-8")) for tier in _TIERS]
    rows = [
        [f"`{key}`", _escape(field.description or ""), *(_default(key, field, tier) for tier in tiers)]
        for key, field in _fields(Environment, "")
    ]
    return table(["key", "allowed", *_TIERS], rows)


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if not prefix and name in _FROM_ELSEWHERE:
            continue
        inner, form = _inner(field.annotation)
        if inner is None:
            yield f"{prefix}{name}", field
        else:
            yield from _fields(inner, f"{prefix}{form.format(name)}.")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The settings model in an annotation, and how its table is written in TOML."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, "{}"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return next((found for found in map(_inner, arguments) if found[0]), (None, ""))
    if origin is tuple and arguments:
        return _inner(arguments[0])[0], "{}[]"
    if origin is dict:
        return _inner(arguments[1])[0], "{}.<name>"
    return None, ""


def _default(key: str, field: FieldInfo, tier: dict[str, Any]) -> str:
    value = _value(tier, key)
    if value is None and not field.is_required():
        value = field.get_default(call_default_factory=True)
        return "none" if value is None else _cell(value)
    return "**required**" if value is None else _cell(value)


def _value(settings: Any, key: str) -> Any:
    for part in key.split("."):
        settings = settings.get(part) if isinstance(settings, dict) else None
    return settings


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return _escape(value if isinstance(value, str) else json.dumps(value))


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
