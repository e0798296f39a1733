"""Takes what a killed Terraform made, but had not yet written into its state, back into Terraform.

Without this the next deployment fails, because names are taken, or makes a second one of what needs no name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tools.deploy import orphans, plans, processes, states, terraform
from tools.deploy.aws import Clients
from tools.deploy.processes import OnLine
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

# A method can only be looked for once its resource is known, that once the one above it is, and so on up to the API.
_MOST_ROUNDS = 8


def adopt(environment: str, *, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None] = print) -> int:
    """Import every orphan of the environment's stacks; returns how many. `clients` makes boto3 clients.

    A stack whose plan fails, mostly because an earlier one is not deployed yet, is left alone; it says why.
    Raises DeployError.
    """
    found = stacks.find(environment)
    list(states.states(found, clients("s3")))  # a plan that fails for a broken state would look like nothing to adopt
    return sum(_adopt_stack(stack, environ, clients, say) for stack in found)


def _adopt_stack(stack: Stack, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None]) -> int:
    init = terraform.run(["init", "-reconfigure", "-input=false"], cwd=stack.folder, environ=environ, check=False)
    if init.returncode:
        raise DeployError(f"terraform init failed in {stack.name}:\n{init.stdout}{init.stderr}")
    tried: set[str] = set()
    adopted = 0
    for _ in range(_MOST_ROUNDS):
        planned = [change for change in _creations(stack, environ, say) if change["address"] not in tried]
        existing = {change["address"]: id_ for change in planned if (id_ := orphans.find(change, clients))}
        named = {change["address"]: id_ for change in planned if (id_ := orphans.name(change))}
        tried |= {*existing, *named}
        # Whether these exist, only the attempt tells.
        done = {address: id_ for address, id_ in named.items() if not _import_one(stack, address, id_, environ)}
        _import_all(stack, existing, environ)
        for address, id_ in {**done, **existing}.items():
            say(f"{stack.name}: {address} is {id_}")
        adopted += len(existing) + len(done)
        if not existing and not done:
            break
    return adopted


def _import_all(stack: Stack, existing: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Import what certainly exists: at once, where that makes nothing else, and otherwise one by one."""
    if not existing or _import_together(stack, existing, environ):
        return
    for address, id_ in existing.items():
        if error := _import_one(stack, address, id_, environ):
            raise DeployError(f"{stack.name}: the import of {address} failed:\n{error}")


def _import_together(stack: Stack, existing: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    """Whether one plan could import them all: a target takes with it what it depends on, found or not."""
    blocks, plan = stack.folder / "recover.tf.json", stack.folder / "recover.tfplan"
    blocks.write_text(
        json.dumps({"import": [{"to": address, "id": id_} for address, id_ in existing.items()]}), encoding="utf-8"
    )
    try:
        targets = [f"-target={address}" for address in existing]
        changes = _planned(stack, plan, environ, *targets, say=processes.ignore)
        if not changes or any({"create", "delete"} & set(change["change"]["actions"]) for change in changes):
            return False
        done = terraform.run(["apply", "-input=false", str(plan)], cwd=stack.folder, environ=environ, check=False)
    finally:
        plan.unlink(missing_ok=True)
        blocks.unlink()
    return done.returncode == 0


def _import_one(stack: Stack, address: str, id_: str, environ: Mapping[str, str]) -> str:
    """The error, empty when it was imported."""
    command = ["import", "-input=false", address, id_]
    done = terraform.run(command, cwd=stack.folder, environ=environ, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def _creations(stack: Stack, environ: Mapping[str, str], say: OnLine) -> list[dict[str, Any]]:
    """What the plan would create; nothing where the plan fails."""
    plan = stack.folder / "recover.tfplan"
    try:
        changes = _planned(stack, plan, environ, say=say)
    finally:
        plan.unlink(missing_ok=True)
    return [change for change in changes if change["change"]["actions"] == ["create"]]


def _planned(stack: Stack, plan: Path, environ: Mapping[str, str], *options: str, say: OnLine) -> list[dict[str, Any]]:
    """The changes of a plan, which is left in its file; none where it fails."""
    command = ["plan", "-json", "-input=false", f"-out={plan}", *options]
    done = terraform.run(command, cwd=stack.folder, environ=environ, check=False)
    if done.returncode:
        reasons = plans.diagnostics(done.stdout) or [done.stderr.strip()]
        say(f"{stack.name}: cannot be planned, so nothing is taken back there: {reasons[0]}")
        return []
    shown = json.loads(terraform.run(["show", "-json", str(plan)], cwd=stack.folder, environ=environ).stdout)
    changes: list[dict[str, Any]] = shown.get("resource_changes", [])
    return changes
