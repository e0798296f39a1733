"""What exists in the place of a resource that Terraform wants to create, and its import id.

EC2 resources are found by their tags (every one has the environment's and its own Name), keys by their description,
and all else by its name, or by what it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.deploy.aws import Clients, Finder, Planned, ask, pages
from tools.deploy.orphans_api import API_FINDERS

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
# The attributes that make up the import id of what has a name of its own. Whether it exists only an import tells.
_BY_NAME = {
    "aws_api_gateway_domain_name": ("domain_name",),
    "aws_cloudwatch_log_group": ("name",),
    "aws_db_parameter_group": ("name",),
    "aws_db_subnet_group": ("name",),
    "aws_ecr_repository": ("name",),
    "aws_ecs_cluster": ("name",),
    "aws_elasticache_parameter_group": ("name",),
    "aws_elasticache_replication_group": ("replication_group_id",),
    "aws_elasticache_subnet_group": ("name",),
    "aws_elasticache_user": ("user_id",),
    "aws_elasticache_user_group": ("user_group_id",),
    "aws_iam_role": ("name",),
    "aws_kms_alias": ("name",),
    "aws_lambda_function": ("function_name",),
    "aws_lambda_permission": ("function_name", "statement_id"),
    "aws_rds_cluster": ("cluster_identifier",),
    "aws_rds_cluster_instance": ("identifier",),
    "aws_rds_cluster_parameter_group": ("name",),
    "aws_s3_bucket": ("bucket",),
    "aws_ssm_document": ("name",),
}
REPEATABLE = frozenset({
    "aws_api_gateway_account",
    "aws_api_gateway_deployment",  # a second one, that the stage is pointed to
    "aws_api_gateway_gateway_response",
    "aws_api_gateway_method_settings",
    "aws_api_gateway_rest_api_policy",
    "aws_appautoscaling_policy",
    "aws_appautoscaling_target",
    "aws_cloudwatch_composite_alarm",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_rule",
    "aws_cloudwatch_event_target",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_metric_alarm",
    "aws_default_network_acl",
    "aws_default_security_group",
    "aws_ecr_lifecycle_policy",
    "aws_ecs_task_definition",  # a further revision
    "aws_efs_backup_policy",
    "aws_efs_file_system_policy",
    "aws_iam_role_policies_exclusive",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
    "aws_lambda_invocation",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_secretsmanager_secret_policy",
    "aws_secretsmanager_secret_rotation",
    "aws_secretsmanager_secret_version",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    "aws_sns_topic_subscription",
    "aws_wafv2_web_acl_association",
    "aws_wafv2_web_acl_logging_configuration",
})  # fmt: skip
"""Types of which the second creation writes over the first, so that nothing has to be found."""


def name(change: Mapping[str, Any]) -> str | None:
    """The import id of a resource that the plan gives a name of its own, whether it exists or not."""
    planned: Planned = change["change"]["after"]
    attributes = _BY_NAME.get(change["type"], ())
    known = [str(planned[attribute]) for attribute in attributes if planned.get(attribute)]
    return "/".join(known) if attributes and len(known) == len(attributes) else None


def find(change: Mapping[str, Any], clients: Clients) -> str | None:
    """The import id of a resource that certainly exists, or None."""
    type_, planned = change["type"], change["change"]["after"]
    if type_ in _BY_TAGS:
        return _by_tags(_BY_TAGS[type_], planned, clients)
    finder = _FINDERS.get(type_)
    try:
        found = list(finder(planned, clients)) if finder else []
    except KeyError:  # it belongs to something that is not known yet
        return None
    return found[0] if len(found) == 1 else None


def is_known(type_: str) -> bool:
    """Whether there is a way to take a resource of this type back, or no need to."""
    return type_ in {*_BY_TAGS, *_BY_NAME, *_FINDERS, *REPEATABLE}


def _tags(listed: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed}


def _by_tags(type_: str, planned: Planned, clients: Clients) -> str | None:
    """The one resource of EC2 that has exactly the tags of the plan."""
    tags = planned.get("tags_all") or {}
    if "Name" not in tags:
        return None
    filters = [{"Name": "resource-type", "Values": [type_]}, {"Name": "tag:Name", "Values": [tags["Name"]]}]
    named = {tag["ResourceId"] for tag in pages(clients("ec2"), "describe_tags", "Tags", Filters=filters)}
    found = [id_ for id_ in sorted(named) if _tags_of(id_, clients) == tags]
    return found[0] if len(found) == 1 else None


def _tags_of(id_: str, clients: Clients) -> dict[str, str]:
    return _tags(clients("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [id_]}])["Tags"])


def _key(planned: Planned, clients: Clients) -> Iterator[str]:
    """Enabled keys with the plan's description and tags: keys have no name, and the alias may not exist yet."""
    kms = clients("kms")
    for key in pages(kms, "list_keys", "Keys"):
        facts = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if facts["KeyState"] == "Enabled" and facts["Description"] == planned["description"]:
            tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
            if tags == planned["tags_all"]:
                yield key["KeyId"]


def _route(planned: Planned, clients: Clients) -> Iterator[str]:
    table, block = planned["route_table_id"], planned["destination_cidr_block"]
    facts = clients("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    if block and block in [route.get("DestinationCidrBlock") for route in facts["Routes"]]:
        yield f"{table}_{block}"


def _route_table_association(planned: Planned, clients: Clients) -> Iterator[str]:
    table, subnet = planned["route_table_id"], planned["subnet_id"]
    facts = clients("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    if subnet in [association.get("SubnetId") for association in facts["Associations"]]:
        yield f"{subnet}/{table}"


def _ingress_rule(planned: Planned, clients: Clients) -> Iterator[str]:
    return _rule(planned, clients, is_egress=False)


def _egress_rule(planned: Planned, clients: Clients) -> Iterator[str]:
    return _rule(planned, clients, is_egress=True)


def _rule(planned: Planned, clients: Clients, *, is_egress: bool) -> Iterator[str]:
    attributes = ("ip_protocol", "from_port", "to_port", "referenced_security_group_id", "cidr_ipv4", "prefix_list_id")
    wanted = (is_egress, *(planned[attribute] for attribute in attributes))
    filters = [{"Name": "group-id", "Values": [planned["security_group_id"]]}]
    for rule in pages(clients("ec2"), "describe_security_group_rules", "SecurityGroupRules", Filters=filters):
        group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        ports = (rule.get("FromPort"), rule.get("ToPort"))
        found = (rule["IsEgress"], rule["IpProtocol"], *ports, group, rule.get("CidrIpv4"), rule.get("PrefixListId"))
        if found == wanted:
            yield rule["SecurityGroupRuleId"]


def _load_balancer(planned: Planned, clients: Clients) -> Iterator[str]:
    answer = ask(clients("elbv2").describe_load_balancers, Names=[planned["name"]])
    yield from (found["LoadBalancerArn"] for found in answer.get("LoadBalancers", ()))


def _target_group(planned: Planned, clients: Clients) -> Iterator[str]:
    answer = ask(clients("elbv2").describe_target_groups, Names=[planned["name"]])
    yield from (found["TargetGroupArn"] for found in answer.get("TargetGroups", ()))


def _listener(planned: Planned, clients: Clients) -> Iterator[str]:
    answer = ask(clients("elbv2").describe_listeners, LoadBalancerArn=planned["load_balancer_arn"])
    yield from (found["ListenerArn"] for found in answer.get("Listeners", ()) if found["Port"] == planned["port"])


def _ecs_service(planned: Planned, clients: Clients) -> Iterator[str]:
    cluster = planned["cluster"].rpartition("/")[2]
    answer = ask(clients("ecs").describe_services, cluster=cluster, services=[planned["name"]])
    yield from (
        f"{cluster}/{found['serviceName']}" for found in answer.get("services", ()) if found["status"] == "ACTIVE"
    )


def _secret(planned: Planned, clients: Clients) -> Iterator[str]:
    answer = ask(clients("secretsmanager").describe_secret, SecretId=planned["name"])
    if answer and "DeletedDate" not in answer:
        yield answer["ARN"]


def _web_acl(planned: Planned, clients: Clients) -> Iterator[str]:
    # An account has at most 100.
    for acl in clients("wafv2").list_web_acls(Scope=planned["scope"], Limit=100)["WebACLs"]:
        if acl["Name"] == planned["name"]:
            yield f"{acl['Id']}/{acl['Name']}/{planned['scope']}"


def _file_system(planned: Planned, clients: Clients) -> Iterator[str]:
    for found in pages(clients("efs"), "describe_file_systems", "FileSystems"):
        if _tags(found["Tags"]) == planned["tags_all"]:
            yield found["FileSystemId"]


def _mount_target(planned: Planned, clients: Clients) -> Iterator[str]:
    for found in clients("efs").describe_mount_targets(FileSystemId=planned["file_system_id"])["MountTargets"]:
        if found["SubnetId"] == planned["subnet_id"]:
            yield found["MountTargetId"]


def _access_point(planned: Planned, clients: Clients) -> Iterator[str]:
    for found in clients("efs").describe_access_points(FileSystemId=planned["file_system_id"])["AccessPoints"]:
        if _tags(found["Tags"]) == planned["tags_all"]:
            yield found["AccessPointId"]


def _budget(planned: Planned, clients: Clients) -> Iterator[str]:
    account, name = clients("sts").get_caller_identity()["Account"], planned["name"]
    if ask(clients("budgets").describe_budget, AccountId=account, BudgetName=name):
        yield f"{account}:{name}"


_FINDERS: Mapping[str, Finder] = {
    **API_FINDERS,
    "aws_budgets_budget": _budget,
    "aws_ecs_service": _ecs_service,
    "aws_efs_access_point": _access_point,
    "aws_efs_file_system": _file_system,
    "aws_efs_mount_target": _mount_target,
    "aws_kms_key": _key,
    "aws_lb": _load_balancer,
    "aws_lb_listener": _listener,
    "aws_lb_target_group": _target_group,
    "aws_route": _route,
    "aws_route_table_association": _route_table_association,
    "aws_secretsmanager_secret": _secret,
    "aws_vpc_security_group_egress_rule": _egress_rule,
    "aws_vpc_security_group_ingress_rule": _ingress_rule,
    "aws_wafv2_web_acl": _web_acl,
}
