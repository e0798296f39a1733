"""Takes what a killed Terraform made, but had not yet written into its state, back into Terraform.

Without this the next deployment fails, because names are taken, or makes a second one of what needs no name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from deploy import orphans, stacks, terraform
from deploy.asking import Clients
from deploy.failure import DeployError
from deploy.stacks import Stack

# A method can only be looked for once its resource is known, that once the one above it is, and so on up to the API.
_MOST_ROUNDS = 8


def adopt(environment: str, *, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None] = print) -> int:
    """Import every orphan of the environment's stacks; returns how many. `clients` makes boto3 clients.

    A stack whose plan fails because an earlier one is not deployed yet has nothing to adopt. Raises DeployError.
    """
    return sum(_adopt_stack(stack, environ, clients, say) for stack in stacks.find(environment))


def _adopt_stack(stack: Stack, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None]) -> int:
    init = terraform.run(["init", "-reconfigure", "-input=false"], cwd=stack.folder, environ=environ, check=False)
    if init.returncode:
        raise DeployError(f"terraform init failed in {stack.name}:\n{init.stdout}{init.stderr}")
    tried: set[str] = set()
    adopted = 0
    for _ in range(_MOST_ROUNDS):
        planned = [change for change in _creations(stack, environ) if change["address"] not in tried]
        existing = {change["address"]: id_ for change in planned if (id_ := orphans.find(change, clients))}
        named = {change["address"]: id_ for change in planned if (id_ := orphans.name(change))}
        tried |= {*existing, *named}
        if existing:
            _import_together(stack, existing, environ)
        # Whether these exist, only the attempt tells.
        done = {address: id_ for address, id_ in named.items() if _import_one(stack, address, id_, environ)}
        for address, id_ in {**existing, **done}.items():
            say(f"{stack.name}: {address} is {id_}")
        adopted += len(existing) + len(done)
        if not existing and not done:
            break
    return adopted


def _import_together(stack: Stack, existing: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """One apply that imports, limited to what it imports."""
    blocks = stack.folder / "recover.tf.json"
    blocks.write_text(
        json.dumps({"import": [{"to": address, "id": id_} for address, id_ in existing.items()]}), encoding="utf-8"
    )
    try:
        done = terraform.run(
            ["apply", "-auto-approve", "-input=false", *(f"-target={address}" for address in existing)],
            cwd=stack.folder,
            environ=environ,
            check=False,
        )
    finally:
        blocks.unlink()
    if done.returncode:
        raise DeployError(f"{stack.name}: the import of {', '.join(existing)} failed:\n{done.stdout}{done.stderr}")


def _import_one(stack: Stack, address: str, id_: str, environ: Mapping[str, str]) -> bool:
    command = ["import", "-input=false", address, id_]
    return terraform.run(command, cwd=stack.folder, environ=environ, check=False).returncode == 0


def _creations(stack: Stack, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the plan would create; nothing where the plan fails."""
    plan = stack.folder / "recover.tfplan"
    try:
        done = terraform.run(["plan", "-input=false", f"-out={plan}"], cwd=stack.folder, environ=environ, check=False)
        if done.returncode:
            return []
        changes = json.loads(terraform.run(["show", "-json", str(plan)], cwd=stack.folder, environ=environ).stdout)
    finally:
        plan.unlink(missing_ok=True)
    return [change for change in changes.get("resource_changes", ()) if change["change"]["actions"] == ["create"]]
