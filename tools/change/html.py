"""The page as one HTML file: no script, and nothing loaded from anywhere."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.change import difference
from tools.change.findings import TITLES, FindingKind
from tools.change.page import COLUMNS, Page, remark

_TEMPLATES = Path(__file__).parent / "templates"


def render(page: Page) -> str:
    """Everything in the page is escaped: it holds names and values that others have chosen."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html")
    return template.render(
        page=page, kinds=list(FindingKind), titles=TITLES, columns=COLUMNS, remark=remark, difference=difference
    )
