"""The page for people: as one HTML file without a script, as Markdown for a comment, and in a terminal."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from tools.change.findings import FindingKind
from tools.change.page import COLUMNS, FINE, Page, remark
from tools.change.plans import Action
from tools.change.values import Attribute

# GitHub takes 65,536 characters.
MOST_CHARACTERS = 60_000
_CUT = "\n_The rest is cut off here; the HTML page has all of it._\n"
_SIGNS = dict(zip(Action, "+~±-→←…", strict=True))
# All control characters but tab and the end of a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def html(page: Page) -> str:
    """Nothing is loaded from anywhere; everything is escaped, for it holds names and values that others have chosen."""
    return _render("page.html", page)


def markdown(page: Page) -> str:
    """Verdict, findings, summary, then the details of each stack while there is room."""
    head, *details = _parts(page)
    room = MOST_CHARACTERS - len(_CUT)
    if len(head) > room:
        return head[:room].rsplit("\n", 1)[0] + _CUT
    for stack in details:
        if len(head) + len(stack) > room:
            return head + _CUT
        head += stack
    return head


def _parts(page: Page) -> list[str]:
    """The head of the Markdown, and the details of each stack."""
    return re.split(r"^(?=\n<details>)", _render("page.md", page), flags=re.MULTILINE)


def _render(template: str, page: Page) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": _plain, "code": _code, "fenced": _fenced, "line": _line}
    return environment.get_template(template).render(
        page=page,
        kinds=list(FindingKind),
        columns=COLUMNS,
        signs=_SIGNS,
        remark=remark,
        is_long=is_long,
        lines=lines,
    )


def is_long(attribute: Attribute) -> bool:
    """Whether a difference is better read as lines than side by side."""
    return "\n" in (attribute.before or "") + (attribute.after or "")


def lines(attribute: Attribute) -> list[str]:
    """A unified difference with two lines around each change, without the names of files."""
    before, after = ((text or "").splitlines() for text in (attribute.before, attribute.after))
    return list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """Inline code that no backtick in it can end."""
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{padding}{_line(text)}{padding}{ticks}"


def _fenced(text: str, language: str = "") -> str:
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _plain(text: str) -> str:
    """Text that is neither HTML nor markup nor the mention of a person."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")
    return re.sub(r"([\\`*_\[\]#|])", r"\\\1", escaped)


def show(page: Page, console: Console) -> None:
    """Print what Markdown has before the details, and the verdict once more at the end, where it is seen first.

    What AWS, Terraform or a settings file says is never read as markup, emoji or a control code.
    """
    console.print(Markdown(_CONTROL.sub("\ufffd", _parts(page)[0]), hyperlinks=False))
    verdict = _CONTROL.sub("\ufffd", page.verdict)
    console.print(Text(f"\n{verdict}", style=f"bold {'green' if page.exit_code == FINE else 'red'}"))
