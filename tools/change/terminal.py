"""The page in a terminal: verdict, findings and one row for each stack; attributes stand in the files.

Every text is a `Text`: what AWS, Terraform or a settings file says is never read as markup, emoji or a control code.
"""

from __future__ import annotations

import re

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.change.findings import TITLES, FindingKind
from tools.change.page import COLUMNS, FINE, Page, remark
from tools.change.plans import Action

_COLOURS = {Action.CREATED: "green", Action.CHANGED: "yellow", Action.REPLACED: "bold red", Action.DESTROYED: "red"}
# All control characters but tab and the end of a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: object, style: str = "") -> Text:
    """The text as it is, in one style."""
    return Text(_CONTROL.sub("\ufffd", str(text)), style=style)


def show(page: Page, console: Console) -> None:
    """Print it, the most dangerous first."""
    for kind in FindingKind:
        found = page.of(kind)
        if found:
            console.print()
            console.print(plain(TITLES[kind], "bold"))
        for item in found:
            colour = "red" if item.is_red else ""
            allowed = "allowed: " if item.allowed else ""
            rest = plain(f" ({item.stack}) {allowed}{item.says}")
            console.print(Text.assemble("  ", plain(item.address, colour), rest))
            for line in item.more:
                console.print(plain(f"    more: {line}", colour))
            for line in item.less:
                console.print(plain(f"    less: {line}"))
    for plan in page.failed:
        console.print()
        console.print(plain(f"{plan.name} fails", "bold red"))
        for error in plan.errors:
            console.print(plain(f"  {error}"))
    if page.unused:
        console.print()
        console.print(plain(f"Allowed, and not needed: {', '.join(page.unused)}"))
    table = Table(title=plain(f"{page.title}: {page.environment}"))
    table.add_column("stack", no_wrap=True)
    for action in COLUMNS:
        table.add_column(str(action), justify="right")
    table.add_column("")
    for plan in page.plans:
        counts = [plain(plan.count(action) or "", _COLOURS[action]) for action in COLUMNS]
        table.add_row(plain(plan.name), *counts, plain(remark(plan)))
    console.print()
    console.print(table)
    console.print(plain(page.verdict, f"bold {'green' if page.exit_code == FINE else 'red'}"))
