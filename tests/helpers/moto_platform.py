"""One of each resource that something can be added to, made in moto within the process, and the state that has it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.change import unmanaged
from tools.change.findings import FindingKind
from tools.local.permissions import permission

REGION = "ca-central-1"
_ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
_RULE = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}


@dataclass
class Platform:
    """One of each parent, with one child of each kind, all of it in a state."""

    client: Callable[[str], Any]
    reader: Callable[[str], Any]
    state: dict[str, Any] = field(default_factory=lambda: {"resources": []})
    ids: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    """The permissions that the questions take."""

    def keep(self, type_: str, **attributes: Any) -> None:
        """Write a resource into the state."""
        instance = {"attributes": attributes}
        name = f"n{len(self.state['resources'])}"
        self.state["resources"].append({"mode": "managed", "type": type_, "name": name, "instances": [instance]})

    def shown(self) -> list[str]:
        """What is found, as text."""
        found, errors = unmanaged.find({"iot-dev-data": self.state}, self._watched)
        assert errors == {}
        assert {(item.kind, item.stack) for item in found} <= {(FindingKind.UNMANAGED, "iot-dev-data")}
        return [item.says for item in found]

    def _watched(self, service: str) -> Any:
        """A client of its own, which notes what it calls."""
        client = self.reader(service)
        client.meta.events.register("before-call", partial(self._note, service), unique_id="watched")
        return client

    def _note(self, service: str, model: Any, **_: Any) -> None:
        self.asked.add(permission(service, model.name))


def _network(platform: Platform) -> None:
    ec2, ids = platform.client("ec2"), platform.ids
    vpc = ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    platform.keep("aws_vpc", id=vpc, main_route_table_id=main)
    ids["main"] = main
    gateway = ids["gateway"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    for zone in "ab":
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{ord(zone)}.0/24", AvailabilityZone=f"{REGION}{zone}")[
            "Subnet"
        ]["SubnetId"]
        ids[f"subnet-{zone}"] = subnet
        platform.keep("aws_subnet", id=subnet)
    table = ids["table"] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    platform.keep("aws_route_table", id=table)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=ids["subnet-a"])["AssociationId"]
    platform.keep("aws_route_table_association", id=association)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.0/24", GatewayId=gateway)
    platform.keep("aws_route", route_table_id=table, destination_cidr_block="192.0.2.0/24")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    platform.keep("aws_vpc_endpoint", id=endpoint)
    group = ids["group"] = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": _ANYWHERE}])
    platform.keep("aws_security_group", id=group)
    for way in ("ingress", "egress"):
        authorize = getattr(ec2, f"authorize_security_group_{way}")
        (rule,) = authorize(GroupId=group, IpPermissions=[_RULE])["SecurityGroupRules"]
        platform.keep(f"aws_vpc_security_group_{way}_rule", id=rule["SecurityGroupRuleId"])


def _api(platform: Platform) -> None:
    gateway, ids = platform.client("apigateway"), platform.ids
    api = gateway.create_rest_api(name="iot")
    ids["api"], ids["root"] = api["id"], api["rootResourceId"]
    platform.keep("aws_api_gateway_account", id="account")
    platform.keep("aws_api_gateway_rest_api", id=api["id"], root_resource_id=api["rootResourceId"])
    resource = gateway.create_resource(restApiId=api["id"], parentId=ids["root"], pathPart="readings")["id"]
    ids["resource"] = resource
    platform.keep("aws_api_gateway_resource", id=resource, rest_api_id=api["id"])
    method(platform, resource, "GET")
    platform.keep("aws_api_gateway_method", rest_api_id=api["id"], resource_id=resource, http_method="GET")
    gateway.create_deployment(restApiId=api["id"], stageName="v1")
    platform.keep("aws_api_gateway_stage", rest_api_id=api["id"], stage_name="v1")
    plan = ids["plan"] = gateway.create_usage_plan(name="plan", apiStages=[{"apiId": api["id"], "stage": "v1"}])["id"]
    platform.keep("aws_api_gateway_usage_plan", id=plan)


def method(platform: Platform, resource: str, method: str, *, api: str = "") -> None:
    where = {"restApiId": api or platform.ids["api"], "resourceId": resource, "httpMethod": method}
    gateway = platform.client("apigateway")
    gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(**where, type="MOCK")


def _function(platform: Platform) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = platform.client("iam").create_role(RoleName="rotation", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "")
    client = platform.client("lambda")
    client.create_function(
        FunctionName="rotation",
        Role=role["Arn"],
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
    )
    platform.keep("aws_lambda_function", function_name="rotation")
    permit(platform, "secrets-manager", "secretsmanager.amazonaws.com")
    platform.keep("aws_lambda_permission", statement_id="secrets-manager", function_name="rotation")


def permit(platform: Platform, statement: str, principal: str) -> None:
    platform.client("lambda").add_permission(
        FunctionName="rotation", StatementId=statement, Action="lambda:InvokeFunction", Principal=principal
    )


def _data(platform: Platform) -> None:
    files = platform.client("efs")
    system = platform.ids["files"] = files.create_file_system(CreationToken="a")["FileSystemId"]
    platform.keep("aws_efs_file_system", id=system)
    point = files.create_access_point(ClientToken="a", FileSystemId=system)["AccessPointId"]
    platform.keep("aws_efs_access_point", id=point)
    target = files.create_mount_target(FileSystemId=system, SubnetId=platform.ids["subnet-a"])["MountTargetId"]
    platform.keep("aws_efs_mount_target", id=target)
    rds = platform.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="iot", Engine="aurora-postgresql", MasterUsername="a", MasterUserPassword="only-for-this"
    )
    platform.keep("aws_rds_cluster", id="iot")
    instance(platform, "iot-1")
    platform.keep("aws_rds_cluster_instance", identifier="iot-1")
    secret = platform.client("secretsmanager").create_secret(Name="master", SecretString="{}")["ARN"]
    platform.ids["secret"] = secret
    platform.keep("aws_secretsmanager_secret_rotation", id=secret, secret_id=secret)


def instance(platform: Platform, name: str) -> None:
    platform.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        DBClusterIdentifier="iot",
    )


def _services(platform: Platform) -> None:
    cluster = platform.ids["cluster"] = platform.client("ecs").create_cluster(clusterName="iot")["cluster"][
        "clusterArn"
    ]
    platform.keep("aws_ecs_cluster", arn=cluster)
    platform.client("ecs").register_task_definition(
        family="iot", containerDefinitions=[{"name": "a", "image": "a", "memory": 512}]
    )
    platform.keep("aws_ecs_service", id=service(platform, "iot"))
    balancers = platform.client("elbv2")
    subnets = [platform.ids["subnet-a"], platform.ids["subnet-b"]]
    balancer = balancers.create_load_balancer(Name="iot", Type="network", Subnets=subnets)["LoadBalancers"][0]
    platform.ids["balancer"] = balancer["LoadBalancerArn"]
    platform.keep("aws_lb", arn=balancer["LoadBalancerArn"])
    platform.keep("aws_lb_listener", arn=listener(platform, 443))
    platform.client("ecr").create_repository(repositoryName="iot")
    platform.keep("aws_ecr_repository", name="iot")


def service(platform: Platform, name: str) -> str:
    made = platform.client("ecs").create_service(
        cluster=platform.ids["cluster"], serviceName=name, taskDefinition="iot", desiredCount=0
    )
    return str(made["service"]["serviceArn"])


def listener(platform: Platform, port: int) -> str:
    balancers = platform.client("elbv2")
    group = balancers.create_target_group(Name=f"g{port}", Protocol="TCP", Port=port, VpcId=platform.ids["vpc"])
    made = balancers.create_listener(
        LoadBalancerArn=platform.ids["balancer"],
        Protocol="TCP",
        Port=port,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
    )
    return str(made["Listeners"][0]["ListenerArn"])


def _alarms(platform: Platform) -> None:
    topic = platform.ids["topic"] = platform.client("sns").create_topic(Name="alarms")["TopicArn"]
    platform.keep("aws_sns_topic", arn=topic)
    subscribe(platform, "platform@example.com")
    platform.keep("aws_sns_topic_subscription", topic_arn=topic, protocol="email", endpoint="platform@example.com")
    for rule in ("rotated", "daily"):
        platform.client("events").put_rule(Name=rule, EventPattern="{}")
        platform.keep("aws_cloudwatch_event_rule", name=rule, event_bus_name="default")
    target(platform, "start")
    platform.keep("aws_cloudwatch_event_target", rule="rotated", target_id="start")


def subscribe(platform: Platform, address: str) -> None:
    platform.client("sns").subscribe(TopicArn=platform.ids["topic"], Protocol="email", Endpoint=address)


def target(platform: Platform, id_: str, rule: str = "rotated") -> None:
    platform.client("events").put_targets(Rule=rule, Targets=[{"Id": id_, "Arn": platform.ids["topic"]}])


@contextmanager
def made_platform() -> Iterator[Platform]:
    """The platform of which nothing is shown."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        clients, readers = (cache(partial(boto3.client, region_name=REGION)) for _ in range(2))
        made = Platform(clients, readers)
        for build in (_network, _api, _function, _data, _services, _alarms):
            build(made)
        yield made
