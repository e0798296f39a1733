"""The allow-list: `allowed/*.toml`, all that the platform may consist of. `allowed/README.md` says how to read it."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tools.scan.vocabulary import ANYTHING, VARYING
from tools.synthesized.errors import ToolError

FOLDER = Path(__file__).parent / "allowed"
OPTIONAL = "?"
"""Key of a block, or begin of a text: it may be absent."""
FREE = "free"
"""Key of a type: arguments that may be anything, or absent."""
VARIANTS = "variants"
"""Key of a type or block: tables, one of which holds in addition."""
EACH = "each"
"""Key of a block or variant: a setting, for each of whose items there is one. `{each.x}` is what the item says."""
ALL = "every"
"""In `statements`: of every resource of the type."""
_TABLES = {"required", "optional", "when", "every", "only", "statements", "beside"}
Table = dict[str, Any]


class AllowListError(ToolError):
    """The allow-list cannot be read, or says something twice."""


@dataclass(frozen=True)
class AllowList:
    """All files as one.

    `resources`: address -> when it must be there (`required`, `optional` or a condition).
    `every`: type -> arguments of all its resources; `only`: address -> arguments that are its own, `stack.data` -> what
    one stack has beside its resources.
    `statements`: type or address -> label -> the statement in words.
    `beside`: type -> what must refer to each of its resources. `files`: type or address -> where it is listed.
    """

    resources: dict[str, str] = field(default_factory=dict)
    every: dict[str, Table] = field(default_factory=dict)
    only: dict[str, Table] = field(default_factory=dict)
    statements: dict[str, Table] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def listed(self, type_: str, id_: str) -> tuple[str, str]:
        """The id as it is listed, and what its wildcard stands for."""
        if f"{type_}.{id_}" in self.resources:
            return id_, ""
        for listed, pattern in self._wildcards.get(type_, ()):
            if match := pattern.fullmatch(id_):
                return listed, match[1]
        return id_, ""

    @cached_property
    def _wildcards(self) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
        found: dict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
        # The longest first: `routes_**-backend` before `routes_**`.
        for address in sorted(self.resources, key=len, reverse=True):
            type_, _, id_ = address.partition(".")
            if VARYING.search(id_):
                found[type_].append((id_, re.compile("(.*)".join(map(re.escape, VARYING.split(id_))))))
        return found

    def arguments(self, type_: str, address: str) -> Table:
        """What may and must be in a resource."""
        parts = (self.every.get("*", {}), self.every.get(type_, {}), self.only.get(address, {}))
        free = {name: f"{OPTIONAL} {ANYTHING}" for part in parts for name in part.get(FREE, "").split()}
        return {**free, **{name: line for part in parts for name, line in part.items() if name != FREE}}

    def statements_of(self, type_: str, address: str) -> Table:
        """Label -> statement of a resource."""
        return {**self.statements.get(type_, {}), **self.statements.get(address, {})}

    def file_of(self, *places: str) -> str:
        """Where a line about one of these types or addresses goes."""
        return next((self.files[place] for place in places if place in self.files), "a file of tools/scan/allowed")


@cache
def allow_list(folder: Path = FOLDER) -> AllowList:
    """All files of `folder`. Raises AllowListError for an unknown table, or a line that two files have."""
    whole = AllowList()
    for file in sorted(folder.glob("*.toml")):
        name = f"tools/scan/allowed/{file.name}"
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise AllowListError(f"{name}: {error}; correct it") from None
        if unknown := sorted(set(content) - _TABLES):
            raise AllowListError(f"{name}: unknown table {', '.join(unknown)}; use {', '.join(sorted(_TABLES))}")
        for table, key, value in _entries(content):
            merged: Table = getattr(whole, table)
            if key in merged:
                raise AllowListError(f"{name}: {key} is listed in {whole.files[key]}, too; keep one")
            merged[key] = value
            if table != "beside":
                whole.files.setdefault(key, name)
    # What has lines of its own need not be listed as required, too.
    for address in (*whole.only, *whole.statements):
        if "." in address and not address.startswith("stack."):
            whole.resources.setdefault(address, "required")
    return whole


def _entries(content: Table) -> Iterator[tuple[str, str, Any]]:
    """(attribute of AllowList, key, value) of everything in a file."""
    conditions: list[tuple[str, Mapping[str, list[str]]]] = [
        ("required", content.get("required", {})),
        ("optional", content.get("optional", {})),
        *content.get("when", {}).items(),
    ]
    for condition, types in conditions:
        for type_, ids in types.items():
            yield from (("resources", f"{type_}.{id_}", condition) for id_ in ids)
    for table in ("every", "beside"):
        yield from ((table, type_, value) for type_, value in content.get(table, {}).items())
    for table in ("only", "statements"):
        for type_, ids in content.get(table, {}).items():
            yield from ((table, type_ if id_ == ALL else f"{type_}.{id_}", value) for id_, value in ids.items())
