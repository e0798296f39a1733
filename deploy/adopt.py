"""Takes what a killed Terraform made, but had not yet written into its state, back into Terraform.

Without this the next deployment fails, because names are taken, or makes a second one of what needs no name. Found are
EC2 resources by their tags (every one has the environment's and its own Name), keys by their alias, and all else by
the name that the plan wants to give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy import stacks, terraform
from deploy.failure import DeployError
from deploy.stacks import Stack

# EC2's name of a resource type -> Terraform's. Its id is the import id.
_BY_TAGS = {
    "aws_default_network_acl": None,  # adopting a default is what creating it does
    "aws_default_security_group": None,
    "aws_eip": "elastic-ip",
    "aws_flow_log": "vpc-flow-log",
    "aws_internet_gateway": "internet-gateway",
    "aws_nat_gateway": "natgateway",
    "aws_network_acl": "network-acl",
    "aws_route_table": "route-table",
    "aws_security_group": "security-group",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpc-endpoint",
}
# The attributes that make up the import id, joined by the separator.
_BY_ATTRIBUTES = {
    "aws_cloudwatch_log_group": ("", "name"),
    "aws_db_parameter_group": ("", "name"),
    "aws_db_subnet_group": ("", "name"),
    "aws_ecr_repository": ("", "name"),
    "aws_elasticache_parameter_group": ("", "name"),
    "aws_elasticache_replication_group": ("", "replication_group_id"),
    "aws_elasticache_subnet_group": ("", "name"),
    "aws_elasticache_user": ("", "user_id"),
    "aws_elasticache_user_group": ("", "user_group_id"),
    "aws_iam_role": ("", "name"),
    "aws_kms_alias": ("", "name"),
    "aws_lambda_function": ("", "function_name"),
    "aws_rds_cluster": ("", "cluster_identifier"),
    "aws_rds_cluster_instance": ("", "identifier"),
    "aws_rds_cluster_parameter_group": ("", "name"),
    "aws_route": ("_", "route_table_id", "destination_cidr_block"),
    "aws_route_table_association": ("/", "subnet_id", "route_table_id"),
    "aws_s3_bucket": ("", "bucket"),
}
# A subnet can only be looked for once its VPC is known, a route once its table is, and so on.
_MOST_ROUNDS = 5

Clients = Callable[[str], Any]


def adopt(
    environment: str, *, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None] = print
) -> int:
    """Import every orphan of the environment's stacks; returns how many. `clients` makes boto3 clients.

    A stack whose plan fails because an earlier one is not deployed yet has nothing to adopt. Raises DeployError.
    """
    return sum(_adopt_stack(stack, environ, clients, say) for stack in stacks.find(environment))


def _adopt_stack(stack: Stack, environ: Mapping[str, str], clients: Clients, say: Callable[[str], None]) -> int:
    init = terraform.run(["init", "-reconfigure", "-input=false"], cwd=stack.folder, environ=environ, check=False)
    if init.returncode:
        raise DeployError(f"terraform init failed in {stack.name}:\n{init.stdout}{init.stderr}")
    tried: set[tuple[str, str]] = set()
    adopted = 0
    for _ in range(_MOST_ROUNDS):
        wanted = [pair for pair in _candidates(stack, environ, clients) if pair not in tried]
        if not wanted:
            break
        for address, id_ in wanted:
            tried.add((address, id_))
            done = terraform.run(["import", "-input=false", address, id_], cwd=stack.folder, environ=environ, check=False)
            if done.returncode == 0:
                adopted += 1
                say(f"{stack.name}: {address} is {id_}")
    return adopted


def _candidates(stack: Stack, environ: Mapping[str, str], clients: Clients) -> Iterator[tuple[str, str]]:
    """Address and import id of every resource that the plan would create and that may exist."""
    plan = stack.folder / "recover.tfplan"
    try:
        done = terraform.run(["plan", "-input=false", f"-out={plan}"], cwd=stack.folder, environ=environ, check=False)
        if done.returncode:
            return
        changes = json.loads(terraform.run(["show", "-json", str(plan)], cwd=stack.folder, environ=environ).stdout)
    finally:
        plan.unlink(missing_ok=True)
    for change in changes.get("resource_changes", ()):
        if change["change"]["actions"] == ["create"]:
            id_ = _import_id(change["type"], change["change"]["after"], clients)
            if id_ is not None:
                yield change["address"], id_


def _import_id(type_: str, planned: Mapping[str, Any], clients: Clients) -> str | None:
    if type_ in _BY_TAGS:
        return _by_tags(_BY_TAGS[type_], planned, clients)
    if type_ == "aws_kms_key":
        return _key_by_description(planned, clients)
    separator, *attributes = _BY_ATTRIBUTES.get(type_, ("",))
    values = [planned.get(attribute) for attribute in attributes]
    return separator.join(map(str, values)) if values and all(values) else None


def _by_tags(type_: str | None, planned: Mapping[str, Any], clients: Clients) -> str | None:
    """The one resource of EC2 that has exactly the tags of the plan."""
    tags = planned.get("tags_all") or {}
    if type_ is None or "Name" not in tags:
        return None
    filters = [{"Name": "resource-type", "Values": [type_]}, {"Name": "tag:Name", "Values": [tags["Name"]]}]
    pages = clients("ec2").get_paginator("describe_tags").paginate(Filters=filters)
    named = {tag["ResourceId"] for page in pages for tag in page["Tags"]}
    found = [id_ for id_ in sorted(named) if _tags_of(id_, clients) == tags]
    return found[0] if len(found) == 1 else None


def _tags_of(id_: str, clients: Clients) -> dict[str, str]:
    answer = clients("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [id_]}])
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _key_by_description(planned: Mapping[str, Any], clients: Clients) -> str | None:
    """The one enabled key with the plan's description and tags: keys have no name, and its alias may not exist yet."""
    kms = clients("kms")
    found = []
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            facts = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if facts["KeyState"] == "Enabled" and facts["Description"] == planned.get("description"):
                tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
                found += [key["KeyId"]] if tags == planned.get("tags_all") else []
    return found[0] if len(found) == 1 else None
