"""Gives free the locks that a killed Terraform has left on the states of an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tools.deploy import states, terraform
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError


def unlock(
    environment: str,
    *,
    environ: Mapping[str, str],
    s3: Any,
    confirmed: bool,
    say: Callable[[str], None] = print,
) -> int:
    """Show who holds a lock, and when `confirmed` break it; returns the number of locks found.

    Breaking the lock of a Terraform that still runs lets two write one state: look at the holder first.
    Raises DeployError.
    """
    found = 0
    for stack in stacks.find(environment):
        lock = states.lock(stack, s3)
        if lock is None:
            continue
        found += 1
        who, since, operation = (lock.get(key) or "(unknown)" for key in ("Who", "Created", "Operation"))
        say(f"{stack.name}: locked by {who} since {since} for {operation}, id {lock['ID']}")
        if confirmed:
            terraform.run(["init", "-reconfigure", "-input=false"], cwd=stack.folder, environ=environ)
            done = terraform.run(["force-unlock", "-force", lock["ID"]], cwd=stack.folder, environ=environ, check=False)
            if done.returncode:
                raise DeployError(f"{stack.name} could not be unlocked:\n{done.stdout}{done.stderr}")
            say(f"{stack.name}: unlocked")
    if not found:
        say(f"No state of {environment} is locked")
    elif not confirmed:
        say(f"When none of them runs any more: make recover ENV={environment} CONFIRM={environment}")
    return found
