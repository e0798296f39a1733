"""How much of a deployment is the AWS provider's own waiting, read from the lines of `cdktf deploy` and their times.

The embedded AWS answers at once, and what it makes is ready at the first look or the second. Yet the provider takes
13 seconds for a KMS key and 30 for a cluster: fixed delays before its first look, and looks repeated until AWS would
surely have spread the news. So what the quickest resource of a type took, where that is seconds, is the provider's
pause; what a slower one of that type took beyond it is work. A type of which there is one counts whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Seconds. The shortest pause known is 5, for a VPC endpoint; what takes less may as well be work.
PAUSE_FROM = 4.9
# It calls the rotation function, which does its work meanwhile.
_WORKS = frozenset({"aws_lambda_invocation"})

_BEGINS = re.compile(r"^(?P<address>(?P<type>aws_\w+)\.\S+) .*: Creating\.\.\.$")
_ENDS = re.compile(r"^(?P<address>aws_\w+\.\S+) .*: Creation complete after ")
_APPLIED = re.compile(r"^Apply complete!")

Span = tuple[float, float]


@dataclass
class StackTimes:
    """When a stack spoke first, created its first resource and was complete; and each resource's span. In seconds."""

    first_line: float
    first_creation: float | None = None
    complete: float = 0.0
    resources: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """How long a stack took, and how much of that at least one resource was in a pause of the provider. In seconds."""

    stack: str
    seconds: float
    applying: float
    waiting: float


def read(lines: Iterable[tuple[float, str]], stacks: Iterable[str]) -> dict[str, StackTimes]:
    """Times by stack, from stamped lines: a line begins with its stack's name, or with spaces when that goes on."""
    names = sorted(stacks, key=len, reverse=True)
    found: dict[str, StackTimes] = {}
    current: str | None = None
    for moment, line in lines:
        current = next((name for name in names if line.startswith(f"{name} ")), current)
        if current is None:
            continue
        text = line.removeprefix(current).strip()
        times = found.setdefault(current, StackTimes(first_line=moment))
        if begun := _BEGINS.match(text):
            times.first_creation = times.first_creation or moment
            times.resources[begun["address"]] = (moment, moment)
        elif ended := _ENDS.match(text):
            started, _ = times.resources.get(ended["address"], (moment, moment))
            times.resources[ended["address"]] = (started, moment)
        elif _APPLIED.match(text):
            times.complete = moment
    return found


def pauses(found: Mapping[str, StackTimes]) -> dict[str, float]:
    """The provider's pause by type of resource: what the quickest of them took."""
    quickest: dict[str, float] = {}
    for times in found.values():
        for address, (start, end) in times.resources.items():
            type_ = address.split(".")[0]
            quickest[type_] = min(end - start, quickest.get(type_, end - start))
    return {type_: took for type_, took in sorted(quickest.items()) if took >= PAUSE_FROM and type_ not in _WORKS}


def shares(found: Mapping[str, StackTimes], needs: Mapping[str, Iterable[str]]) -> list[Share]:
    """Each stack, from when what it needs was complete, in the order of their beginnings.

    Raises ValueError when one was not applied.
    """
    pause = pauses(found)
    rows = []
    for stack, times in found.items():
        if not times.complete:
            raise ValueError(f"{stack} was not applied")
        begun = max([times.first_line, *(found[need].complete for need in needs[stack])])
        applying = times.complete - (times.first_creation or times.complete)
        waiting = covered(_paused(times, pause))
        rows.append((begun, Share(stack, times.complete - begun, applying, waiting)))
    return [share for _, share in sorted(rows, key=lambda row: row[0])]


def whole(found: Mapping[str, StackTimes]) -> float:
    """Seconds of the deployment in which at least one stack was in a pause of the provider."""
    pause = pauses(found)
    return covered(span for times in found.values() for span in _paused(times, pause))


def _paused(times: StackTimes, pause: Mapping[str, float]) -> list[Span]:
    found = []
    for address, (start, _) in times.resources.items():
        length = pause.get(address.split(".")[0])
        if length is not None:
            found.append((start, start + length))
    return found


def covered(spans: Iterable[Span]) -> float:
    """Seconds that lie in at least one of the spans."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
