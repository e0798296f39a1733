"""What hangs on the environment's resources and is in no state, asked of moto within the process."""

from __future__ import annotations

import fnmatch
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.iam.aws_managed_policies import aws_managed_policies_data

from modules.deploy_roles import DENIED_DATA
from review import unmanaged, unmanaged_kinds
from review.findings import Kind

_REGION = "ca-central-1"
_ACCOUNT = "123456789012"
_RULE = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
_WORLD = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


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
        assert {(item.kind, item.stack) for item in found} <= {(Kind.UNMANAGED, "iot-dev-data")}
        return [item.says for item in found]

    def _watched(self, service: str) -> Any:
        """A client of its own, which notes what it calls."""
        client = self.reader(service)
        client.meta.events.register("before-call", partial(self._note, service), unique_id="watched")
        return client

    def _note(self, service: str, model: Any, **_: Any) -> None:
        prefix = {"efs": "elasticfilesystem", "elbv2": "elasticloadbalancing"}.get(service, service)
        self.asked.add("apigateway:GET" if service == "apigateway" else f"{prefix}:{model.name}")


def _network(platform: Platform) -> None:
    ec2, ids = platform.client("ec2"), platform.ids
    vpc = ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    platform.keep("aws_vpc", id=vpc, main_route_table_id=main)
    ids["main"] = main
    gateway = ids["gateway"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    for zone in "ab":
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{ord(zone)}.0/24", AvailabilityZone=f"{_REGION}{zone}")[
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
        VpcId=vpc, ServiceName=f"com.amazonaws.{_REGION}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    platform.keep("aws_vpc_endpoint", id=endpoint)
    group = ids["group"] = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": _ANYWHERE}])
    platform.keep("aws_security_group", id=group)
    for way in ("ingress", "egress"):
        authorize = getattr(ec2, f"authorize_security_group_{way}")
        (rule,) = authorize(GroupId=group, IpPermissions=[_RULE])["SecurityGroupRules"]
        platform.keep(f"aws_vpc_security_group_{way}_rule", id=rule["SecurityGroupRuleId"])


_ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]


def _api(platform: Platform) -> None:
    gateway, ids = platform.client("apigateway"), platform.ids
    api = gateway.create_rest_api(name="iot")
    ids["api"], ids["root"] = api["id"], api["rootResourceId"]
    platform.keep("aws_api_gateway_account", id="account")
    platform.keep("aws_api_gateway_rest_api", id=api["id"], root_resource_id=api["rootResourceId"])
    resource = gateway.create_resource(restApiId=api["id"], parentId=ids["root"], pathPart="readings")["id"]
    ids["resource"] = resource
    platform.keep("aws_api_gateway_resource", id=resource, rest_api_id=api["id"])
    _method(platform, resource, "GET")
    platform.keep("aws_api_gateway_method", rest_api_id=api["id"], resource_id=resource, http_method="GET")
    gateway.create_deployment(restApiId=api["id"], stageName="v1")
    platform.keep("aws_api_gateway_stage", rest_api_id=api["id"], stage_name="v1")
    plan = ids["plan"] = gateway.create_usage_plan(name="plan", apiStages=[{"apiId": api["id"], "stage": "v1"}])["id"]
    platform.keep("aws_api_gateway_usage_plan", id=plan)
    key = gateway.create_api_key(name="client", enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    platform.keep("aws_api_gateway_api_key", id=key)
    platform.keep("aws_api_gateway_usage_plan_key", usage_plan_id=plan, key_id=key)


def _method(platform: Platform, resource: str, method: str) -> None:
    where = {"restApiId": platform.ids["api"], "resourceId": resource, "httpMethod": method}
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
    _permit(platform, "secrets-manager", "secretsmanager.amazonaws.com")
    platform.keep("aws_lambda_permission", statement_id="secrets-manager", function_name="rotation")


def _permit(platform: Platform, statement: str, principal: str) -> None:
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
    _instance(platform, "iot-1")
    platform.keep("aws_rds_cluster_instance", identifier="iot-1")
    secret = platform.client("secretsmanager").create_secret(Name="master", SecretString="{}")["ARN"]
    platform.ids["secret"] = secret
    platform.keep("aws_secretsmanager_secret_rotation", id=secret, secret_id=secret)


def _instance(platform: Platform, name: str) -> None:
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
    platform.keep("aws_ecs_service", id=_service(platform, "iot"))
    balancers = platform.client("elbv2")
    subnets = [platform.ids["subnet-a"], platform.ids["subnet-b"]]
    balancer = balancers.create_load_balancer(Name="iot", Type="network", Subnets=subnets)["LoadBalancers"][0]
    platform.ids["balancer"] = balancer["LoadBalancerArn"]
    platform.keep("aws_lb", arn=balancer["LoadBalancerArn"])
    platform.keep("aws_lb_listener", arn=_listener(platform, 443))
    platform.client("ecr").create_repository(repositoryName="iot")
    platform.keep("aws_ecr_repository", name="iot")


def _service(platform: Platform, name: str) -> str:
    made = platform.client("ecs").create_service(
        cluster=platform.ids["cluster"], serviceName=name, taskDefinition="iot", desiredCount=0
    )
    return str(made["service"]["serviceArn"])


def _listener(platform: Platform, port: int) -> str:
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
    _subscribe(platform, "platform@example.com")
    platform.keep("aws_sns_topic_subscription", topic_arn=topic, protocol="email", endpoint="platform@example.com")
    platform.client("events").put_rule(Name="rotated", EventPattern="{}")
    platform.keep("aws_cloudwatch_event_rule", name="rotated", event_bus_name="default")
    _target(platform, "start")
    platform.keep("aws_cloudwatch_event_target", rule="rotated", target_id="start")


def _subscribe(platform: Platform, address: str) -> None:
    platform.client("sns").subscribe(TopicArn=platform.ids["topic"], Protocol="email", Endpoint=address)


def _target(platform: Platform, id_: str) -> None:
    platform.client("events").put_targets(Rule="rotated", Targets=[{"Id": id_, "Arn": platform.ids["topic"]}])


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Made once: tests compare what is shown before and after."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            clients, readers = (cache(partial(boto3.client, region_name=_REGION)) for _ in range(2))
            made = Platform(clients, readers)
            for build in (_network, _api, _function, _data, _services, _alarms):
                build(made)
            assert made.shown() == [], "what Terraform and AWS have made is shown"
            yield made


def _rule_from_the_world(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=platform.ids["group"], IpPermissions=[_WORLD])


def _rule_to_the_world(platform: Platform) -> None:
    ec2 = platform.client("ec2")
    ec2.authorize_security_group_egress(GroupId=platform.ids["group"], IpPermissions=[_WORLD])


def _route(table: str, **destination: str) -> Callable[[Platform], None]:
    def add(platform: Platform) -> None:
        ids = platform.ids
        platform.client("ec2").create_route(RouteTableId=ids[table], GatewayId=ids["gateway"], **destination)

    return add


def _table(platform: Platform) -> None:
    platform.client("ec2").create_route_table(VpcId=platform.ids["vpc"])


def _association(platform: Platform) -> None:
    ids = platform.ids
    platform.client("ec2").associate_route_table(RouteTableId=ids["table"], SubnetId=ids["subnet-b"])


def _subnet(platform: Platform) -> None:
    platform.client("ec2").create_subnet(VpcId=platform.ids["vpc"], CidrBlock="10.0.250.0/24")


def _endpoint(platform: Platform) -> None:
    platform.client("ec2").create_vpc_endpoint(
        VpcId=platform.ids["vpc"],
        ServiceName=f"com.amazonaws.{_REGION}.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[platform.ids["subnet-a"]],
    )


def _api_resource(platform: Platform) -> None:
    ids = platform.ids
    platform.client("apigateway").create_resource(restApiId=ids["api"], parentId=ids["root"], pathPart="backdoor")


def _stage(platform: Platform) -> None:
    platform.client("apigateway").create_deployment(restApiId=platform.ids["api"], stageName="copy")


def _authorizer(platform: Platform) -> None:
    platform.client("apigateway").create_authorizer(
        restApiId=platform.ids["api"], name="anybody", type="TOKEN", identitySource="method.request.header.A"
    )


def _usage_plan(platform: Platform) -> None:
    stages = [{"apiId": platform.ids["api"], "stage": "v1"}]
    platform.client("apigateway").create_usage_plan(name="unlimited", apiStages=stages)


def _plan_key(platform: Platform) -> None:
    gateway = platform.client("apigateway")
    key = gateway.create_api_key(name="friend", value="0123456789-0123456789", enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=platform.ids["plan"], keyId=key, keyType="API_KEY")


def _loose_key(platform: Platform) -> None:
    platform.client("apigateway").create_api_key(name="friend", value="0123456789-abcdefghij", enabled=True)


def _url(platform: Platform) -> None:
    platform.client("lambda").create_function_url_config(FunctionName="rotation", AuthType="NONE")


def _mapping(platform: Platform) -> None:
    queue = platform.client("sqs").create_queue(QueueName="a")["QueueUrl"]
    arn = platform.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    platform.client("lambda").create_event_source_mapping(
        FunctionName="rotation", EventSourceArn=arn["Attributes"]["QueueArn"]
    )


def _statement(principal: object) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _secret_policy(platform: Platform) -> None:
    platform.client("secretsmanager").put_resource_policy(
        SecretId=platform.ids["secret"], ResourcePolicy=_statement({"AWS": "arn:aws:iam::999999999999:root"})
    )


def _repository_policy(platform: Platform) -> None:
    platform.client("ecr").set_repository_policy(repositoryName="iot", policyText=_statement("*"))


def _access_point(platform: Platform) -> None:
    platform.client("efs").create_access_point(ClientToken="b", FileSystemId=platform.ids["files"])


def _mount_target(platform: Platform) -> None:
    ids = platform.ids
    platform.client("efs").create_mount_target(FileSystemId=ids["files"], SubnetId=ids["subnet-b"])


_ADDED: Mapping[str, tuple[Callable[[Platform], object], str]] = {
    "ingress rule": (_rule_from_the_world, "IsEgress False IpProtocol tcp FromPort 22 ToPort 22 CidrIpv4 0.0.0.0/0"),
    "egress rule": (_rule_to_the_world, "IsEgress True IpProtocol tcp FromPort 22"),
    "route": (_route("table", DestinationCidrBlock="0.0.0.0/0"), "aws_route rtb-"),
    "route of IPv6": (_route("table", DestinationIpv6CidrBlock="::/0"), " ::/0 igw-"),
    "route of the main table": (_route("main", DestinationCidrBlock="0.0.0.0/0"), " 0.0.0.0/0 igw-"),
    "route table": (_table, "aws_route_table rtb-"),
    "association": (_association, "aws_route_table_association rtbassoc-"),
    "subnet": (_subnet, "aws_subnet subnet-"),
    "endpoint": (_endpoint, f"ServiceName com.amazonaws.{_REGION}.ssm"),
    "API resource": (_api_resource, "/backdoor"),
    "method": (lambda platform: _method(platform, platform.ids["resource"], "DELETE"), "DELETE /readings"),
    "method of the root": (lambda platform: _method(platform, platform.ids["root"], "GET"), "GET /"),
    "stage": (_stage, "aws_api_gateway_stage copy"),
    "authorizer": (_authorizer, "name anybody"),
    "usage plan": (_usage_plan, "unlimited"),
    "key of the plan": (_plan_key, "aws_api_gateway_usage_plan_key"),
    "loose key": (_loose_key, "aws_api_gateway_api_key"),
    "Lambda permission": (lambda platform: _permit(platform, "by-hand", "999999999999"), "by-hand"),
    "function URL": (_url, "AuthType NONE"),
    "event source": (_mapping, "aws_lambda_event_source_mapping"),
    "secret's policy": (_secret_policy, "arn:aws:iam::999999999999:root"),
    "repository's policy": (_repository_policy, "aws_ecr_repository_policy iot"),
    "access point": (_access_point, "aws_efs_access_point fsap-"),
    "mount target": (_mount_target, "aws_efs_mount_target fsmt-"),
    "Aurora instance": (lambda platform: _instance(platform, "iot-2"), "aws_rds_cluster_instance iot-2"),
    "ECS service": (lambda platform: _service(platform, "miner"), "service/iot/miner"),
    "listener": (lambda platform: _listener(platform, 80), "Protocol TCP Port 80"),
    "subscription": (lambda platform: _subscribe(platform, "spy@example.com"), "email spy@example.com"),
    "event target": (lambda platform: _target(platform, "second"), "aws_cloudwatch_event_target second"),
}


@pytest.mark.parametrize("kind", _ADDED)
def test_what_was_added_by_hand_is_shown_once(platform: Platform, kind: str) -> None:
    add, expected = _ADDED[kind]

    before = platform.shown()

    add(platform)

    (shown,) = set(platform.shown()) - set(before)
    assert expected in shown
    assert shown.endswith(": in no state")
    assert "0123456789" not in shown


def test_keys_of_other_usage_plans_and_other_networks_are_not_asked_about(platform: Platform) -> None:
    before = platform.shown()
    gateway, ec2 = platform.client("apigateway"), platform.client("ec2")
    plan = gateway.create_usage_plan(name="another")["id"]
    key = gateway.create_api_key(name="another", enabled=True)["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="another", Description="another", VpcId=vpc)

    assert platform.shown() == before


def test_endpoints_of_guardduty_are_made_by_aws(platform: Platform) -> None:
    before = platform.shown()
    platform.client("ec2").create_vpc_endpoint(
        VpcId=platform.ids["vpc"],
        ServiceName=f"com.amazonaws.{_REGION}.guardduty-data",
        VpcEndpointType="Interface",
        SubnetIds=[platform.ids["subnet-a"]],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "GuardDutyManaged", "Value": "true"}]}],
    )

    assert platform.shown() == before


def test_statements_that_name_aws_services_only_are_not_shown_of_a_secret_without_a_policy(platform: Platform) -> None:
    platform.client("secretsmanager").put_resource_policy(
        SecretId=platform.ids["secret"], ResourcePolicy=_statement({"Service": "rds.amazonaws.com"})
    )

    assert not [shown for shown in platform.shown() if "rds.amazonaws.com" in shown]


def test_a_policy_that_is_in_a_state_is_terraforms_business(platform: Platform) -> None:
    _secret_policy(platform)
    _repository_policy(platform)
    policies = ("aws_secretsmanager_secret_policy", "aws_ecr_repository_policy")
    assert len([shown for shown in platform.shown() if shown.startswith(policies)]) == 2

    platform.keep("aws_secretsmanager_secret_policy", secret_arn=platform.ids["secret"])
    platform.keep("aws_ecr_repository_policy", repository="iot")

    assert not [shown for shown in platform.shown() if shown.startswith(policies)]


def test_a_question_that_is_refused_is_an_error_of_its_stack(platform: Platform) -> None:
    def clients(service: str) -> Any:
        if service == "efs":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeAccessPoints")
        return platform.client(service)

    _service(platform, "another")
    found, errors = unmanaged.find({"iot-dev-data": platform.state}, clients)

    assert any("service/iot/another" in finding.says for finding in found)
    (error,) = errors["iot-dev-data"]
    assert error.startswith("AWS does not say what was added to aws_efs_file_system.")
    assert "AccessDeniedException" in error


def test_an_endpoint_that_is_deleted_or_of_an_aws_service_and_a_deleted_subscription_do_not_count() -> None:
    for item in ({"State": "deleted"}, {"RequesterManaged": True}, {"SubscriptionArn": "Deleted"}):
        assert unmanaged_kinds._does_not_count(item)
    for item in ({"State": "available"}, {"RequesterManaged": False}, {"SubscriptionArn": "PendingConfirmation"}, {}):
        assert not unmanaged_kinds._does_not_count(item)


def test_the_plan_role_may_ask_everything(platform: Platform) -> None:
    document = json.loads(aws_managed_policies_data)["ReadOnlyAccess"]["Document"]
    allowed = [action for statement in document["Statement"] for action in statement["Action"]]
    assert {
        "apigateway:GET",
        "ecr:GetRepositoryPolicy",
        "lambda:GetPolicy",
        "sns:ListSubscriptionsByTopic",
    } <= platform.asked
    assert [
        action for action in sorted(platform.asked) if not any(fnmatch.fnmatchcase(action, a) for a in allowed)
    ] == []
    assert not platform.asked & set(DENIED_DATA)


def test_what_no_longer_exists_is_left_to_the_plan(platform: Platform) -> None:
    gone = {
        "aws_api_gateway_rest_api": {"id": "gone", "root_resource_id": "gone"},
        "aws_api_gateway_usage_plan": {"id": "gone"},
        "aws_cloudwatch_event_rule": {"name": "gone", "event_bus_name": "default"},
        "aws_ecr_repository": {"name": "gone"},
        "aws_ecs_cluster": {"arn": f"arn:aws:ecs:{_REGION}:{_ACCOUNT}:cluster/gone"},
        "aws_efs_file_system": {"id": "fs-0123456789abcdef0"},
        "aws_lambda_function": {"function_name": "gone"},
        "aws_lb": {"arn": f"arn:aws:elasticloadbalancing:{_REGION}:{_ACCOUNT}:loadbalancer/net/gone/0123456789abcdef"},
        "aws_rds_cluster": {"id": "gone"},
        "aws_secretsmanager_secret": {"arn": f"arn:aws:secretsmanager:{_REGION}:{_ACCOUNT}:secret:gone-abcdef"},
        "aws_security_group": {"id": "sg-0123456789abcdef0"},
        "aws_sns_topic": {"arn": f"arn:aws:sns:{_REGION}:{_ACCOUNT}:gone"},
        "aws_vpc": {"id": "vpc-0123456789abcdef0", "main_route_table_id": "rtb-0123456789abcdef0"},
    }
    other = Platform(platform.client, platform.reader)
    for type_, attributes in gone.items():
        other.keep(type_, **attributes)

    assert other.shown() == []
