"""What a teardown must not take away, and what the next deployment takes up again.

A final snapshot, a retained backup or a secret in its recovery window can be read only with the key that encrypted it,
and AWS deletes a key after its window whatever is under it. So before anything is destroyed, such keys, their aliases
and the vaults of backups are taken out of the states: Terraform no longer knows them, and they stay as they are. No
address moves. The next deployment finds them by their names, and imports them.

What is let go is read from the states, not from the files: they say with which arguments Terraform destroys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from tools.deploy import destruction, kept, leftovers, states, terraform
from tools.deploy.aws import Regional, asked
from tools.deploy.kept import Attributes
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

# A state on its way back to the bucket, beside the JSON of its stack.
_RENAMED = "renamed.state.json"
BLOCKS = "kept.tf.json"
"""Import blocks beside the JSON of a stack, while a deployment or a plan runs."""

# Resource type -> the argument with its key, and whether data under the key outlives the resource. Where an import
# has not written the argument, the key is kept.
_OUTLIVED: Mapping[str, tuple[str, Callable[[Attributes], bool]]] = {
    "aws_rds_cluster": (
        "kms_key_id",
        lambda a: a.get("skip_final_snapshot") is not True or a.get("delete_automated_backups") is not True,
    ),
    "aws_elasticache_replication_group": ("kms_key_id", lambda a: bool(a.get("final_snapshot_identifier"))),
    "aws_secretsmanager_secret": ("kms_key_id", lambda a: a.get("recovery_window_in_days") != 0),
    # AWS deletes no vault in which there is a backup, and Terraform empties it only where it is told to.
    "aws_backup_vault": ("kms_key_arn", lambda a: a.get("force_destroy") is not True),
}

# Resource type -> what decides at its destruction whether data is kept, and which values keep it. An import writes none
# of them, or those that keep nothing: https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service
_KEEPING: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "aws_rds_cluster": {
        "skip_final_snapshot": lambda value: value is False,
        "delete_automated_backups": lambda value: value is False,
    },
    "aws_elasticache_replication_group": {"final_snapshot_identifier": bool},
    "aws_secretsmanager_secret": {"recovery_window_in_days": bool},
}


@dataclass(frozen=True)
class _Held:
    """One resource in a state."""

    stack: Stack
    type: str
    address: str
    attributes: Attributes


def release(
    environment: str, *, environ: Mapping[str, str], s3: Any, client: Regional, say: Callable[[str], None] = print
) -> None:
    """Take the keys of what outlives a destruction out of the states, with their aliases, and the vaults of backups.

    Run again, after a destruction that was killed, it goes on with what is left. Raises DeployError, also where the
    settings keep data that Terraform, by what is deployed, would not.
    """
    found = stacks.find(environment)
    clear(found)
    held = list(_held(found, s3))
    _refuse_losses(environment, held)
    keys = {one.attributes["arn"] for one in held if one.type == "aws_kms_key"}
    needed = keys & {one.attributes.get(_OUTLIVED[one.type][0]) for one in held if _outlived(one)}
    # Made by hand, or left by a stack that was destroyed before.
    known = {one.attributes["arn"] for one in held if one.attributes.get("arn")}
    needed |= {left.key for left in leftovers.find(keys, [], client, known=known)}
    vaults = {one.attributes["name"] for one in held if one.type == "aws_backup_vault" and _outlived(one)}
    emptied = {one.attributes["name"] for one in held if one.type == "aws_backup_vault" and not _outlived(one)}
    # The second are of a destruction that was killed: AWS has them, and no state.
    if vaults | ({name for _, name in kept.vaults(environment, client)} - emptied):
        # RDS encrypts what AWS Backup has it keep under the key of the cluster.
        needed |= keys & {one.attributes.get("kms_key_id") for one in held if one.type == "aws_rds_cluster"}

    _free_names(held, environ, client, say)

    def stays(one: _Held) -> bool:
        return (
            (one.type == "aws_kms_key" and one.attributes["arn"] in needed)
            or (one.type == "aws_kms_alias" and one.attributes["target_key_arn"] in needed)
            or (one.type == "aws_backup_vault" and one.attributes["name"] in vaults)
            or (one.type == "aws_backup_vault_lock_configuration" and one.attributes["backup_vault_name"] in vaults)
        )

    for stack in found:
        addresses = [one.address for one in held if one.stack is stack and stays(one)]
        if addresses:
            terraform.init(stack.folder, environ)
            terraform.run(["state", "rm", "-lock-timeout=120s", *addresses], cwd=stack.folder, environ=environ)
            say(f"{stack.name}: kept, and no longer in the state: {', '.join(addresses)}")


def _free_names(held: list[_Held], environ: Mapping[str, str], client: Regional, say: Callable[[str], None]) -> None:
    """Give a final snapshot another name, in the state alone, where an earlier life of the same stack has left one.

    Its name has the id of a security group, and this outlives the cluster where a destruction was interrupted and a
    deployment followed. AWS renames no snapshot, and knows nothing of the argument before it deletes the resource.
    """
    for one in (one for one in held if one.attributes.get("final_snapshot_identifier") and one.attributes.get("arn")):
        region = str(one.attributes["arn"]).split(":")[3]
        taken = leftovers.snapshots(one.type, region, client)
        name = wanted = str(one.attributes["final_snapshot_identifier"])
        numbers = (f"{wanted}-{number}" for number in count(2))
        while name in taken:
            name = next(numbers)
        if name != wanted:
            terraform.init(one.stack.folder, environ)
            state = json.loads(terraform.run(["state", "pull"], cwd=one.stack.folder, environ=environ).stdout)
            state["serial"] += 1
            for resource in state["resources"]:
                if f"{resource['type']}.{resource['name']}" == one.address:
                    resource["instances"][0]["attributes"]["final_snapshot_identifier"] = name
            file = one.stack.folder / _RENAMED
            file.write_text(json.dumps(state), encoding="utf-8")
            try:
                terraform.run(["state", "push", "-lock-timeout=120s", _RENAMED], cwd=one.stack.folder, environ=environ)
            finally:
                file.unlink()
            say(f"{one.stack.name}: there is a snapshot {wanted} already; the final one will be {name}")


def _refuse_losses(environment: str, held: list[_Held]) -> None:
    for one in held:
        resources = one.stack.configuration.get("resource", {})
        wanted = resources.get(one.type, {}).get(one.address.partition(".")[2], {})
        for argument, keeps in _KEEPING.get(one.type, {}).items():
            if keeps(wanted.get(argument)) and not keeps(one.attributes.get(argument)):
                raise DeployError(
                    f"{one.stack.name}: {one.address}: {argument} = {json.dumps(one.attributes.get(argument))} in the "
                    f"state, {json.dumps(wanted[argument])} in the settings: data that the settings keep would be "
                    f"lost; first run: make unprotect ENV={environment} CONFIRM={environment}"
                )


def _outlived(one: _Held) -> bool:
    return one.type in _OUTLIVED and _OUTLIVED[one.type][1](one.attributes)


def _held(found: list[Stack], s3: Any) -> Iterator[_Held]:
    for stack, state in states.states(found, s3):
        for resource in (one for one in state["resources"] if one["mode"] == "managed"):
            for instance in resource["instances"]:
                address = f"{resource['type']}.{resource['name']}"
                yield _Held(stack, resource["type"], address, instance.get("attributes") or {})


@contextmanager
def taken_up(
    environment: str, *, s3: Any, client: Regional, change: bool = True, say: Callable[[str], None] = print
) -> Iterator[list[str]]:
    """Have the plans that are made meanwhile import what is kept; gives what was changed for it.

    A key or a secret that is pending deletion is first brought back, unless `change` is off: then it is named, and
    left alone. AWS is asked only about what no state has, and about every key: Terraform takes one that is pending
    deletion for gone, and would make another. Raises DeployError.
    """
    with asked("nothing was changed, for it is not known what an earlier teardown has left"):
        changed = _take_up(environment, s3, client, change, say)
        if change:
            destruction.end(environment, s3)
    try:
        yield changed
    finally:
        clear(stacks.find(environment))


def _take_up(environment: str, s3: Any, client: Regional, change: bool, say: Callable[[str], None]) -> list[str]:
    found = stacks.find(environment)
    clear(found)
    held = {(one.stack.name, one.address) for one in _held(found, s3)}
    changed: list[str] = []
    for stack in found:
        configuration = stack.configuration
        imports: dict[str, str] = {}
        for type_, find in kept.FINDERS.items():
            for id_, arguments in configuration.get("resource", {}).get(type_, {}).items():
                if type_ == "aws_kms_alias" or (stack.name, f"{type_}.{id_}") not in held:
                    region, accounts = kept.place(configuration, arguments)
                    aws = kept.Aws(environment, region, accounts, client, change, changed, say)
                    imports |= find(aws, f"{type_}.{id_}", arguments, configuration)
        imports = {to: id_ for to, id_ in imports.items() if (stack.name, to) not in held}
        if imports:
            text = json.dumps({"import": [{"to": to, "id": id_} for to, id_ in imports.items()]})
            (stack.folder / BLOCKS).write_text(text, encoding="utf-8")
            say(f"{stack.name}: taken up again: {', '.join(imports)}")
    return changed


def clear(found: list[Stack]) -> None:
    """Remove the import blocks: beside a destruction they would fetch back what it is to leave."""
    for stack in found:
        (stack.folder / BLOCKS).unlink(missing_ok=True)
