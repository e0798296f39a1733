"""How AWS is asked what hangs on a resource, and what of it AWS itself has made.

Most questions are one list call and a comparison: `_LISTS`. The others are functions. Every call is one that the
managed policy ReadOnlyAccess of the plan role allows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.change.states import StateResource, States
from tools.deploy.aws import Clients, ask, pages


@dataclass(frozen=True)
class _List:
    """One list call about a parent. An item is in a state when a resource of `types` has all of `same`."""

    service: str
    operation: str
    items: str
    """The key of the list in the response."""
    types: tuple[str, ...]
    same: Mapping[str, str]
    """Attribute of the child in the state -> key of the item. An item that is a string is its own only key."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Argument of the call -> attribute of the parent."""
    filter: str = ""
    """Name of the filter of EC2 that takes the parent's id, in the place of arguments."""
    belongs: Mapping[str, str] = field(default_factory=dict)
    """Attribute of the child -> attribute of the parent, where `same` is unique below one parent only."""
    shows: tuple[str, ...] = ()
    """Further keys of the item that are worth showing. Never a value that is secret, such as that of an API key."""


_API = {"rest_api_id": "id"}
_OF_API = {"restApiId": "id"}
_LISTS: Mapping[str, tuple[_List, ...]] = {
    "aws_api_gateway_rest_api": (
        _List(
            "apigateway", "get_stages", "item", ("aws_api_gateway_stage",), {"stage_name": "stageName"}, _OF_API,
            belongs=_API,
        ),
        _List(
            "apigateway", "get_authorizers", "items", ("aws_api_gateway_authorizer",), {"id": "id"}, _OF_API,
            belongs=_API, shows=("name", "type"),
        ),
    ),
    "aws_api_gateway_usage_plan": (
        _List(
            "apigateway", "get_usage_plan_keys", "items", ("aws_api_gateway_usage_plan_key",), {"key_id": "id"},
            {"usagePlanId": "id"}, belongs={"usage_plan_id": "id"}, shows=("name",),
        ),
    ),
    "aws_cloudwatch_event_rule": (
        _List(
            "events", "list_targets_by_rule", "Targets", ("aws_cloudwatch_event_target",), {"target_id": "Id"},
            {"Rule": "name", "EventBusName": "event_bus_name"}, belongs={"rule": "name"}, shows=("Arn",),
        ),
    ),
    "aws_ecs_cluster": (
        _List("ecs", "list_services", "serviceArns", ("aws_ecs_service",), {"id": ""}, {"cluster": "arn"}),
    ),
    "aws_efs_file_system": (
        _List(
            "efs", "describe_access_points", "AccessPoints", ("aws_efs_access_point",), {"id": "AccessPointId"},
            {"FileSystemId": "id"},
        ),
        _List(
            "efs", "describe_mount_targets", "MountTargets", ("aws_efs_mount_target",), {"id": "MountTargetId"},
            {"FileSystemId": "id"}, shows=("SubnetId",),
        ),
    ),
    "aws_lambda_function": (
        _List(
            "lambda", "list_event_source_mappings", "EventSourceMappings", ("aws_lambda_event_source_mapping",),
            {"uuid": "UUID"}, {"FunctionName": "function_name"}, shows=("EventSourceArn",),
        ),
    ),
    "aws_lb": (
        _List(
            "elbv2", "describe_listeners", "Listeners", ("aws_lb_listener",), {"arn": "ListenerArn"},
            {"LoadBalancerArn": "arn"}, shows=("Protocol", "Port"),
        ),
    ),
    "aws_rds_cluster": (
        _List(
            "rds", "describe_db_instances", "DBInstances", ("aws_rds_cluster_instance",),
            {"identifier": "DBInstanceIdentifier"}, filter="db-cluster-id",
        ),
    ),
    # Terraform removes the egress rule that AWS gives to every new group, so AWS has made none of the rules:
    # https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/security_group
    "aws_security_group": (
        _List(
            "ec2", "describe_security_group_rules", "SecurityGroupRules",
            ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"),
            {"id": "SecurityGroupRuleId"}, filter="group-id",
            shows=(
                "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "PrefixListId",
                "ReferencedGroupInfo",
            ),
        ),
    ),
    # The endpoint of a subscription is compared, not its ARN: it has none until it is confirmed.
    # https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    "aws_sns_topic": (
        _List(
            "sns", "list_subscriptions_by_topic", "Subscriptions", ("aws_sns_topic_subscription",),
            {"protocol": "Protocol", "endpoint": "Endpoint"}, {"TopicArn": "arn"}, belongs={"topic_arn": "arn"},
        ),
    ),
    "aws_vpc": (
        _List("ec2", "describe_subnets", "Subnets", ("aws_subnet",), {"id": "SubnetId"}, filter="vpc-id"),
        _List(
            "ec2", "describe_vpc_endpoints", "VpcEndpoints", ("aws_vpc_endpoint",), {"id": "VpcEndpointId"},
            filter="vpc-id", shows=("ServiceName",),
        ),
    ),
}  # fmt: skip

_Asks = Callable[[StateResource, States, Clients], Iterator[str]]


def additions(parent: StateResource, states: States, clients: Clients) -> Iterator[str]:
    """What hangs on `parent`, is in no state, and was not made by AWS; nothing where the parent does not exist."""
    for list_ in _LISTS.get(parent.type, ()):
        yield from _listed(list_, parent, states, clients)
    for asks in _FUNCTIONS.get(parent.type, ()):
        yield from asks(parent, states, clients)


def _listed(list_: _List, parent: StateResource, states: States, clients: Clients) -> Iterator[str]:
    arguments: dict[str, Any] = {name: parent[attribute] for name, attribute in list_.arguments.items()}
    if list_.filter:
        arguments["Filters"] = [{"Name": list_.filter, "Values": [parent["id"]]}]
    belongs = {attribute: parent[own] for attribute, own in list_.belongs.items()}
    for item in _items(clients(list_.service), list_.operation, list_.items, **arguments):
        same = {attribute: item.get(key) for attribute, key in list_.same.items()}
        if not states.has(*list_.types, **same, **belongs) and not _does_not_count(item):
            shown = [f"{key} {item[key]}" for key in list_.shows if item.get(key) is not None]
            yield " ".join([list_.types[0], *map(str, same.values()), *shown])


def _items(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """The items of a list, a string as the item of the key ""."""
    if client.can_paginate(operation):
        listed = pages(client, operation, key, **arguments)
    else:
        listed = iter(getattr(client, operation)(**arguments).get(key, ()))
    for item in listed:
        yield {"": item} if isinstance(item, str) else item


def _does_not_count(item: Mapping[str, Any]) -> bool:
    """What AWS services have made, and what was deleted and is still listed.

    GuardDuty's Runtime Monitoring makes endpoints in a VPC and tags them; other services mark theirs:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonGuardDutyServiceRolePolicy.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
    """
    return (
        any(tag.get("Key") == "GuardDutyManaged" for tag in item.get("Tags", ()))
        or item.get("RequesterManaged") is True
        or "deleted" in (str(item.get("State")).lower(), str(item.get("SubscriptionArn")).lower())
    )


def _route_tables(vpc: StateResource, states: States, clients: Clients) -> Iterator[str]:
    """Tables, their routes and their subnets. Every VPC has a main table, which is in no state of its own.

    AWS makes the local routes, and those of a gateway endpoint in each table that the endpoint names, which is an
    attribute of the endpoint: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html and
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    filters = [{"Name": "vpc-id", "Values": [vpc["id"]]}]
    for table in pages(clients("ec2"), "describe_route_tables", "RouteTables", Filters=filters):
        id_ = table["RouteTableId"]
        if id_ != vpc["main_route_table_id"] and not states.has("aws_route_table", id=id_):
            yield f"aws_route_table {id_}"
        for route in table["Routes"]:
            by_endpoint = "DestinationPrefixListId" in route and route.get("GatewayId", "").startswith("vpce-")
            if route["Origin"] == "CreateRouteTable" or by_endpoint:
                continue
            for key in filter(route.get, _DESTINATIONS):
                if not states.has("aws_route", route_table_id=id_, **{_DESTINATIONS[key]: route[key]}):
                    targets = [route[other] for other in route if other.endswith("Id") and other != key]
                    yield " ".join(["aws_route", id_, route[key], *targets])
        for association in table["Associations"]:
            own = association["RouteTableAssociationId"]
            if not association["Main"] and not states.has("aws_route_table_association", id=own):
                yield f"aws_route_table_association {own} {id_} {association.get('SubnetId', '')}".rstrip()


_DESTINATIONS = {
    "DestinationCidrBlock": "destination_cidr_block",
    "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
    "DestinationPrefixListId": "destination_prefix_list_id",
}


def _api_routes(api: StateResource, states: States, clients: Clients) -> Iterator[str]:
    own = {"rest_api_id": api["id"]}
    for item in pages(clients("apigateway"), "get_resources", "items", restApiId=api["id"], embed=["methods"]):
        if item["id"] != api["root_resource_id"] and not states.has("aws_api_gateway_resource", id=item["id"], **own):
            yield f"aws_api_gateway_resource {item['id']} {item['path']}"
        for method in item.get("resourceMethods", ()):
            if not states.has("aws_api_gateway_method", resource_id=item["id"], http_method=method, **own):
                yield f"aws_api_gateway_method {method} {item['path']}"


def _usage_plans(api: StateResource, states: States, clients: Clients) -> Iterator[str]:
    for plan in pages(clients("apigateway"), "get_usage_plans", "items"):
        is_of_api = any(stage["apiId"] == api["id"] for stage in plan.get("apiStages", ()))
        if is_of_api and not states.has("aws_api_gateway_usage_plan", id=plan["id"]):
            yield f"aws_api_gateway_usage_plan {plan['id']} {plan['name']}"


def _keys_without_plan(_account: StateResource, states: States, clients: Clients) -> Iterator[str]:
    """API keys that no usage plan has hang on nothing but the account: its one owner shows them.

    A key that has a plan is shown at the plan.
    """
    gateway = clients("apigateway")
    for key in pages(gateway, "get_api_keys", "items", includeValues=False):
        if not states.has("aws_api_gateway_api_key", id=key["id"]) and not any(
            pages(gateway, "get_usage_plans", "items", keyId=key["id"])
        ):
            yield f"aws_api_gateway_api_key {key['id']} {key['name']}"


def _callers(function: StateResource, states: States, clients: Clients) -> Iterator[str]:
    """Who else may call a function, and whether it has a URL of its own."""
    name = function["function_name"]
    policy = ask(clients("lambda").get_policy, FunctionName=name)
    for statement in _statements(policy.get("Policy")):
        sid = statement.get("Sid")
        if not states.has("aws_lambda_permission", statement_id=sid, function_name=name):
            yield f"aws_lambda_permission {sid} {json.dumps(statement.get('Principal'))}"
    url = ask(clients("lambda").get_function_url_config, FunctionName=name)
    if url and not states.has("aws_lambda_function_url", function_name=name):
        yield f"aws_lambda_function_url {url['FunctionUrl']} AuthType {url['AuthType']}"


def _secret_policy(secret: StateResource, states: States, clients: Clients) -> Iterator[str]:
    """Statements about anybody but AWS services: whether RDS gives its secret of the master user one is not documented.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
    """
    arn = secret.attributes.get("secret_id") or secret["arn"]
    if not states.has("aws_secretsmanager_secret_policy", secret_arn=arn):
        policy = ask(clients("secretsmanager").get_resource_policy, SecretId=arn)
        for statement in _statements(policy.get("ResourcePolicy")):
            principal = statement.get("Principal", statement.get("NotPrincipal"))
            if not isinstance(principal, dict) or set(principal) != {"Service"}:
                yield f"aws_secretsmanager_secret_policy {arn} {json.dumps(principal)}"


def _repository_policy(repository: StateResource, states: States, clients: Clients) -> Iterator[str]:
    name = repository["name"]
    if not states.has("aws_ecr_repository_policy", repository=name):
        policy = ask(clients("ecr").get_repository_policy, repositoryName=name)
        for statement in _statements(policy.get("policyText")):
            yield f"aws_ecr_repository_policy {name} {json.dumps(statement.get('Principal'))}"


def _statements(policy: str | None) -> list[dict[str, Any]]:
    return list(json.loads(policy)["Statement"]) if policy else []


_FUNCTIONS: Mapping[str, tuple[_Asks, ...]] = {
    "aws_api_gateway_account": (_keys_without_plan,),
    "aws_api_gateway_rest_api": (_api_routes, _usage_plans),
    "aws_ecr_repository": (_repository_policy,),
    "aws_lambda_function": (_callers,),
    "aws_secretsmanager_secret": (_secret_policy,),
    "aws_secretsmanager_secret_rotation": (_secret_policy,),
    "aws_vpc": (_route_tables,),
}
