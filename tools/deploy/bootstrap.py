"""Makes the bucket in which Terraform keeps its states, and moves the state of that bucket into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tools.deploy import processes, states, terraform
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack


def bootstrap(
    environment: str, *, environ: Mapping[str, str], s3: Any, approved: bool, say: Callable[[str], None] = print
) -> None:
    """Apply the bootstrap stack of `environment`; run again, it changes nothing, and after a kill it goes on.

    The first time there is no bucket yet: the stack is applied with a local backend, then its state is copied into the
    bucket. Until the copy is there, the local state is kept in `.local/bootstrap`, from where a second run continues.
    Raises DeployError.
    """
    stack = stacks.find(environment, bootstrap=True)[0]
    kept = terraform.WORK / "bootstrap" / f"{environment}.tfstate"
    override = stack.folder / "backend_override.tf.json"
    override.unlink(missing_ok=True)
    if states.state(stack, s3) is not None:
        terraform.init(stack.folder, environ)
        _apply(stack, environ, approved, say)
        return
    say(f"First deployment of {stack.name}: its state is local until the state bucket exists")
    kept.parent.mkdir(parents=True, exist_ok=True)
    override.write_text(json.dumps({"terraform": {"backend": {"local": {"path": str(kept)}}}}), encoding="utf-8")
    try:
        terraform.init(stack.folder, environ)
        _apply(stack, environ, approved, say)
    finally:
        override.unlink()
    say(f"Moving its state into s3://{stack.backend['bucket']}/{stack.backend['key']}")
    terraform.run(["init", "-migrate-state", "-force-copy", "-input=false"], cwd=stack.folder, environ=environ)
    if states.state(stack, s3) is None:
        raise DeployError(f"the state was not copied to the bucket; it is in {kept}: run this command again")
    for leftover in kept.parent.glob(f"{kept.name}*"):
        leftover.unlink()


def _apply(stack: Stack, environ: Mapping[str, str], approved: bool, say: Callable[[str], None]) -> None:
    """Where there is something to change, Terraform shows the plan and, unless `approved`, asks in the terminal."""
    if approved:
        command = ["apply", "-auto-approve", "-input=false", "-parallelism=30"]
        terraform.run(command, cwd=stack.folder, environ=environ, on_line=say)
    elif code := processes.ask([terraform.binary(environ), "apply"], cwd=stack.folder, environ=environ):
        raise DeployError(
            f"terraform apply in {stack.name} ended with exit code {code}; nothing is lost: run this command again"
        )
