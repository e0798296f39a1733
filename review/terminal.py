"""The page in a terminal: verdict, findings and one row for each stack; attributes stand in the files."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from review.findings import TITLES, Kind
from review.page import COLUMNS, FINE, Page, remark
from review.plans import Action

_COLOURS = {Action.CREATED: "green", Action.CHANGED: "yellow", Action.REPLACED: "bold red", Action.DESTROYED: "red"}


def show(page: Page, console: Console) -> None:
    """Print it, the most dangerous first."""
    for kind in Kind:
        found = page.of(kind)
        if found:
            console.print(f"\n[bold]{TITLES[kind]}[/]")
        for item in found:
            colour = "red" if item.is_red else "default"
            allowed = "allowed: " if item.allowed else ""
            console.print(f"  [{colour}]{escape(item.address)}[/] ({item.stack}) {allowed}{escape(item.says)}")
            for line in item.more:
                console.print(f"    [{colour}]+ {escape(line)}[/]")
            for line in item.less:
                console.print(f"    - {escape(line)}")
    for plan in page.failed:
        console.print(f"\n[bold red]{plan.name} fails[/]")
        for error in plan.errors:
            console.print(f"  {escape(error)}")
    if page.unused:
        console.print(f"\nAllowed, and not needed: {escape(', '.join(page.unused))}")
    table = Table(title=f"{page.title}: {page.environment}")
    table.add_column("stack", no_wrap=True)
    for action in COLUMNS:
        table.add_column(str(action), justify="right")
    table.add_column("")
    for plan in page.plans:
        counts = [f"[{_COLOURS[action]}]{count}[/]" if (count := plan.count(action)) else "" for action in COLUMNS]
        table.add_row(plan.name, *counts, escape(remark(plan)))
    console.print()
    console.print(table)
    console.print(f"[bold {'green' if page.exit_code == FINE else 'red'}]{escape(page.verdict)}[/]")
