from typing import Any

import pytest

from tests.tools.local.emulator.conftest import Client


@pytest.mark.parametrize(("kind", "part"), [("network", "net"), ("application", "app")])
def test_load_balancer_is_active_and_named_by_its_type(client: Client, name: str, kind: str, part: str) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.2.0.0/24")["Subnet"]["SubnetId"]

    created = elb.create_load_balancer(
        Name=name, Type=kind, Subnets=[subnet_id], Tags=[{"Key": "Name", "Value": name}]
    )["LoadBalancers"][0]

    arn = created["LoadBalancerArn"]
    assert f":loadbalancer/{part}/{name}/" in arn
    assert created["State"]["Code"] == "active"
    assert elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["LoadBalancerName"] == name
    tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "Name", "Value": name}]
    elb.delete_load_balancer(LoadBalancerArn=arn)
    with pytest.raises(elb.exceptions.LoadBalancerNotFoundException):
        elb.describe_load_balancers(LoadBalancerArns=[arn])


def test_network_load_balancer_keeps_whether_rules_hold_for_private_link(client: Client, name: str) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    vpc_id = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.3.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"]
    arn = elb.create_load_balancer(Name=name, Type="network", Subnets=[subnet_id], SecurityGroups=[group])[
        "LoadBalancers"
    ][0]["LoadBalancerArn"]

    def enforced() -> Any:
        found = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
        return found["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"]

    assert enforced() == "on"
    elb.set_security_groups(
        LoadBalancerArn=arn,
        SecurityGroups=[group],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off",
    )
    assert enforced() == "off"
