"""What somebody does by hand to a deployed `iot-dev`: additions, one change and one deletion."""

from __future__ import annotations

import json
from typing import Any

from tools.deploy.aws import Clients

_WORLD = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
TASK_ROLE = "iot-service-task-dev"
OWN_POLICY = "work"


def named(client: Clients, operation: str, name: str) -> Any:
    """The one network thing with this Name tag."""
    answer = getattr(client("ec2"), operation)(Filters=[{"Name": "tag:Name", "Values": [name]}])
    (found,) = next(value for key, value in answer.items() if key != "ResponseMetadata")
    return found


def add(client: Clients) -> tuple[str, ...]:
    """One addition for each kind of parent that no plan shows; returns a text that the page must have for each."""
    ec2, gateway = client("ec2"), client("apigateway")
    group = named(client, "describe_security_groups", "iot-aurora-dev")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[_WORLD])
    internet = named(client, "describe_internet_gateways", "iot-internet-dev")["InternetGatewayId"]
    private = named(client, "describe_route_tables", "iot-private-ca-central-1a-dev")["RouteTableId"]
    ec2.create_route(RouteTableId=private, DestinationCidrBlock="198.51.100.0/24", GatewayId=internet)
    (api,) = gateway.get_rest_apis()["items"]
    gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="backdoor")
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "DELETE"}
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type="MOCK")
    client("lambda").add_permission(
        FunctionName="iot-rotation-dev", StatementId="by-hand", Action="lambda:InvokeFunction", Principal="999999999999"
    )
    (topic,) = client("sns").list_topics()["Topics"]
    client("sns").subscribe(TopicArn=topic["TopicArn"], Protocol="email", Endpoint="spy@example.com")
    client("events").put_targets(Rule="iot-rotation-failed-dev", Targets=[{"Id": "by-hand", "Arn": topic["TopicArn"]}])
    return (
        "FromPort 22 ToPort 22 CidrIpv4 0.0.0.0/0",
        f"aws_route {private} 198.51.100.0/24 GatewayId {internet}",
        "/backdoor",
        f"aws_api_gateway_method DELETE {api['rootResourceId']} path /",
        "aws_lambda_permission by-hand",
        "email spy@example.com",
        "aws_cloudwatch_event_target by-hand",
    )


def add_what_a_deployment_removes(client: Clients) -> None:
    """Policies of a role, and a route of the data subnets."""
    client("iam").attach_role_policy(RoleName=TASK_ROLE, PolicyArn=ADMINISTRATOR)
    _put_policy(client, "by-hand")
    internet = named(client, "describe_internet_gateways", "iot-internet-dev")["InternetGatewayId"]
    data = named(client, "describe_route_tables", "iot-data-dev")["RouteTableId"]
    client("ec2").create_route(RouteTableId=data, DestinationCidrBlock="0.0.0.0/0", GatewayId=internet)


def change_and_delete(client: Clients) -> None:
    """Change the policy of a role, and delete the rules by which the service calls out."""
    _put_policy(client, OWN_POLICY)
    client("ec2").revoke_security_group_egress(
        GroupId=_service_group(client), SecurityGroupRuleIds=service_rules(client)
    )


def service_rules(client: Clients) -> list[str]:
    """Ids of the rules out of the service's group."""
    filters = [{"Name": "group-id", "Values": [_service_group(client)]}]
    rules = client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]


def _service_group(client: Clients) -> str:
    return str(named(client, "describe_security_groups", "iot-service-dev")["GroupId"])


def _put_policy(client: Clients, name: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    client("iam").put_role_policy(RoleName=TASK_ROLE, PolicyName=name, PolicyDocument=json.dumps(policy))
