"""The picture in Graphviz's language: a cluster for the VPC and each tier, a column per zone in each box."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tools.pages.diagram.model import Arrow, ArrowKind, Box, Picture, Tier
from tools.pages.diagram.render import FONT

_INK, _QUIET, _LINE = "#1f2933", "#52606d", "#9aa5b1"
# Light enough for black text, and apart for people who see no red or green.
_ZONE_COLOURS = ("#dbeafe", "#fef3c7", "#ede9fe", "#e5e7eb")
_TIER_COLOURS = {"public": "#fff7ed", "private": "#f0f9ff", "data": "#f7fee7"}
_ARROWS = {
    ArrowKind.ALLOWED: ("#1d4ed8", "solid"),
    ArrowKind.PATH: ("#52606d", "dashed"),
    ArrowKind.HALF: ("#b45309", "dotted"),
    ArrowKind.OPEN: ("#b91c1c", "bold"),
}


def dot(picture: Picture) -> str:
    """A whole graph; the same picture gives the same text."""
    return "\n".join(["digraph {", *(f"  {line}" for line in _lines(picture)), "}", ""])


def _lines(picture: Picture) -> Iterator[str]:
    names = {box.key: f"box{index}" for index, box in enumerate(picture.boxes)}
    tiers = {box.key: box.tier for box in picture.boxes}
    # Where an arrow comes in from outside, the tier's heading stands beside the box, not in the arrow's way.
    entered = {arrow.target for arrow in picture.arrows if tiers[arrow.source] is None and tiers[arrow.target]}
    yield f'graph [fontname="{FONT}", rankdir=TB, nodesep=0.35, ranksep=0.4, pad=0.3, bgcolor="white", labelloc=b]'
    yield f"graph [label={_legend(picture)}]"
    yield f'node [fontname="{FONT}", shape=plain]'
    yield f'edge [fontname="{FONT}", fontsize=10, arrowsize=0.8, penwidth=1.4]'
    for box in picture.within(None):
        yield f"{names[box.key]} [label={_box(box, picture.zones)}]"
    yield "subgraph cluster_vpc {"
    yield f'label=<<B>VPC</B> {escape(picture.vpc)}>; labelloc=t; labeljust=l; fontsize=13; fontcolor="{_INK}"'
    yield f'style="rounded"; color="{_LINE}"; penwidth=1.5; margin=14'
    for tier in picture.tiers:
        boxes = picture.within(tier.name)
        if boxes:
            yield f'subgraph "cluster_{tier.name}" {{'
            yield f"  {tier.name} [label={_tier(tier, picture.zones)}]"
            colour = _TIER_COLOURS.get(tier.name, "#f8fafc")
            yield f'label=""; style="rounded,filled"; fillcolor="{colour}"; color="{_LINE}"'
            for box in boxes:
                yield f"  {names[box.key]} [label={_box(box, picture.zones)}]"
                if box.key not in entered:
                    yield f"  {tier.name} -> {names[box.key]} [style=invis, weight=0]"
            yield "}"
    yield "}"
    for arrow in picture.arrows:
        yield _arrow(arrow, names)
        if arrow.target in entered and tiers[arrow.source] is None:
            yield f"{names[arrow.source]} -> {tiers[arrow.target]} [style=invis]"


def _arrow(arrow: Arrow, names: dict[str, str]) -> str:
    colour, style = _ARROWS[arrow.kind]
    weight = 8 if arrow.kind is ArrowKind.PATH else 1  # the way in is a straight line
    ends = f"{names[arrow.source]} -> {names[arrow.target]}"
    # A table around the label keeps it off the line.
    label = f'<<TABLE BORDER="0" CELLPADDING="2"><TR><TD>{escape(arrow.label)}</TD></TR></TABLE>>'
    return f'{ends} [label={label}, color="{colour}", fontcolor="{colour}", style={style}, weight={weight}]'


def _tier(tier: Tier, zones: tuple[str, ...]) -> str:
    blocks = "".join(
        f'<TD BGCOLOR="{_colour(zone, zones)}">{escape(zone)}<BR/>{escape(tier.blocks[zone])}</TD>'
        for zone in zones
        if zone in tier.blocks
    )
    name = f'<FONT POINT-SIZE="13" COLOR="{_INK}"><B>{escape(tier.name)}</B></FONT>'
    head = f"<TD>{name}<BR/>{escape(tier.way_out)}</TD>"
    return (
        f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="4"><TR>{head}{blocks}</TR></TABLE>>, '
        f'fontsize=9, fontcolor="{_QUIET}"'
    )


def _box(box: Box, zones: tuple[str, ...]) -> str:
    span = f'COLSPAN="{len(zones)}"'
    heading = f'<FONT POINT-SIZE="12" COLOR="{_INK}"><B>{escape(box.title)}</B></FONT>'
    if box.name:
        heading += f'<BR/><FONT POINT-SIZE="10" COLOR="{_QUIET}">{escape(box.name)}</FONT>'
    rows = [f'<TD {span} CELLPADDING="5">{heading}</TD>']
    if box.facts:
        text = "<BR/>".join(escape(fact) for fact in box.facts)
        rows.append(f'<TD {span}><FONT POINT-SIZE="9" COLOR="{_INK}">{text}</FONT></TD>')
    if box.cells:
        rows.append("".join(_cell(zone, box.cells.get(zone, ""), zones) for zone in zones))
    elif box.spread:
        text = f"{box.spread} over {len(zones)} zones" if _several(box.spread) else f"{box.spread}, in one of the zones"
        rows.append(f'<TD {span} BGCOLOR="#f1f5f9"><FONT POINT-SIZE="9" COLOR="{_INK}">{escape(text)}</FONT></TD>')
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" COLOR="{_LINE}" BGCOLOR="white" '
        f'STYLE="ROUNDED">{body}</TABLE>>'
    )


def _several(spread: str) -> bool:
    return not spread.endswith(("1 node", "1 task"))


def _cell(zone: str, text: str, zones: tuple[str, ...]) -> str:
    if not text:
        return "<TD></TD>"
    content = f"<B>{escape(zone[-1])}</B> {escape(text)}"
    return f'<TD BGCOLOR="{_colour(zone, zones)}"><FONT POINT-SIZE="9" COLOR="{_INK}">{content}</FONT></TD>'


def _colour(zone: str, zones: tuple[str, ...]) -> str:
    return _ZONE_COLOURS[min(zones.index(zone), len(_ZONE_COLOURS) - 1)]


def _legend(picture: Picture) -> str:
    """The environment, its zones and the kinds of arrow that occur."""
    zones = "".join(f'<TD BGCOLOR="{_colour(z, picture.zones)}">zone {escape(z)}</TD>' for z in picture.zones)
    used = {arrow.kind for arrow in picture.arrows}
    dashes = {"solid": "---->", "dashed": "- - ->", "dotted": ". . .>", "bold": "===>"}
    kinds = "".join(
        f'<TD><FONT COLOR="{colour}">{escape(dashes[style])} {escape(kind.value)}</FONT></TD>'
        for kind, (colour, style) in _ARROWS.items()
        if kind in used
    )
    name = f'<TD><FONT POINT-SIZE="13"><B>{escape(picture.environment)}</B></FONT> {escape(picture.region)}</TD>'
    return (
        '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="6" CELLPADDING="4">'
        f'<TR>{name}{zones}{kinds}</TR></TABLE>>, fontsize=10, fontcolor="{_INK}"'
    )
