"""What is in use is not taken away, with the errors of AWS; until its VPC is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import REGION, Client, package
from tools.local.emulator import release


@dataclass(frozen=True)
class Place:
    """A VPC with two subnets that no other test uses, and a name."""

    vpc: str
    subnets: list[str]
    name: str


@pytest.fixture
def place(client: Client, name: str) -> Place:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    return Place(vpc, subnets, name)


def give_up(client: Client, place: Place) -> None:
    client("ec2").create_tags(Resources=[place.vpc], Tags=[{"Key": release.TAG, "Value": ""}])


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    """Code and message of the error that the call must end in."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def nat_gateway(client: Client, place: Place) -> Any:
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    id_ = ec2.create_nat_gateway(SubnetId=place.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    return f"NAT gateway {id_}", lambda: ec2.delete_nat_gateway(NatGatewayId=id_)


def endpoint(client: Client, place: Place) -> Any:
    ec2 = client("ec2")
    id_ = ec2.create_vpc_endpoint(
        VpcId=place.vpc,
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{REGION}.sns",
        SubnetIds=place.subnets,
    )["VpcEndpoint"]["VpcEndpointId"]
    return f"VPC endpoint {id_}", lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])


def balancer(client: Client, place: Place) -> Any:
    elb = client("elbv2")
    made = elb.create_load_balancer(Name=place.name, Type="network", Subnets=place.subnets)["LoadBalancers"][0]
    return f"load balancer {place.name}", lambda: elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


def function(client: Client, place: Place) -> Any:
    iam, lambda_ = client("iam"), client("lambda")
    role = iam.create_role(RoleName=place.name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lambda_.create_function(
        FunctionName=place.name,
        Runtime="python3.13",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": package({"main.py": ""})},
        VpcConfig={"SubnetIds": place.subnets, "SecurityGroupIds": []},
    )
    return f"function {place.name}", lambda: lambda_.delete_function(FunctionName=place.name)


def mount_target(client: Client, place: Place) -> Any:
    efs = client("efs")
    files = efs.create_file_system(CreationToken=place.name)["FileSystemId"]
    id_ = efs.create_mount_target(FileSystemId=files, SubnetId=place.subnets[0])["MountTargetId"]
    return f"mount target {id_}", lambda: efs.delete_mount_target(MountTargetId=id_)


def service(client: Client, place: Place) -> Any:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=place.name)
    ecs.register_task_definition(
        family=place.name,
        networkMode="awsvpc",
        containerDefinitions=[{"name": "main", "image": "main", "memory": 128}],
    )
    ecs.create_service(
        cluster=place.name,
        serviceName=place.name,
        taskDefinition=place.name,
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": place.subnets, "securityGroups": []}},
    )
    return f"tasks of service {place.name}", lambda: ecs.update_service(
        cluster=place.name, service=place.name, desiredCount=0
    )


def database(client: Client, place: Place) -> Any:
    rds = client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName=place.name, DBSubnetGroupDescription="Test", SubnetIds=place.subnets)
    rds.create_db_cluster(
        DBClusterIdentifier=place.name,
        Engine="aurora-postgresql",
        DBSubnetGroupName=place.name,
        MasterUsername="steward",
        ManageMasterUserPassword=True,
    )
    rds.create_db_instance(
        DBInstanceIdentifier=place.name,
        DBClusterIdentifier=place.name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )

    def end() -> None:
        rds.delete_db_instance(DBInstanceIdentifier=place.name, SkipFinalSnapshot=True)
        rds.delete_db_cluster(DBClusterIdentifier=place.name, SkipFinalSnapshot=True)

    return f"database cluster {place.name}", end


def cache(client: Client, place: Place) -> Any:
    caches = client("elasticache")
    caches.create_cache_subnet_group(
        CacheSubnetGroupName=place.name, CacheSubnetGroupDescription="Test", SubnetIds=place.subnets
    )
    caches.create_replication_group(
        ReplicationGroupId=place.name[:40],
        ReplicationGroupDescription="Test",
        Engine="redis",
        CacheNodeType="cache.t4g.micro",
        CacheSubnetGroupName=place.name,
    )
    return f"replication group {place.name}", lambda: caches.delete_replication_group(ReplicationGroupId=place.name)


@pytest.mark.parametrize(
    "user",
    [nat_gateway, endpoint, balancer, function, mount_target, service, database, cache],
    ids=lambda u: u.__name__,
)
def test_a_subnet_stays_while_something_has_an_interface_in_it(client: Client, place: Place, user: Any) -> None:
    named, end = user(client, place)
    ec2 = client("ec2")

    code, message = refused(ec2.delete_subnet, SubnetId=place.subnets[0])

    assert code == "Client.DependencyViolation"
    assert message.startswith(f"The subnet '{place.subnets[0]}' has dependencies and cannot be deleted.")
    assert named in message

    end()
    ec2.delete_subnet(SubnetId=place.subnets[0])


def test_a_gateway_stays_attached_under_public_addresses(client: Client, place: Place) -> None:
    ec2 = client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    _, end = nat_gateway(client, place)

    code, message = refused(ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=place.vpc)

    assert code == "Client.DependencyViolation"
    assert f"Network {place.vpc} has some mapped public address(es)" in message

    end()
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)


def test_a_vpc_stays_while_a_gateway_or_a_group_is_in_it(client: Client, place: Place) -> None:
    ec2 = client("ec2")
    for subnet in place.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    group = ec2.create_security_group(GroupName=place.name, Description="Test", VpcId=place.vpc)["GroupId"]

    code, message = refused(ec2.delete_vpc, VpcId=place.vpc)

    assert code == "Client.DependencyViolation"
    assert message.endswith(f"cannot be deleted. In use by: {gateway}, {group}.")

    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=place.vpc)


def test_subnet_groups_stay_while_they_are_used(client: Client, place: Place) -> None:
    rds, caches = client("rds"), client("elasticache")
    ends = [database(client, place)[1], cache(client, place)[1]]

    assert refused(rds.delete_db_subnet_group, DBSubnetGroupName=place.name)[0] == "InvalidDBSubnetGroupStateFault"
    assert refused(caches.delete_cache_subnet_group, CacheSubnetGroupName=place.name)[0] == "CacheSubnetGroupInUse"

    for end in ends:
        end()
    rds.delete_db_subnet_group(DBSubnetGroupName=place.name)
    caches.delete_cache_subnet_group(CacheSubnetGroupName=place.name)


def test_in_a_vpc_that_is_given_up_nothing_stays(client: Client, place: Place) -> None:
    ec2 = client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    for user in (nat_gateway, database, cache, function):
        user(client, place)

    give_up(client, place)

    client("rds").delete_db_subnet_group(DBSubnetGroupName=place.name)
    client("elasticache").delete_cache_subnet_group(CacheSubnetGroupName=place.name)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    for subnet in place.subnets:
        ec2.delete_subnet(SubnetId=subnet)

    # THEN what has lost its place can still be looked at
    assert client("lambda").get_function(FunctionName=place.name)["Configuration"]["VpcConfig"]["SubnetIds"]
