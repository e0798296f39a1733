"""Flowcharts in mermaid, which a Markdown page shows without a file: the same synthesis gives the same text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape

from tools.pages.picture import Box, Picture
from tools.synthesized.platform import Platform


def environment(picture: Picture) -> str:
    """Tiers with their zones, boxes, and the traffic that is allowed."""
    names = {box.key: f"box{index}" for index, box in enumerate(picture.boxes)}
    drawn = [(box.tier, f"{names[box.key]}[{_text(box)}]") for box in picture.boxes]
    lines = [
        "flowchart TB",
        *(f"  {box}" for tier, box in drawn if tier is None),
        f'  subgraph vpc["VPC {picture.vpc}"]',
    ]
    for tier in picture.tiers:
        blocks = ", ".join(f"{zone} {block}" for zone, block in tier.blocks.items())
        lines.append(f'    subgraph {tier.name}["{tier.name}: {tier.way_out}<br/>{blocks}"]')
        lines += [*(f"      {box}" for name, box in drawn if name == tier.name), "    end"]
    lines.append("  end")
    for arrow in picture.arrows:
        lines.append(f'  {names[arrow.source]} {arrow.kind.value}|"{escape(arrow.label)}"| {names[arrow.target]}')
    return "\n".join(lines)


def _text(box: Box) -> str:
    lines = (f"<b>{escape(box.title)}</b>", escape(box.name), escape(box.where))
    return f'"{"<br/>".join(filter(None, lines))}"'


def stacks(platform: Platform) -> str:
    """Which stack waits for which, without the arrows that others imply, and what is made in each."""
    sizes = Counter(resource.stack for resource in platform.resources)
    names = {stack: stack.removeprefix(f"{platform.name}-") for stack in platform.stacks}
    lines = [f'  {name}["<b>{name}</b><br/>{sizes[stack]} resources"]' for stack, name in names.items()]
    for stack, needs in platform.needs.items():
        implied = {before for need in needs for before in _all_before(need, platform.needs)}
        lines += [f"  {names[need]} --> {names[stack]}" for need in sorted(set(needs) - implied)]
    return "\n".join(["flowchart TB", *lines])


def _all_before(stack: str, needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {*needs[stack], *(before for need in needs[stack] for before in _all_before(need, needs))}
