"""Parts of a Markdown page that are generated, between marks in the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tools.synthesized.errors import ToolError


class PageError(ToolError):
    """A page would be incomplete, or say what does not hold."""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown."""
    lines = [f"| {' | '.join(cells)} |" for cells in (headings, *rows)]
    return "\n".join([lines[0], "|---" * len(headings) + "|", *lines[1:]])


def chart(mermaid: str) -> str:
    """A flowchart."""
    return f"```mermaid\n{mermaid}\n```"


def with_parts(text: str, parts: Mapping[str, str]) -> str:
    """A page with each part renewed between its two marks. Raises PageError unless marks and parts are the same."""
    marks = re.compile(r"<!-- ([\w.-]+) -->\n.*?\n<!-- /\1 -->", re.DOTALL)
    found = set(marks.findall(text))
    if found != set(parts):
        raise PageError(f"parts that the page or the program does not have: {', '.join(sorted(found ^ set(parts)))}")
    return marks.sub(lambda mark: f"<!-- {mark[1]} -->\n{parts[mark[1]]}\n<!-- /{mark[1]} -->", text)
