"""What a teardown must not take away, and what the next deployment takes up again.

A final snapshot, a retained backup or a secret in its recovery window can be read only with the key that encrypted it,
and AWS deletes a key after its window whatever is under it. So before anything is destroyed, such keys, their aliases
and the vaults of backups are taken out of the states: Terraform no longer knows them, and they stay as they are. No
address moves. The next deployment finds them by their names, and imports them.

What is let go is read from the states, not from the files: they say with which arguments Terraform destroys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tools.deploy import destruction, leftovers, states, terraform
from tools.deploy.aws import Regional, ask, asked, pages
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack
from tools.synthesized.values import blocks, listed

BLOCKS = "kept.tf.json"
"""Import blocks beside the JSON of a stack, while a deployment or a plan runs."""

Attributes = Mapping[str, Any]

# Resource type -> the argument with its key, and whether data under the key outlives the resource. An argument that an
# imported resource does not have yet counts as AWS's default: the data stays.
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
    kept = keys & {one.attributes.get(_OUTLIVED[one.type][0]) for one in held if _outlived(one)}
    # Made by hand, or left by a stack that was destroyed before.
    known = {one.attributes["arn"] for one in held if one.attributes.get("arn")}
    kept |= {left.key for left in leftovers.find(keys, [], client, known=known)}
    vaults = {one.attributes["name"] for one in held if one.type == "aws_backup_vault" and _outlived(one)}
    emptied = {one.attributes["name"] for one in held if one.type == "aws_backup_vault" and not _outlived(one)}
    # The second are of a destruction that was killed: AWS has them, and no state.
    if vaults | ({name for _, name in kept_vaults(environment, client)} - emptied):
        # RDS encrypts what AWS Backup has it keep under the key of the cluster.
        kept |= keys & {one.attributes.get("kms_key_id") for one in held if one.type == "aws_rds_cluster"}

    def stays(one: _Held) -> bool:
        return (
            (one.type == "aws_kms_key" and one.attributes["arn"] in kept)
            or (one.type == "aws_kms_alias" and one.attributes["target_key_arn"] in kept)
            or (one.type == "aws_backup_vault" and one.attributes["name"] in vaults)
            or (one.type == "aws_backup_vault_lock_configuration" and one.attributes["backup_vault_name"] in vaults)
        )

    for stack in found:
        addresses = [one.address for one in held if one.stack is stack and stays(one)]
        if addresses:
            terraform.init(stack.folder, environ)
            terraform.run(["state", "rm", "-lock-timeout=120s", *addresses], cwd=stack.folder, environ=environ)
            say(f"{stack.name}: kept, and no longer in the state: {', '.join(addresses)}")


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
        for type_, find in _FINDERS.items():
            for id_, arguments in configuration.get("resource", {}).get(type_, {}).items():
                if type_ == "aws_kms_alias" or (stack.name, f"{type_}.{id_}") not in held:
                    region, accounts = _place(configuration, arguments)
                    aws = _Aws(environment, region, accounts, client, change, changed, say)
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


@dataclass(frozen=True)
class _Aws:
    """Asks AWS about things of one environment."""

    environment: str
    region: str
    accounts: list[str]
    client: Regional
    change: bool
    changed: list[str]
    say: Callable[[str], None]

    def owns(self, tags: Mapping[str, str], arn: str) -> bool:
        """Whether it is the environment's. Terraform refuses other credentials by itself; this is before Terraform."""
        ours = tags.get("Environment") == self.environment
        if ours and arn.split(":")[4] not in self.accounts:
            raise DeployError(f"the credentials are of another account than {' or '.join(self.accounts)}: {arn}")
        return ours

    def brings_back(self, what: str) -> bool:
        """Whether something that is pending deletion may be brought back; said in both cases."""
        if self.change:
            self.changed.append(what)
        self.say(f"{what} was pending deletion: {'brought back' if self.change else 'a deployment brings it back'}")
        return self.change


def _key(aws: _Aws, address: str, arguments: Attributes, _: Attributes) -> dict[str, str]:
    kms, name = aws.client("kms", aws.region), arguments["name"]
    key = ask(kms.describe_key, KeyId=name).get("KeyMetadata")
    if not key or not aws.owns(key_tags(kms, key["KeyId"]), key["Arn"]):
        return {}
    if key["KeyState"] == "PendingDeletion":
        if not aws.brings_back(name):
            return {}
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html: it is disabled then
        kms.cancel_key_deletion(KeyId=key["KeyId"])
        kms.enable_key(KeyId=key["KeyId"])
    found = {address: name}
    if target := re.search(r"aws_kms_key\.[\w-]+", arguments["target_key_id"]):
        found[target.group()] = key["KeyId"]
    return found


def key_tags(kms: Any, key: str) -> dict[str, str]:
    """The tags of a key."""
    return {tag["TagKey"]: tag["TagValue"] for tag in pages(kms, "list_resource_tags", "Tags", KeyId=key)}


def _secret(aws: _Aws, address: str, arguments: Attributes, _: Attributes) -> dict[str, str]:
    secrets, name = aws.client("secretsmanager", aws.region), arguments["name"]
    secret = ask(secrets.describe_secret, SecretId=name)
    if not secret or not aws.owns({tag["Key"]: tag["Value"] for tag in secret.get("Tags", ())}, secret["ARN"]):
        return {}
    if "DeletedDate" in secret:
        if not aws.brings_back(name):
            return {}
        secrets.restore_secret(SecretId=name)
    if aws.change:
        # The deployment makes another version current. AWS then takes a version that is still labelled as pending for a
        # rotation in progress, and refuses the first one of the new database.
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
        versions = secrets.describe_secret(SecretId=name).get("VersionIdsToStages", {})
        for pending in (version for version, stages in versions.items() if "AWSPENDING" in stages):
            secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=pending)
    return {address: secret["ARN"]}


def _vault(aws: _Aws, address: str, arguments: Attributes, configuration: Attributes) -> dict[str, str]:
    backup, name = aws.client("backup", aws.region), arguments["name"]
    vaults = {vault["BackupVaultName"]: vault for vault in pages(backup, "list_backup_vaults", "BackupVaultList")}
    if name not in vaults:
        return {}
    arn = vaults[name]["BackupVaultArn"]
    if not aws.owns(backup.list_tags(ResourceArn=arn)["Tags"], arn):
        return {}
    locks = configuration.get("resource", {}).get("aws_backup_vault_lock_configuration", {})
    locked = [id_ for id_, lock in locks.items() if f"{address}." in lock["backup_vault_name"]]
    found = {address: name}
    if vaults[name].get("Locked"):
        found |= {f"aws_backup_vault_lock_configuration.{id_}": name for id_ in locked}
    return found


_FINDERS: Mapping[str, Callable[[_Aws, str, Attributes, Attributes], dict[str, str]]] = {
    "aws_kms_alias": _key,
    "aws_secretsmanager_secret": _secret,
    "aws_backup_vault": _vault,
}


def _place(configuration: Attributes, arguments: Attributes) -> tuple[str, list[str]]:
    """Region and accounts of a resource: those of its provider, which has no alias where none is named."""
    wanted = arguments.get("provider", "aws").partition(".")[2] or None
    providers = blocks(configuration["provider"]["aws"])
    found = next(one for one in providers if one.get("alias") == wanted)
    return str(found["region"]), listed(found["allowed_account_ids"])


@dataclass(frozen=True)
class Kept:
    """A key that is in no state."""

    region: str
    alias: str
    arn: str
    pending: bool


def kept(environment: str, client: Regional) -> list[Kept]:
    """The keys that the synthesized JSON names and AWS has."""
    keys: list[Kept] = []
    for aws, name in _named(environment, "aws_kms_alias", client):
        kms = client("kms", aws.region)
        key = ask(kms.describe_key, KeyId=name).get("KeyMetadata")
        if key and aws.owns(key_tags(kms, key["KeyId"]), key["Arn"]):
            keys.append(Kept(aws.region, name, key["Arn"], key["KeyState"] == "PendingDeletion"))
    return keys


def kept_vaults(environment: str, client: Regional) -> list[tuple[str, str]]:
    """(region, name) of the vaults that the synthesized JSON names and AWS has."""
    return [
        (aws.region, name)
        for aws, name in _named(environment, "aws_backup_vault", client)
        if _vault(aws, "", {"name": name}, {})
    ]


def _named(environment: str, type_: str, client: Regional) -> Iterator[tuple[_Aws, str]]:
    """The names of the resources of a type in the JSON, each with what asks AWS in its region and changes nothing."""
    for stack in stacks.find(environment):
        configuration = stack.configuration
        for arguments in configuration.get("resource", {}).get(type_, {}).values():
            region, accounts = _place(configuration, arguments)
            aws = _Aws(environment, region, accounts, client, change=False, changed=[], say=lambda _: None)
            yield aws, arguments["name"]
