"""Gets an environment out of what a killed Terraform left: its locks, and what it made but had not yet written down.

Without this the next deployment fails, because states are locked and names are taken, or makes a second one of what
needs no name.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.deploy import keep, orphans, states, terraform
from tools.deploy.aws import Regional, ask, asked
from tools.synthesized import stacks
from tools.synthesized.stacks import Stack

_Ids = dict[str, tuple[str, str]]
"""Address -> import id, and what it is of."""
_Changes = list[dict[str, Any]]

_VALUE = "aws_secretsmanager_secret_version"
_LEFT = """\
These carry the environment's tags, but are in no state. Snapshots, backups, kept keys and older task definitions need
no action; import the others by `terraform import` in the stack's folder of cdktf.out, or delete them:"""
_UNSEEN = """\
What has neither tags nor a name, such as a resource of a REST API or a mount target, was not looked for. Where the next
deployment says that one exists already, import or delete it."""


def recover(environment: str, *, environ: Mapping[str, str], client: Regional, region: str, confirmed: bool) -> None:
    """Show what is locked; when `confirmed`, break the locks and import what was made. Raises DeployError.

    `region` is the environment's, where its bucket is.
    """
    s3 = client("s3", region)
    unlock(environment, environ=environ, s3=s3, confirmed=confirmed)
    if confirmed:
        _forget_values(environment, environ=environ, s3=s3, secrets=client("secretsmanager", region))
        count = adopt(environment, environ=environ, client=client, s3=s3)
        print(f"Imported: {count}. Now run the command again that was interrupted.")


def _forget_values(environment: str, *, environ: Mapping[str, str], s3: Any, secrets: Any) -> None:
    """Take the values of secrets that are pending deletion out of the states; Terraform cannot read them any more.

    An interrupted `destroy` leaves them there, and neither a plan nor another `destroy` would succeed.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
    """
    for stack, state in states.states(stacks.find(environment), s3):
        for resource in state["resources"]:
            ids = [each["attributes"].get("secret_id") for each in resource["instances"]]
            if resource["type"] != _VALUE or not all(ids):
                continue
            with asked(f"the secret of {resource['name']} cannot be looked at"):
                found = ask(secrets.describe_secret, SecretId=ids[0])
            if "DeletedDate" in found:
                terraform.init(stack.folder, environ)
                command = ["state", "rm", f"{_VALUE}.{resource['name']}"]
                terraform.run(command, cwd=stack.folder, environ=environ)


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
    environment: str, *, environ: Mapping[str, str], client: Regional, s3: Any, say: Callable[[str], None] = print
) -> int:
    """Import what is in no state and Terraform takes, and name what is left; returns the number of imports.

    A stack that needs one without a state was not begun. One whose plan fails is
    left alone, and the reason is shown. Raises DeployError.
    """
    found, every = stacks.find(environment), stacks.find_all(environment)
    tagged = orphans.find(environment, every, client=client, s3=s3)
    deployed = {stack.name for stack, _ in states.states(every, s3)}
    begun = [stack for stack in found if deployed.issuperset(stack.needs)]
    adopted = sum(_adopt_stack(stack, tagged, environ, say) for stack in begun)
    if left := orphans.find(environment, every, client=client, s3=s3):
        say(_LEFT)
        for arn, tags in sorted(left.items(), key=lambda item: (item[1].get("Stack", ""), item[0])):
            say(f"  {tags.get('Stack', '-')}: {arn} {tags.get('Name', '')}".rstrip())
    say(_UNSEEN)
    return adopted


def _adopt_stack(stack: Stack, tagged: orphans.Tagged, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    terraform.init(stack.folder, environ)
    count, finished, imported = 0, set[str](), set[str]()
    while True:
        left = {arn: tags for arn, tags in tagged.items() if arn not in imported}
        accepted, unfinished = _accepted(stack, left, environ, say)
        imported |= {arn for _, arn in (*accepted.values(), *unfinished.values())}
        at_once = _import_at_once(stack, accepted, environ)
        for address, (id_, _) in accepted.items():
            if address not in at_once:
                terraform.run(["import", "-input=false", "-no-color", address, id_], cwd=stack.folder, environ=environ)
            say(f"{stack.name}: imported {id_} as {address}")
        count += len(accepted)
        if unfinished.keys() <= finished:
            return count
        for address in unfinished:
            finished.add(address)
            # Of one that is in the state Terraform does not see what is missing: it remembers what it wanted.
            terraform.run(["state", "rm", address], cwd=stack.folder, environ=environ, check=False)
            with _alone(stack, address) as (alone, target):
                changes, error = _plan(alone, unfinished, environ, target, applies=_in_place)
            if error or not _in_place(changes):
                say(f"{stack.name}: {address} is incomplete and could not be completed: {error.strip()}")
                return count
            say(f"{stack.name}: {address} was incomplete and is complete now")
            count += 1


def _import_at_once(stack: Stack, ids: _Ids, environ: Mapping[str, str]) -> set[str]:
    """Import by applying a plan that changes nothing on AWS; returns the addresses. One by one takes seconds for each.

    What the next deployment will change is left out.
    """
    wanted = ids
    for _ in range(2):
        targets = [f"-target={address}" for address in wanted]
        changes, error = _plan(stack, wanted, environ, *targets, applies=_only_imports) if wanted else ([], "")
        if error or _only_imports(changes):
            return set() if error else set(wanted)
        calm = {change["address"] for change in changes if change["change"]["actions"] == ["no-op"]}
        wanted = {address: found for address, found in ids.items() if address in calm}
    return set()


def _only_imports(changes: _Changes) -> bool:
    return all(change["change"]["actions"] in (["no-op"], ["read"]) for change in changes)


def _in_place(changes: _Changes) -> bool:
    return all({"no-op", "read", "update"}.issuperset(change["change"]["actions"]) for change in changes)


def _accepted(
    stack: Stack, tagged: orphans.Tagged, environ: Mapping[str, str], say: Callable[[str], None]
) -> tuple[_Ids, _Ids]:
    """Import ids by address, with which the stack's plan succeeds and replaces nothing; and of a resource that has to
    be finished before others can be planned, if there is one.

    Plans again and again, because each plan shows more ids of what others belong to, or which attempts were wrong. It
    keeps the last plan that succeeded, and does not make it twice.
    """
    taken: _Ids = {}
    attempts: _Ids = {}
    refused: set[tuple[str, str]] = set()  # (address, import id or ARN)
    postponed: set[str] = set()
    retried = False
    planned: tuple[_Ids, _Changes] | None = None
    while True:
        ids = {**taken, **attempts}
        changes, error = (planned[1], "") if planned and planned[0] == ids else _plan(stack, ids, environ)
        planned = planned if error else (ids, changes)
        if error and attempts:
            wrong = _blamed(attempts, error)
            if not wrong and len(attempts) > 1:
                attempts = dict(list(attempts.items())[: len(attempts) // 2])  # half of them shows where it is
                continue
            (first, *_) = attempts
            if not wrong and _unfinished(stack, ids, first, environ):
                return taken, attempts
            if wrong or retried:
                refused |= {(address, attempts.pop(address)[0]) for address in wrong or list(attempts)}
            else:  # what it needs may not be imported yet
                postponed.add(first)
                attempts = {}
            continue
        if error:
            for address in _addresses(stack):  # of a cluster in the state, that was restored under the same name
                if f"{address}." in error and (id_ := _unfinished(stack, taken, address, environ)):
                    return taken, {address: (id_, id_)}
            say(f"{stack.name}: cannot be planned, so nothing is imported there: {error.strip()}")
            return {}, {}
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
            if address not in postponed and (change["change"]["actions"] == ["create"] or address in unfit):
                used = {arn for _, arn in (*taken.values(), *attempts.values())}
                for id_, arn in orphans.import_ids(change, tagged):
                    if arn not in used and not refused & {(address, id_), (address, arn)}:
                        attempts[address] = id_, arn
                        break
        if not attempts and not postponed:
            return taken, {}
        if not attempts:
            postponed, retried = set(), True


def _unfinished(stack: Stack, ids: _Ids, address: str, environ: Mapping[str, str]) -> str:
    """The id, if what stops the plan of the others is that Terraform was killed between two calls for this one.

    A cluster is restored without a managed master secret, which the next call asks for, and others refer to it.
    """
    with _alone(stack, address) as (alone, target):
        changes, error = _plan(alone, ids, environ, target)
    own = [change for change in changes if change["address"] == address]
    if error or not own or not _in_place(changes):
        return ""
    if address in ids:
        return ids[address][0] if orphans.fits(own[0]) else ""
    return str((own[0]["change"]["before"] or {}).get("id", ""))


@contextmanager
def _alone(stack: Stack, address: str) -> Iterator[tuple[Stack, str]]:
    """A copy of the stack's folder, and the option with which Terraform looks at one resource and what it needs.

    Terraform evaluates the outputs that refer to it, too. The copy has none of these.
    """
    with tempfile.TemporaryDirectory() as folder:
        alone = replace(stack, folder=Path(folder) / stack.name)
        shutil.copytree(stack.folder, alone.folder, symlinks=True)
        content = alone.configuration
        outputs = content.get("output", {}).items()
        content["output"] = {name: value for name, value in outputs if f"{address}." not in json.dumps(value)}
        (alone.folder / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
        yield alone, f"-target={address}"


def _addresses(stack: Stack) -> Iterator[str]:
    for type_, resources in stack.configuration.get("resource", {}).items():
        yield from (f"{type_}.{id_}" for id_ in resources)


def _blamed(attempts: _Ids, error: str) -> list[str]:
    """The attempts that an error names, by address or by id."""
    return [
        address
        for address, (id_, _) in attempts.items()
        if f'"{address}"' in error or re.search(rf"(?<![\w/.-]){re.escape(id_)}(?![\w/-])", error)
    ]


def _plan(
    stack: Stack,
    ids: _Ids,
    environ: Mapping[str, str],
    *options: str,
    applies: Callable[[_Changes], bool] = lambda _: False,
) -> tuple[_Changes, str]:
    """The changes of a plan that imports these ids, and its error, of which one is empty.

    It is applied if `applies` says so of its changes. What Terraform finds to be gone it then knows no more, so that
    another of the same name, made by the killed deployment, can be imported.
    """
    # A killed deployment may have left its own blocks there. Those of a killed recovery go with the next deployment.
    blocks, plan = stack.folder / keep.BLOCKS, stack.folder / "recover.tfplan"
    blocks.write_text(json.dumps({"import": [{"to": to, "id": id_} for to, (id_, _) in ids.items()]}), encoding="utf-8")
    try:
        command = ["plan", "-input=false", "-no-color", f"-out={plan}", *options]
        done = terraform.run(command, cwd=stack.folder, environ=environ, check=False)
        if done.returncode and not plan.exists():
            return [], done.stderr
        # A plan that failed is in the file, too, as far as it went.
        shown = terraform.run(["show", "-json", str(plan)], cwd=stack.folder, environ=environ)
        document = json.loads(shown.stdout)
        # An import of what does not exist is drift, too, and in no state.
        drift = [one for one in document.get("resource_drift", []) if one["address"] not in ids]
        if gone := [one["address"] for one in drift if one["change"]["actions"] == ["delete"]]:
            terraform.run(["state", "rm", *gone], cwd=stack.folder, environ=environ)
            return _plan(stack, ids, environ, *options, applies=applies)
        if done.returncode:
            return [], done.stderr
        changes = document.get("resource_changes", [])
        if applies(changes):
            terraform.run(["apply", "-input=false", "-no-color", str(plan)], cwd=stack.folder, environ=environ)
        return changes, ""
    finally:
        plan.unlink(missing_ok=True)
        blocks.unlink(missing_ok=True)
