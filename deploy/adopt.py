"""Takes what a killed Terraform made, but had not yet written into its state, back into Terraform.

Without this the next deployment fails, because names are taken, or makes a second one of what needs no name. Found are
EC2 resources by their tags (every one has the environment's and its own Name), keys by their alias, and all else by
the name that the plan wants to give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from deploy import stacks, terraform
from deploy.failure import DeployError
from deploy.stacks import Stack

# EC2's name of a resource type -> Terraform's. Its id is the import id.
_BY_TAGS = {
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
# The attribute that is the import id.
_BY_NAME = {
    "aws_cloudwatch_log_group": "name",
    "aws_db_parameter_group": "name",
    "aws_db_subnet_group": "name",
    "aws_ecr_repository": "name",
    "aws_elasticache_parameter_group": "name",
    "aws_elasticache_replication_group": "replication_group_id",
    "aws_elasticache_subnet_group": "name",
    "aws_elasticache_user": "user_id",
    "aws_elasticache_user_group": "user_group_id",
    "aws_iam_role": "name",
    "aws_kms_alias": "name",
    "aws_lambda_function": "function_name",
    "aws_rds_cluster": "cluster_identifier",
    "aws_rds_cluster_instance": "identifier",
    "aws_rds_cluster_parameter_group": "name",
    "aws_s3_bucket": "bucket",
}
# A route can only be looked for once its table is known.
_MOST_ROUNDS = 4

Clients = Callable[[str], Any]


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
        existing = {change["address"]: id_ for change in planned if (id_ := _find(change, clients))}
        named = {change["address"]: id_ for change in planned if (id_ := _name(change))}
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


def _name(change: Mapping[str, Any]) -> str | None:
    """The import id of a resource that the plan gives a name of its own."""
    attribute = _BY_NAME.get(change["type"])
    return change["change"]["after"].get(attribute) if attribute else None


def _find(change: Mapping[str, Any], clients: Clients) -> str | None:
    """The import id of a resource that certainly exists, or None."""
    type_, planned = change["type"], change["change"]["after"]
    if type_ in _BY_TAGS:
        return _by_tags(_BY_TAGS[type_], planned, clients)
    if type_ == "aws_kms_key":
        return _key_by_description(planned, clients)
    table = planned.get("route_table_id")
    if type_ in ("aws_route", "aws_route_table_association") and table:
        facts = clients("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        if type_ == "aws_route":
            block = planned.get("destination_cidr_block")
            return f"{table}_{block}" if block in [r.get("DestinationCidrBlock") for r in facts["Routes"]] else None
        subnet = planned.get("subnet_id")
        return f"{subnet}/{table}" if subnet in [a.get("SubnetId") for a in facts["Associations"]] else None
    return None


def _by_tags(type_: str, planned: Mapping[str, Any], clients: Clients) -> str | None:
    """The one resource of EC2 that has exactly the tags of the plan."""
    tags = planned.get("tags_all") or {}
    if "Name" not in tags:
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
