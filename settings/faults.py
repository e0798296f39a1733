"""Errors in environment files, with what to do about them."""

from __future__ import annotations

import difflib
import json
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from settings.base import Settings
from settings.broken import Unshown
from settings.contents import bare

_ABSENT = Unshown("is missing")
# Settings that are not allowed in files, and what to do instead.
NOT_IN_FILES = {
    "project": "delete it: the file's name determines it",
    "stage": "delete it: the file's name determines it",
    "suffix": "delete it: set it on the command line with --suffix",
}


@dataclass(frozen=True)
class Fault:
    """One invalid value. `str()` is the line that is printed.

    `file` is the file to change; `origin` is the file that has the value, if it is another one.
    """

    file: str
    key: str
    value: object
    allowed: str
    remedy: str
    origin: str = ""

    @property
    def absent(self) -> bool:
        """Whether the value is missing, not invalid."""
        return self.value is _ABSENT

    def __str__(self) -> str:
        origin = f" (of {self.origin})" if self.origin else ""
        return f"{self.file}: {self.key} {_got(self.value)}{origin}; allowed: {self.allowed}; {self.remedy}"


class SettingsError(Exception):
    """The settings of at least one environment are invalid; `faults` has all reasons."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def missing(file: str, key: str, allowed: str, remedy: str) -> Fault:
    """The fault for a required key that no file has."""
    return Fault(file, key, _ABSENT, allowed, remedy)


def from_pydantic(error: ErrorDetails, model: type[BaseModel]) -> Fault:
    """Translate an error of pydantic into a fault; the caller sets the file."""
    of_key = error["loc"][-1] == "[key]"
    path = list(error["loc"][:-1] if of_key else error["loc"])
    key = ".".join(bare(str(part)) for part in path)
    owner, description = _look_up(model, path, of_key=of_key)
    if error["type"] == "extra_forbidden":
        names = sorted(owner.model_fields.keys() - NOT_IN_FILES.keys())
        close = difflib.get_close_matches(str(path[-1]), names, n=1)
        renamed = owner.RENAMED.get(str(path[-1])) if issubclass(owner, Settings) else None
        remedy = renamed or (f"did you mean {close[0]}?" if close else "delete it")
        # The value is not printed, because it may be a password.
        return Fault("", key, Unshown("is unknown"), f"the keys {', '.join(names)}", remedy)
    # Only tables have no description of their own.
    allowed = description or f"a table with the keys {', '.join(sorted(owner.model_fields))}"
    if error["type"] == "missing":
        return missing("", key, allowed, "add it")
    return Fault("", key, error["input"], allowed, "correct the value")


def _got(value: object) -> str:
    """The value as printed. Tables are not printed, because they may contain secrets."""
    if isinstance(value, Unshown):
        return value.said
    if isinstance(value, dict):
        return "is a table"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "is a list of tables or lists"
    text = json.dumps(value, default=str)
    return f"= {text}" if len(text) <= 80 else f"= {text[:77]}..."


def _look_up(model: type[BaseModel], path: list[int | str], *, of_key: bool) -> tuple[type[BaseModel], str | None]:
    """The innermost model along `path`, and the description nearest to its end (`of_key`: of a free key itself)."""
    owner = model
    annotation: object = None
    description: str | None = None
    for part in path:
        if isinstance(part, str) and part in owner.model_fields:
            field = owner.model_fields[part]
            annotation, description = field.annotation, field.description
        else:  # an item of a list, or an entry of a table with free keys
            annotation, description = _item(annotation, description, of_key=of_key and part is path[-1])
        owner = _model_in(annotation) or owner
    return owner, description


def _item(annotation: object, description: str | None, *, of_key: bool) -> tuple[object, str | None]:
    """The type of a collection's items (or of a table's keys) and its description, where it has one of its own."""
    arguments = [argument for argument in typing.get_args(annotation) if argument is not Ellipsis]
    if not arguments:
        return annotation, description
    item = arguments[0 if of_key else -1]
    own = [getattr(metadata, "description", None) for metadata in getattr(item, "__metadata__", ())]
    return item, next(filter(None, own), description)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The settings model that an annotation is, or is optional for."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((found for found in map(_model_in, typing.get_args(annotation)) if found), None)
    return None
