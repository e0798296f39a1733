"""Gets an environment out of what a killed Terraform left: its locks, and what it made but had not yet written down.

Without this the next deployment fails, because states are locked and names are taken, or makes a second one of what
needs no name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.deploy import keep, orphans, states, terraform
from tools.deploy.aws import Clients
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

_Ids = dict[str, tuple[str, str]]
"""Address -> import id, and what it is of."""

_LEFT = """\
These carry the environment's tags, but are in no state. Snapshots, backups and older task definitions are meant to be;
import the rest by `terraform import` in the stack's folder of cdktf.out, or delete it:"""
_UNSEEN = """\
What has neither tags nor a name, such as a resource of a REST API or a mount target, was not looked for. Where the next
deployment says that one exists already, import or delete it."""


def recover(environment: str, *, environ: Mapping[str, str], clients: Clients, confirmed: bool) -> None:
    """Show what is locked; when `confirmed`, break the locks and import what was made. Raises DeployError."""
    unlock(environment, environ=environ, s3=clients("s3"), confirmed=confirmed)
    if confirmed:
        tagging = clients("resourcegroupstaggingapi")
        count = adopt(environment, environ=environ, tagging=tagging, s3=clients("s3"))
        print(f"Taken back: {count}. Now deploy again.")


def unlock(
    environment: str, *, environ: Mapping[str, str], s3: Any, confirmed: bool, say: Callable[[str], None] = print
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
            terraform.init(stack.folder, environ)
            terraform.run(["force-unlock", "-force", lock["ID"]], cwd=stack.folder, environ=environ)
            say(f"{stack.name}: unlocked")
    if not found:
        say(f"No state of {environment} is locked")
    elif not confirmed:
        say(f"When none of them runs any more: make recover ENV={environment} CONFIRM={environment}")
    return found


def adopt(
    environment: str, *, environ: Mapping[str, str], tagging: Any, s3: Any, say: Callable[[str], None] = print
) -> int:
    """Import what is in no state and Terraform takes, and name what is left; returns the number of imports.

    `tagging` and `s3` are boto3 clients. A stack that needs one without a state was not begun. One whose plan fails is
    left alone, and the reason is shown. Raises DeployError.
    """
    found, every = stacks.find(environment), stacks.find_all(environment)
    tagged = orphans.find(environment, every, tagging=tagging, s3=s3)
    deployed = {stack.name for stack, _ in states.states(every, s3)}
    begun = [stack for stack in found if deployed.issuperset(stack.needs)]
    adopted = sum(_adopt_stack(stack, tagged, environ, say) for stack in begun)
    if left := orphans.find(environment, every, tagging=tagging, s3=s3):
        say(_LEFT)
        for arn, tags in sorted(left.items(), key=lambda item: (item[1].get("Stack", ""), item[0])):
            say(f"  {tags.get('Stack', '-')}: {arn} {tags.get('Name', '')}".rstrip())
    say(_UNSEEN)
    return adopted


def _adopt_stack(stack: Stack, tagged: orphans.Tagged, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    terraform.init(stack.folder, environ)
    accepted = _accepted(stack, tagged, environ, say)
    for address, (id_, _) in accepted.items():
        terraform.run(["import", "-input=false", "-no-color", address, id_], cwd=stack.folder, environ=environ)
        say(f"{stack.name}: {address} is {id_}")
    return len(accepted)


def _accepted(stack: Stack, tagged: orphans.Tagged, environ: Mapping[str, str], say: Callable[[str], None]) -> _Ids:
    """Import ids by address, with which the stack's plan succeeds and replaces nothing.

    Plans again and again, because each plan shows more ids of what others belong to, or which attempts were wrong.
    """
    taken: _Ids = {}
    attempts: _Ids = {}
    refused: set[tuple[str, str]] = set()  # (address, import id or ARN)
    while True:
        changes, error = _plan(stack, {**taken, **attempts}, environ)
        if error and attempts:
            wrong = _blamed(attempts, error)
            if not wrong and len(attempts) > 1:
                attempts = dict([next(iter(attempts.items()))])  # one at a time shows which is wrong
                continue
            refused |= {(address, attempts.pop(address)[0]) for address in wrong or list(attempts)}
            continue
        if error:
            say(f"{stack.name}: cannot be planned, so nothing is imported there: {error.strip()}")
            return {}
        unfit = {change["address"] for change in changes if change["address"] in attempts and not orphans.fits(change)}
        tried = {address: attempts.pop(address) for address in unfit}
        # What is known by its name may only be unfit because of a wrong guess beside it, as an alias of the wrong key.
        guessed = {address for address, (id_, arn) in tried.items() if id_ != arn}
        refused |= {(address, tried[address][1]) for address in guessed or unfit}
        if unfit and attempts:
            continue  # what fits beside something unfit may not fit without it, as an instance without its cluster
        taken |= attempts
        attempts = {}
        for change in changes:
            address = change["address"]
            if change["change"]["actions"] == ["create"] or address in unfit:
                used = {arn for _, arn in (*taken.values(), *attempts.values())}
                for id_, arn in orphans.import_ids(change, tagged):
                    if arn not in used and not refused & {(address, id_), (address, arn)}:
                        attempts[address] = id_, arn
                        break
        if not attempts:
            return taken


def _blamed(attempts: _Ids, error: str) -> list[str]:
    """The attempts that an error names, by address or by id."""
    return [
        address
        for address, (id_, _) in attempts.items()
        if f'"{address}"' in error or re.search(rf"(?<![\w/.-]){re.escape(id_)}(?![\w/-])", error)
    ]


def _plan(stack: Stack, ids: _Ids, environ: Mapping[str, str]) -> tuple[list[dict[str, Any]], str]:
    """The changes of a plan that imports these ids, and its error, of which one is empty."""
    # A killed deployment may have left its own blocks there. Those of a killed recovery go with the next deployment.
    blocks, plan = stack.folder / keep.BLOCKS, stack.folder / "recover.tfplan"
    blocks.write_text(json.dumps({"import": [{"to": to, "id": id_} for to, (id_, _) in ids.items()]}), encoding="utf-8")
    try:
        command = ["plan", "-input=false", "-no-color", f"-out={plan}"]
        done = terraform.run(command, cwd=stack.folder, environ=environ, check=False)
        if done.returncode:
            return [], done.stderr
        shown = terraform.run(["show", "-json", str(plan)], cwd=stack.folder, environ=environ)
        return json.loads(shown.stdout).get("resource_changes", []), ""
    finally:
        plan.unlink(missing_ok=True)
        blocks.unlink()
