"""Two texts as lines to show: what goes, what comes, and the lines around."""

from __future__ import annotations

import difflib
from typing import NamedTuple


class Line(NamedTuple):
    """`sign` is `-`, `+`, a space, or `…` where equal lines are left out."""

    sign: str
    text: str


def is_long(before: str | None, after: str | None) -> bool:
    """Whether a difference is better read as lines than side by side."""
    return any("\n" in text for text in (before, after) if text)


def lines(before: str | None, after: str | None) -> list[Line]:
    """A unified difference with two lines around each change."""
    found = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), n=2, lineterm="")
    result: list[Line] = []
    for number, line in enumerate(found):
        if number < 2:  # the two names of files
            continue
        if line.startswith("@@"):
            result += [Line("…", "")] if result else []
        else:
            result.append(Line(line[0], line[1:]))
    return result
