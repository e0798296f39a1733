"""Reads one TOML file into tables, or says in one line why it cannot be read."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

from settings.contents import bare

# Settings need five levels (api.authorizers.<name>.user_pool_arns.<index>). Much deeper ones stop json and pydantic.
_DEEPEST = 8
_TOO_DEEP = f"tables and lists nested more than {_DEEPEST - 1} deep"
_TOO_LARGE = "a whole number of more than 64 bits"


class UnreadableError(Exception):
    """`str()` says why, `remedy` what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def read(path: Path) -> dict[str, Any]:
    """The tables of a file, without a byte order mark. Raises UnreadableError."""
    try:
        # Reading a named pipe would block forever.
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise UnreadableError(str(error.strerror), "make it readable") from error
    if content is None:
        raise UnreadableError("it is not a regular file", "put one in its place")
    return _parsed(content)


@functools.cache
def _parsed(content: bytes) -> dict[str, Any]:
    """Cached, because loading one environment reads all others. Do not modify the result."""
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(str(error), "correct the line named") from error
    except RecursionError:
        raise UnreadableError(_TOO_DEEP, "correct it") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        long = re.search(rb"[0-9_]{4300}", content)
        line = content.count(b"\n", 0, long.start()) + 1 if long else "?"
        raise UnreadableError(f"{_TOO_LARGE} (at line {line})", "correct it") from None
    level: list[tuple[str, Any]] = [("", tables)]
    for _ in range(_DEEPEST):
        for key, value in level:
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise UnreadableError(f"{_TOO_LARGE} (in {key})", "correct it")
        level = [inner for key, value in level for inner in _inside(key, value)]
    if level:
        raise UnreadableError(f"{_TOO_DEEP} (in {level[0][0]})", "correct it")
    return tables


def _inside(key: str, value: object) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{key}.{bare(name)}".lstrip("."), inner) for name, inner in value.items()]
    return [(f"{key}.{index}", item) for index, item in enumerate(value)] if isinstance(value, list) else []
