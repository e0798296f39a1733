"""The order of an environment's stacks as mermaid: which waits for which, and what is made in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tools.synthesized.platform import Platform


def stacks(environment: str, platform: Platform) -> str:
    """A flowchart without the arrows that others imply; the same synthesis gives the same text."""
    return "\n".join(_lines(f"{environment}-", platform))


def _lines(prefix: str, platform: Platform) -> Iterator[str]:
    sizes = Counter(resource.stack for resource in platform.resources)
    yield "flowchart TB"
    for stack in platform.stacks:
        name = stack.removeprefix(prefix)
        yield f'  {name}["<b>{name}</b><br/>{sizes[stack]} resources"]'
    for stack, needs in platform.needs.items():
        implied = {before for need in needs for before in _all_before(need, platform)}
        for need in sorted(set(needs) - implied):
            yield f"  {need.removeprefix(prefix)} --> {stack.removeprefix(prefix)}"


def _all_before(stack: str, platform: Platform) -> set[str]:
    found: set[str] = set()
    waiting = list(platform.needs[stack])
    while waiting:
        found.add(need := waiting.pop())
        waiting += platform.needs[need]
    return found
