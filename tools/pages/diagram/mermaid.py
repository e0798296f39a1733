"""The same picture as mermaid, which a README shows without a file: boxes and arrows, zones as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tools.pages.diagram.model import ArrowKind, Box, Picture

_LINES = {ArrowKind.ALLOWED: "-->", ArrowKind.PATH: "-.->", ArrowKind.HALF: "-.-x", ArrowKind.OPEN: "==>"}


def mermaid(picture: Picture) -> str:
    """A flowchart; the same picture gives the same text."""
    return "\n".join(_lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    names = {box.key: f"box{index}" for index, box in enumerate(picture.boxes)}
    yield "flowchart TB"
    for box in picture.within(None):
        yield f"  {names[box.key]}[{_text(box, picture)}]"
    yield f'  subgraph vpc["VPC {picture.vpc}, {len(picture.zones)} zones"]'
    for tier in picture.tiers:
        boxes = picture.within(tier.name)
        if boxes:
            yield f'    subgraph {tier.name}["{tier.name}: {tier.way_out}"]'
            yield from (f"      {names[box.key]}[{_text(box, picture)}]" for box in boxes)
            yield "    end"
    yield "  end"
    for arrow in picture.arrows:
        yield f'  {names[arrow.source]} {_LINES[arrow.kind]}|"{escape(arrow.label)}"| {names[arrow.target]}'


def _text(box: Box, picture: Picture) -> str:
    where = box.spread or (f"in {len(box.cells)} of {len(picture.zones)} zones" if box.cells else "")
    text = "<br/>".join(line for line in (f"<b>{escape(box.title)}</b>", escape(box.name), where) if line)
    return f'"{text}"'
