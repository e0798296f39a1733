"""What can be added by hand, and how AWS is asked for it: a row for each kind, below the resource that it hangs on.

Every call is one that the plan role may make (`modules/account/plan_policy.py`). Keys of API Gateway are not asked for:
whoever may list them may read their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of child of one type of parent. Expressions are JMESPath, as boto3's own paginators take it."""

    parent: str
    child: str
    """Terraform's type, which may hold a wildcard."""
    call: str
    """Service and operation of boto3."""
    arguments: Mapping[str, object]
    """Of the call: a text is an attribute of the parent, or the name of the filter that takes the parent's id."""
    items: str
    """The children in the response; a policy in JSON is read, and a plain text is an item with the one key `text`."""
    same: Mapping[str, str]
    """Attribute in the state -> expression on the item, where `parent` has the parent's attributes. A child that is
    in no state with all of them is an addition."""
    inner: str = ""
    """The children within each of `items`, whose keys they take over."""


_OF_API = {"restApiId": "id"}
_OF_VPC = {"Filters": "vpc-id"}
_OF_FILES = {"FileSystemId": "id"}
# Whether RDS gives its secret of the master user a policy that names services is not documented.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
_NOT_OF_SERVICES = "Statement[?!(Principal.Service && length(keys(Principal)) == `1`)]"
# AWS makes the local routes, and those of a gateway endpoint in each table that the endpoint names, which is an
# attribute of the endpoint: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html and
# https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
_OWN_ROUTES = (
    "Routes[?Origin != 'CreateRouteTable' && !(DestinationPrefixListId && starts_with(GatewayId || '', 'vpce-'))]"
)

KINDS = (
    Kind("aws_api_gateway_rest_api", "aws_api_gateway_stage", "apigateway.get_stages", _OF_API,
         "item", {"stage_name": "stageName", "rest_api_id": "parent.id"}),
    Kind("aws_api_gateway_rest_api", "aws_api_gateway_authorizer", "apigateway.get_authorizers", _OF_API,
         "items", {"id": "id", "rest_api_id": "parent.id"}),
    Kind("aws_api_gateway_rest_api", "aws_api_gateway_resource", "apigateway.get_resources", _OF_API,
         "items[?path != '/']", {"id": "id", "rest_api_id": "parent.id"}),
    Kind("aws_api_gateway_rest_api", "aws_api_gateway_method", "apigateway.get_resources",
         {**_OF_API, "embed": ["methods"]},
         "items[?resourceMethods]", {"http_method": "text", "resource_id": "id", "rest_api_id": "parent.id"},
         inner="keys(resourceMethods)"),
    Kind("aws_api_gateway_rest_api", "aws_api_gateway_usage_plan", "apigateway.get_usage_plans", {},
         "items[?apiStages]", {"id": "id"}, inner="apiStages"),
    Kind("aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "events.list_targets_by_rule",
         {"Rule": "name", "EventBusName": "event_bus_name"},
         "Targets", {"target_id": "Id", "rule": "parent.name"}),
    Kind("aws_ecr_repository", "aws_ecr_repository_policy", "ecr.get_repository_policy", {"repositoryName": "name"},
         "policyText", {"repository": "parent.name"}, inner="Statement"),
    Kind("aws_ecs_cluster", "aws_ecs_service", "ecs.list_services", {"cluster": "arn"},
         "serviceArns", {"id": "text"}),
    Kind("aws_efs_file_system", "aws_efs_access_point", "efs.describe_access_points", _OF_FILES,
         "AccessPoints", {"id": "AccessPointId"}),
    Kind("aws_efs_file_system", "aws_efs_mount_target", "efs.describe_mount_targets", _OF_FILES,
         "MountTargets", {"id": "MountTargetId"}),
    Kind("aws_lambda_function", "aws_lambda_event_source_mapping", "lambda.list_event_source_mappings",
         {"FunctionName": "function_name"},
         "EventSourceMappings", {"uuid": "UUID"}),
    Kind("aws_lambda_function", "aws_lambda_permission", "lambda.get_policy", {"FunctionName": "function_name"},
         "Policy", {"statement_id": "Sid", "function_name": "parent.function_name"}, inner="Statement"),
    Kind("aws_lambda_function", "aws_lambda_function_url", "lambda.get_function_url_config",
         {"FunctionName": "function_name"},
         "@", {"function_name": "parent.function_name"}),
    Kind("aws_lb", "aws_lb_listener", "elbv2.describe_listeners", {"LoadBalancerArn": "arn"},
         "Listeners", {"arn": "ListenerArn"}),
    Kind("aws_rds_cluster", "aws_rds_cluster_instance", "rds.describe_db_instances", {"Filters": "db-cluster-id"},
         "DBInstances", {"identifier": "DBInstanceIdentifier"}),
    *(Kind(parent, "aws_secretsmanager_secret_policy", "secretsmanager.get_resource_policy", {"SecretId": arn},
           "ResourcePolicy", {"secret_arn": f"parent.{arn}"}, inner=_NOT_OF_SERVICES)
      for parent, arn in (("aws_secretsmanager_secret", "arn"), ("aws_secretsmanager_secret_rotation", "secret_id"))),
    # Terraform removes the egress rule that AWS gives to every new group, so AWS has made none of the rules:
    # https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/security_group
    Kind("aws_security_group", "aws_vpc_security_group_*gress_rule", "ec2.describe_security_group_rules",
         {"Filters": "group-id"},
         "SecurityGroupRules", {"id": "SecurityGroupRuleId"}),
    # The endpoint is compared, not the ARN: that is `PendingConfirmation` until the subscription is confirmed.
    # https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    Kind("aws_sns_topic", "aws_sns_topic_subscription", "sns.list_subscriptions_by_topic", {"TopicArn": "arn"},
         "Subscriptions", {"protocol": "Protocol", "endpoint": "Endpoint", "topic_arn": "parent.arn"}),
    Kind("aws_vpc", "aws_subnet", "ec2.describe_subnets", _OF_VPC,
         "Subnets", {"id": "SubnetId"}),
    Kind("aws_vpc", "aws_vpc_endpoint", "ec2.describe_vpc_endpoints", _OF_VPC,
         "VpcEndpoints", {"id": "VpcEndpointId"}),
    # Every VPC has a main table, which is in no state of its own.
    Kind("aws_vpc", "aws_route_table", "ec2.describe_route_tables", _OF_VPC,
         "RouteTables[?!(Associations[?Main])]", {"id": "RouteTableId"}),
    Kind("aws_vpc", "aws_route", "ec2.describe_route_tables", _OF_VPC,
         "RouteTables", {
             "route_table_id": "RouteTableId",
             "destination_cidr_block": "DestinationCidrBlock",
             "destination_ipv6_cidr_block": "DestinationIpv6CidrBlock",
             "destination_prefix_list_id": "DestinationPrefixListId",
         }, inner=_OWN_ROUTES),
    Kind("aws_vpc", "aws_route_table_association", "ec2.describe_route_tables", _OF_VPC,
         "RouteTables", {"id": "RouteTableAssociationId"}, inner="Associations[?!Main]"),
)  # fmt: skip

# Keys of an item that are worth showing. Never one whose value is secret, such as `value` of an API key.
SHOWN = (
    "name", "path", "type", "Arn", "AuthType", "FunctionUrl", "Principal", "NotPrincipal", "EventSourceArn", "Protocol",
    "Port", "ServiceName", "SubnetId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6",
    "PrefixListId", "ReferencedGroupInfo", "EgressOnlyInternetGatewayId", "GatewayId", "InstanceId", "NatGatewayId",
    "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId",
)  # fmt: skip

# Items that AWS services have made, those that were deleted and are still listed, and usage plans of other APIs.
# GuardDuty's Runtime Monitoring makes endpoints in a VPC and tags them; other services mark theirs:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonGuardDutyServiceRolePolicy.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
NOT_COUNTED = (
    "RequesterManaged || Tags[?Key == 'GuardDutyManaged'] || contains(['deleted', 'Deleted'], State)"
    " || SubscriptionArn == 'Deleted' || (apiId && apiId != parent.id)"
)
