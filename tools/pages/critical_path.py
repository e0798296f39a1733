"""How long a first deployment of an environment is expected to take, and which chain of resources decides it.

Inside a stack a resource starts when all it refers to or depends on is done; a stack starts when all the stacks that it
needs are done, as `cdktf deploy` does it. What is not counted: limits on parallel calls, and throttling.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from settings import Environment, load
from tools.synthesized.errors import exit_code
from tools.synthesized.platform import Platform, read
from tools.synthesized.resource_types import FILE, Duration, Pace, ResourceTypes, resource_types
from tools.synthesized.resources import Resource


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
        self._platform = platform
        self._types = types
        self._pace: Pace = pace
        self._overhead = types.stack.at(pace)
        self._steps: dict[Resource, tuple[Step, Resource | None]] = {}
        self._starts: dict[str, tuple[int, str | None]] = {}

    @cached_property
    def _inside(self) -> dict[Resource, list[Resource]]:
        """Resource -> those of its own stack that it waits for."""
        return {
            resource: [
                other
                for other in self._platform.referred(resource.stack, _arguments(resource))
                if other.stack == resource.stack and other is not resource
            ]
            for resource in self._platform.resources
        }

    @cached_property
    def _by_stack(self) -> dict[str, list[Resource]]:
        return {
            stack: [resource for resource in self._platform.resources if resource.stack == stack]
            for stack in self._platform.stacks
        }

    @property
    def seconds(self) -> int:
        """When the last stack is done."""
        return max(self.stack_end(stack) for stack in self._platform.stacks)

    def stack_start(self, stack: str) -> int:
        """When all the stacks that it needs are done."""
        return self._start(stack)[0]

    def stack_end(self, stack: str) -> int:
        """When its last resource is done."""
        ready = self.stack_start(stack) + self._overhead
        return max((self._step(resource)[0].end for resource in self._by_stack[stack]), default=ready)

    def _start(self, stack: str) -> tuple[int, str | None]:
        if stack not in self._starts:
            last = max(self._platform.needs[stack], key=self.stack_end, default=None)
            self._starts[stack] = (0 if last is None else self.stack_end(last), last)
        return self._starts[stack]

    def _step(self, resource: Resource) -> tuple[Step, Resource | None]:
        if resource not in self._steps:
            last = max(self._inside[resource], key=lambda other: self._step(other)[0].end, default=None)
            start = self._step(last)[0].end if last else self.stack_start(resource.stack) + self._overhead
            seconds = duration_of(resource, self._platform, self._types).at(self._pace)
            self._steps[resource] = (Step(resource.stack, resource.address, start, seconds), last)
        return self._steps[resource]

    def path(self) -> list[Step]:
        """The chain that ends last, from its beginning."""
        found: list[Step] = []
        stack: str | None = max(self._platform.stacks, key=self.stack_end)
        while stack is not None:
            start, before = self._start(stack)
            resource = max(self._by_stack[stack], key=lambda item: self._step(item)[0].end, default=None)
            while resource is not None:
                step, resource = self._step(resource)
                found.append(step)
            found.append(Step(stack, "(terraform itself)", start, self._overhead))
            stack = before
        return found[::-1]


def _arguments(resource: Resource) -> dict[str, Any]:
    """Without what is no dependency: the comment, and what the lifecycle says of the resource itself."""
    return {key: value for key, value in resource.values.items() if key != "//"}


def clock(seconds: int) -> str:
    """`12:05`."""
    return f"{seconds // 60}:{seconds % 60:02}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the path; 2 when the call, a settings file or the synthesis is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages.critical_path", description=__doc__)
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the short-lived copy with this suffix")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _show(load(options.env, suffix=options.suffix)))


def _show(environment: Environment) -> None:
    from rich.console import Console
    from rich.table import Table

    platform = read(environment)
    types = resource_types()
    expected = Schedule(platform, types)
    table = Table(title=f"Critical path of a first deployment of {environment.name}")
    for heading in ("from", "to", "takes"):
        table.add_column(heading, justify="right")
    table.add_column("stack")
    table.add_column("resource", overflow="fold")
    for step in expected.path():
        row = (clock(step.start), clock(step.end), clock(step.seconds), step.stack, step.address)
        table.add_row(*row, style=None if step.seconds < 60 else "bold")
    stacks = Table(title="Stacks")
    for heading in ("from", "to"):
        stacks.add_column(heading, justify="right")
    stacks.add_column("stack")
    for stack in sorted(platform.stacks, key=expected.stack_start):
        stacks.add_row(clock(expected.stack_start(stack)), clock(expected.stack_end(stack)), stack)
    console = Console(markup=False, emoji=False)
    console.print(table, stacks)
    shortest, longest = (Schedule(platform, types, pace).seconds for pace in ("shortest", "longest"))
    guessed = Counter(resource.type for resource in platform.resources if not types.of(resource.type).durations)
    console.print(
        f"Expected: {clock(expected.seconds)} min; at the published extremes {clock(shortest)} to {clock(longest)}.\n"
        f"Resources with the default duration: {sum(guessed.values())} of {len(platform.resources)}, "
        f"of {len(guessed)} types. Durations and sources: tools/synthesized/{FILE.name}"
    )


if __name__ == "__main__":
    sys.exit(main())
