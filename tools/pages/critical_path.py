"""How long a first deployment of an environment is expected to take, and which chain of resources decides it.

Inside a stack a resource starts when all it refers to or depends on is done; a stack starts when all the stacks that it
needs are done, as `cdktf deploy` does it. What is not counted: limits on parallel calls, and throttling.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from graphlib import TopologicalSorter

from rich.console import Console
from rich.table import Column, Table

from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import FILE, Duration, Pace, ResourceTypes, resource_types
from tools.synthesized.resources import Resource

# A resource, or the start or end of a stack.
_Node = Resource | tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One resource on the critical path, or the start of its stack. `start` counts from the beginning, in seconds."""

    stack: str
    address: str
    start: int
    seconds: int

    @property
    def end(self) -> int:
        """When it is done."""
        return self.start + self.seconds


def duration_of(resource: Resource, platform: Platform, types: ResourceTypes) -> Duration:
    """The first row of its type that fits, or the default."""
    rows = types.of(resource.type).durations
    fitting = (row for row in rows if all(_fits(resource, *wanted, platform) for wanted in row.when.items()))
    return next(fitting, types.default)


def _fits(resource: Resource, argument: str, wanted: object, platform: Platform) -> bool:
    value = resource.values.get(argument)
    if wanted == "several":
        alike = [other.values.get(argument) for other in platform.all(resource.type) if other.stack == resource.stack]
        return value is not None and alike.count(value) > 1
    if wanted == "present":
        return value not in (None, [], {})
    return bool(value == wanted)


class Schedule:
    """When each resource of an environment is done, at one pace."""

    def __init__(self, platform: Platform, types: ResourceTypes, pace: Pace = "expected") -> None:
        needs: dict[_Node, list[_Node]] = {}
        for stack in platform.stacks:
            own = [resource for resource in platform.resources if resource.stack == stack]
            start = (stack, "start")
            needs[start] = [(need, "end") for need in platform.needs[stack]]
            needs[stack, "end"] = [start, *own]
            for resource in own:
                others = platform.referred(stack, resource.arguments)
                needs[resource] = [start, *(each for each in others if each is not resource)]
        self._steps: dict[_Node, Step] = {}
        self._last: dict[_Node, _Node | None] = {}
        for node in TopologicalSorter(needs).static_order():
            self._last[node] = last = max(needs[node], key=lambda other: self._steps[other].end, default=None)
            start_at = self._steps[last].end if last else 0
            if isinstance(node, Resource):
                seconds = duration_of(node, platform, types).at(pace)
                self._steps[node] = Step(node.stack, node.address, start_at, seconds)
            else:
                seconds = types.stack.at(pace) if node[1] == "start" else 0
                self._steps[node] = Step(node[0], "(terraform itself)", start_at, seconds)

    @property
    def seconds(self) -> int:
        """When the last stack is done."""
        return max(step.end for step in self._steps.values())

    def stack_start(self, stack: str) -> int:
        """When all the stacks that it needs are done."""
        return self._steps[stack, "start"].start

    def stack_end(self, stack: str) -> int:
        """When its last resource is done."""
        return self._steps[stack, "end"].end

    def path(self) -> list[Step]:
        """The chain that ends last, from its beginning."""
        found: list[Step] = []
        node: _Node | None = max(self._steps, key=lambda each: self._steps[each].end)
        while node is not None:
            found += [self._steps[node]] if self._steps[node].seconds else []
            node = self._last[node]
        return found[::-1]


def clock(seconds: int) -> str:
    """`12:05`."""
    return f"{seconds // 60}:{seconds % 60:02}"


def show(platform: Platform) -> None:
    """Print the path, and when each stack begins and ends."""
    types = resource_types()
    expected, shortest, longest = (Schedule(platform, types, pace) for pace in ("expected", "shortest", "longest"))
    path = Table(*_right("from", "to", "takes"), "stack", Column("resource", overflow="fold"))
    path.title = f"Critical path of a first deployment of {platform.name}"
    for step in expected.path():
        row = map(clock, (step.start, step.end, step.seconds))
        path.add_row(*row, step.stack, step.address, style=None if step.seconds < 60 else "bold")
    stacks = Table(*_right("from", "to"), "stack", title="Stacks")
    for stack in sorted(platform.stacks, key=expected.stack_start):
        stacks.add_row(clock(expected.stack_start(stack)), clock(expected.stack_end(stack)), stack)
    guessed = Counter(resource.type for resource in platform.resources if not types.of(resource.type).durations)
    console = Console(markup=False, emoji=False)
    console.print(path, stacks)
    console.print(
        f"Expected: {clock(expected.seconds)} min; at the published extremes {clock(shortest.seconds)} to "
        f"{clock(longest.seconds)}.\n"
        f"Resources with the default duration: {sum(guessed.values())} of {len(platform.resources)}, "
        f"of {len(guessed)} types. Durations and sources: tools/synthesized/{FILE.name}"
    )


def _right(*headings: str) -> list[Column]:
    return [Column(heading, justify="right") for heading in headings]
