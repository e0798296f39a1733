"""One stack, where everything that it needs stands as it is synthesized."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.deploy import plans
from tools.deploy.graph import in_order
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack


def stack_of(environment: str, component: str) -> Stack:
    """The stack of that component. Raises DeployError for one that the environment does not have."""
    found = {stack.name.removeprefix(f"{environment}-"): stack for stack in stacks.find(environment)}
    if component not in found:
        raise DeployError(f"STACK = {component!r}; allowed: {', '.join(sorted(found))}; correct the name")
    return found[component]


def check(
    stack: Stack, environment: str, *, environ: Mapping[str, str], s3: Any, say: Callable[[str], None] = print
) -> None:
    """Refuse a stack that rests on others which are not deployed, or which would change with the next deployment.

    They are planned without asking AWS what stands there: what somebody changed by hand is for `make drift`.
    """
    needed = _needed(stack, stacks.find(environment))
    if not needed:
        return
    states = plans.read_states(needed, s3)
    absent = sorted(one.name for one in needed if one.name not in states)
    if absent:
        raise DeployError(
            f"{stack.name} depends on {', '.join(absent)}, which is not deployed; first run: make deploy "
            f"ENV={environment}"
        )
    say(f"Checking that the {len(needed)} stacks that {stack.name} depends on are up to date")
    place = plans.folder(environment)

    def one(before: Stack) -> plans.Planned:
        file = place / f"{before.name}.before"
        try:
            return plans.run_plan(before, file, environ, "-refresh=false")
        finally:
            file.unlink(missing_ok=True)

    planned = in_order(needed, one).values()
    failed = [f"{one.stack}: {error}" for one in planned for error in one.errors]
    if failed:
        raise DeployError("\n".join(["nothing was deployed, because these stacks cannot be planned:", *failed]))
    changed = sorted(one.stack for one in planned if one.changes)
    if changed:
        raise DeployError(
            f"{stack.name} depends on {', '.join(changed)}, which would change; "
            f"deploy that first, or everything: make deploy ENV={environment}"
        )


def _needed(stack: Stack, found: Sequence[Stack]) -> list[Stack]:
    """All stacks that come before it."""
    by_name = {one.name: one for one in found}
    wanted: set[str] = set()
    waiting = list(stack.needs)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += by_name[name].needs
    return [one for one in found if one.name in wanted]
