"""The order of an environment's stacks as mermaid: which waits for which, and what is made in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tools.synthesized.synthesis import Synthesis


def stacks(environment: str, synthesis: Synthesis) -> str:
    """A flowchart without the arrows that others imply; the same synthesis gives the same text."""
    return "\n".join(_lines(f"{environment}-", synthesis))


def _lines(prefix: str, synthesis: Synthesis) -> Iterator[str]:
    sizes = Counter(resource.stack for resource in synthesis.resources)
    yield "flowchart TB"
    for stack in synthesis.stacks:
        name = stack.removeprefix(prefix)
        yield f'  {name}["<b>{name}</b><br/>{sizes[stack]} resources"]'
    for stack, needs in synthesis.needs.items():
        implied = {before for need in needs for before in _all_before(need, synthesis)}
        for need in sorted(set(needs) - implied):
            yield f"  {need.removeprefix(prefix)} --> {stack.removeprefix(prefix)}"


def _all_before(stack: str, synthesis: Synthesis) -> set[str]:
    found: set[str] = set()
    waiting = list(synthesis.needs[stack])
    while waiting:
        found.add(need := waiting.pop())
        waiting += synthesis.needs[need]
    return found
