"""What hangs on the environment's resources and is in no state, asked of moto within the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jmespath  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError
from moto_platform import (
    REGION,
    Platform,
    instance,
    listener,
    made_platform,
    method,
    permit,
    service,
    subscribe,
    target,
)

from modules.account.deploy_policy import Bootstrap
from modules.account.plan_policy import plan_statements
from modules.common.policies import Account
from settings.naming import Naming
from tools.change import unmanaged, unmanaged_kinds
from tools.synthesized.values import listed

_ACCOUNT = "123456789012"
_WORLD = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Made once: tests compare what is shown before and after."""
    with made_platform() as made:
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
        ServiceName=f"com.amazonaws.{REGION}.ssm",
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
    "route of IPv6": (_route("table", DestinationIpv6CidrBlock="::/0"), " ::/0 GatewayId igw-"),
    "route of the main table": (_route("main", DestinationCidrBlock="0.0.0.0/0"), " 0.0.0.0/0 GatewayId igw-"),
    "route table": (_table, "aws_route_table rtb-"),
    "association": (_association, "aws_route_table_association rtbassoc-"),
    "subnet": (_subnet, "aws_subnet subnet-"),
    "endpoint": (_endpoint, f"ServiceName com.amazonaws.{REGION}.ssm"),
    "API resource": (_api_resource, "/backdoor"),
    "method": (lambda platform: method(platform, platform.ids["resource"], "DELETE"), "path /readings"),
    "method of the root": (lambda platform: method(platform, platform.ids["root"], "GET"), "path /"),
    "stage": (_stage, "aws_api_gateway_stage copy"),
    "authorizer": (_authorizer, "name anybody"),
    "usage plan": (_usage_plan, "unlimited"),
    "Lambda permission": (lambda platform: permit(platform, "by-hand", "999999999999"), "by-hand"),
    "function URL": (_url, "AuthType NONE"),
    "event source": (_mapping, "aws_lambda_event_source_mapping"),
    "secret's policy": (_secret_policy, "arn:aws:iam::999999999999:root"),
    "repository's policy": (_repository_policy, "aws_ecr_repository_policy iot"),
    "access point": (_access_point, "aws_efs_access_point fsap-"),
    "mount target": (_mount_target, "aws_efs_mount_target fsmt-"),
    "Aurora instance": (lambda platform: instance(platform, "iot-2"), "aws_rds_cluster_instance iot-2"),
    "ECS service": (lambda platform: service(platform, "miner"), "service/iot/miner"),
    "listener": (lambda platform: listener(platform, 80), "Protocol TCP Port 80"),
    "subscription": (lambda platform: subscribe(platform, "spy@example.com"), "email spy@example.com"),
    "event target": (lambda platform: target(platform, "second"), "aws_cloudwatch_event_target second"),
    "event target with the id of another rule's": (
        lambda platform: target(platform, "start", rule="daily"),
        "aws_cloudwatch_event_target start",
    ),
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


def test_other_usage_plans_and_other_networks_are_not_asked_about(platform: Platform) -> None:
    before = platform.shown()
    gateway, ec2 = platform.client("apigateway"), platform.client("ec2")
    gateway.create_usage_plan(name="another")
    other = gateway.create_rest_api(name="other")
    method(platform, other["rootResourceId"], "GET", api=other["id"])
    gateway.create_deployment(restApiId=other["id"], stageName="v1")
    gateway.create_usage_plan(name="of another API", apiStages=[{"apiId": other["id"], "stage": "v1"}])
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_security_group(GroupName="another", Description="another", VpcId=vpc)

    assert platform.shown() == before


def test_endpoints_of_guardduty_are_made_by_aws(platform: Platform) -> None:
    before = platform.shown()
    platform.client("ec2").create_vpc_endpoint(
        VpcId=platform.ids["vpc"],
        ServiceName=f"com.amazonaws.{REGION}.guardduty-data",
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

    both = {"Service": "rds.amazonaws.com", "AWS": "arn:aws:iam::999999999999:root"}
    platform.client("secretsmanager").put_resource_policy(
        SecretId=platform.ids["secret"], ResourcePolicy=_statement(both)
    )

    assert [shown for shown in platform.shown() if "rds.amazonaws.com" in shown and "999999999999" in shown]


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

    service(platform, "another")
    found, errors = unmanaged.find({"iot-dev-data": platform.state}, clients)

    assert any("service/iot/another" in finding.says for finding in found)
    (error,) = errors["iot-dev-data"]
    assert error.startswith("AWS does not say what was added to aws_efs_file_system.")
    assert error.count("aws_efs_file_system.") == 1  # though two kinds hang on it
    assert "AccessDeniedException" in error


def test_an_endpoint_that_is_deleted_or_of_an_aws_service_and_a_deleted_subscription_do_not_count() -> None:
    for item in ({"State": "deleted"}, {"RequesterManaged": True}, {"SubscriptionArn": "Deleted"}):
        assert jmespath.search(unmanaged_kinds.NOT_COUNTED, item)
    for item in ({"State": "available"}, {"RequesterManaged": False}, {"SubscriptionArn": "PendingConfirmation"}, {}):
        assert not jmespath.search(unmanaged_kinds.NOT_COUNTED, item)


def test_the_plan_role_may_ask_everything(platform: Platform) -> None:
    names, account = Naming("iot", "dev"), Account(_ACCOUNT, REGION)
    statements = plan_statements(names, account, Bootstrap("arn:bucket", "arn:key", "arn:alias", ()))
    allowed = {action for each in statements if each["Effect"] == "Allow" for action in listed(each["Action"])}
    assert {
        "apigateway:GET",
        "ecr:GetRepositoryPolicy",
        "lambda:GetPolicy",
        "sns:ListSubscriptionsByTopic",
    } <= platform.asked
    assert platform.asked <= allowed


def test_what_no_longer_exists_is_left_to_the_plan(platform: Platform) -> None:
    gone = {
        "aws_api_gateway_rest_api": {"id": "gone", "root_resource_id": "gone"},
        "aws_api_gateway_usage_plan": {"id": "gone"},
        "aws_cloudwatch_event_rule": {"name": "gone", "event_bus_name": "default"},
        "aws_ecr_repository": {"name": "gone"},
        "aws_ecs_cluster": {"arn": f"arn:aws:ecs:{REGION}:{_ACCOUNT}:cluster/gone"},
        "aws_efs_file_system": {"id": "fs-0123456789abcdef0"},
        "aws_lambda_function": {"function_name": "gone"},
        "aws_lb": {"arn": f"arn:aws:elasticloadbalancing:{REGION}:{_ACCOUNT}:loadbalancer/net/gone/0123456789abcdef"},
        "aws_rds_cluster": {"id": "gone"},
        "aws_secretsmanager_secret": {"arn": f"arn:aws:secretsmanager:{REGION}:{_ACCOUNT}:secret:gone-abcdef"},
        "aws_security_group": {"id": "sg-0123456789abcdef0"},
        "aws_sns_topic": {"arn": f"arn:aws:sns:{REGION}:{_ACCOUNT}:gone"},
        "aws_vpc": {"id": "vpc-0123456789abcdef0", "main_route_table_id": "rtb-0123456789abcdef0"},
    }
    other = Platform(platform.client, platform.reader)
    for type_, attributes in gone.items():
        other.keep(type_, **attributes)

    assert other.shown() == []
