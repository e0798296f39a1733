"""Lifting the protection of an environment, and destroying it: two steps for what is protected, one for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.deploy import cdktf, processes, states
from tools.deploy.processes import OnLine
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError


def confirm(environment: str, confirmation: str | None, verb: str) -> None:
    """Raise DeployError unless the person typed the environment's name once more."""
    if confirmation != environment:
        raise DeployError(f"to {verb} {environment} type its name twice: make {verb} ENV=... CONFIRM={environment}")


def unprotect(
    environment: str, *, app: list[str], environ: Mapping[str, str], on_line: OnLine = processes.echo
) -> None:
    """Deploy the environment without deletion protection and prevent_destroy: the first step of its teardown.

    `app` synthesizes with `--unprotected`. The next ordinary deployment protects the environment again.
    """
    cdktf.run("deploy", f"{environment}-*", app=app, environ=environ, approved=True, on_line=on_line)


def destroy(
    environment: str, *, app: list[str], environ: Mapping[str, str], s3: Any, on_line: OnLine = processes.echo
) -> None:
    """Destroy every stack but bootstrap. Raises DeployError while a deployed stack is still protected.

    What counts is the state, in which the last deployment has written whether it was protected, not the files.
    """
    cdktf.synthesize(app, environ, on_line=on_line)
    protected = [
        stack.name
        for stack, state in states.states(stacks.find(environment), s3)
        if state.get("resources") and state.get("outputs", {}).get("protected", {}).get("value") is not False
    ]
    if protected:
        raise DeployError(
            f"protected: {', '.join(protected)}; first run: make unprotect ENV={environment} CONFIRM={environment}"
        )
    cdktf.run("destroy", f"{environment}-*", app=app, environ=environ, approved=True, on_line=on_line)
