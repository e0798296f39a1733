"""Makes the bucket in which Terraform keeps its states, and moves the state of that bucket into it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from tools.deploy import states, terraform
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

_OVERRIDE = "backend_override.tf.json"
_INIT = ("init", "-reconfigure", "-input=false")


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
    override = stack.folder / _OVERRIDE
    override.unlink(missing_ok=True)
    if states.state(stack, s3) is None:
        say(f"First deployment of {stack.name}: its state is local until its bucket exists")
        kept.parent.mkdir(parents=True, exist_ok=True)
        override.write_text(json.dumps({"terraform": {"backend": {"local": {"path": str(kept)}}}}), encoding="utf-8")
        try:
            terraform.run(_INIT, cwd=stack.folder, environ=environ)
            _apply(stack, environ, approved, say)
        finally:
            override.unlink()
        say(f"Moving its state into s3://{stack.backend['bucket']}/{stack.backend['key']}")
        move = ["init", "-migrate-state", "-force-copy", "-input=false"]
        terraform.run(move, cwd=stack.folder, environ=environ)
        if states.state(stack, s3) is None:
            raise DeployError(f"the state did not arrive in the bucket; it is kept in {kept}: run this again")
        for leftover in kept.parent.glob(f"{kept.name}*"):
            leftover.unlink()
        return
    terraform.run(_INIT, cwd=stack.folder, environ=environ)
    if _has_changes(stack, environ):
        _apply(stack, environ, approved, say)
    else:
        say(f"{stack.name} is up to date")


def _has_changes(stack: Stack, environ: Mapping[str, str]) -> bool:
    """`-detailed-exitcode`: 0 no changes, 2 changes, anything else an error."""
    done = terraform.run(["plan", "-detailed-exitcode", "-input=false"], cwd=stack.folder, environ=environ, check=False)
    if done.returncode not in (0, 2):
        raise DeployError(f"terraform plan failed in {stack.name}:\n{done.stdout}{done.stderr}")
    return done.returncode == 2


def _apply(stack: Stack, environ: Mapping[str, str], approved: bool, say: Callable[[str], None]) -> None:
    if approved:
        command = ["apply", "-auto-approve", "-input=false", "-parallelism=30"]
        terraform.run(command, cwd=stack.folder, environ=environ, on_line=say)
        return
    # Terraform shows the plan and asks in the terminal.
    asking = {key: value for key, value in environ.items() if key not in terraform.SILENCING}
    code = subprocess.run([terraform.binary(environ), "apply"], cwd=stack.folder, env=asking, check=False).returncode
    if code:
        raise DeployError(f"terraform apply in {stack.name} ended with exit code {code}; nothing is lost: run it again")
