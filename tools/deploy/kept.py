"""What of an environment AWS still has where no state may have it: keys, secrets and vaults, found by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.aws import Regional, ask, pages
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError
from tools.synthesized.values import blocks, listed

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Aws:
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


def _key(aws: Aws, address: str, arguments: Attributes, _: Attributes) -> dict[str, str]:
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


def _secret(aws: Aws, address: str, arguments: Attributes, _: Attributes) -> dict[str, str]:
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


def _vault(aws: Aws, address: str, arguments: Attributes, configuration: Attributes) -> dict[str, str]:
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


FINDERS: Mapping[str, Callable[[Aws, str, Attributes, Attributes], dict[str, str]]] = {
    "aws_kms_alias": _key,
    "aws_secretsmanager_secret": _secret,
    "aws_backup_vault": _vault,
}


def place(configuration: Attributes, arguments: Attributes) -> tuple[str, list[str]]:
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


def keys(environment: str, client: Regional) -> list[Kept]:
    """The keys that the synthesized JSON names and AWS has."""
    found: list[Kept] = []
    for aws, name in _named(environment, "aws_kms_alias", client):
        kms = client("kms", aws.region)
        key = ask(kms.describe_key, KeyId=name).get("KeyMetadata")
        if key and aws.owns(key_tags(kms, key["KeyId"]), key["Arn"]):
            found.append(Kept(aws.region, name, key["Arn"], key["KeyState"] == "PendingDeletion"))
    return found


def vaults(environment: str, client: Regional) -> list[tuple[str, str]]:
    """(region, name) of the vaults that the synthesized JSON names and AWS has."""
    return [
        (aws.region, name)
        for aws, name in _named(environment, "aws_backup_vault", client)
        if _vault(aws, "", {"name": name}, {})
    ]


def _named(environment: str, type_: str, client: Regional) -> Iterator[tuple[Aws, str]]:
    """The names of the resources of a type in the JSON, each with what asks AWS in its region and changes nothing."""
    for stack in stacks.find(environment):
        configuration = stack.configuration
        for arguments in configuration.get("resource", {}).get(type_, {}).values():
            region, accounts = place(configuration, arguments)
            aws = Aws(environment, region, accounts, client, change=False, changed=[], say=lambda _: None)
            yield aws, arguments["name"]
