from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.local.emulator.conftest import REGION, Client


@pytest.fixture
def group_id(client: Client, name: str) -> str:
    ec2 = client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    group_id: str = ec2.create_security_group(GroupName=name, Description="Test", VpcId=vpc_id)["GroupId"]
    return group_id


def _rule(client: Client, group_id: str, **source: Any) -> Any:
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}
    answer = client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"][0]


def test_rule_with_a_referenced_group_keeps_its_description(client: Client, group_id: str) -> None:
    pair = {"GroupId": group_id, "Description": "From the group itself"}
    assert _rule(client, group_id, UserIdGroupPairs=[pair])["Description"] == "From the group itself"


def test_rule_with_a_prefix_list_keeps_its_description(client: Client, group_id: str, name: str) -> None:
    prefix_list = client("ec2").create_managed_prefix_list(PrefixListName=name, MaxEntries=1, AddressFamily="IPv4")
    entry = {"PrefixListId": prefix_list["PrefixList"]["PrefixListId"], "Description": "From the offices"}
    assert _rule(client, group_id, PrefixListIds=[entry])["Description"] == "From the offices"


def test_changed_description_of_a_rule_is_returned(client: Client, group_id: str) -> None:
    pair = {"GroupId": group_id, "Description": "Before"}
    rule_id = _rule(client, group_id, UserIdGroupPairs=[pair])["SecurityGroupRuleId"]
    change = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "ReferencedGroupId": group_id,
        "Description": "After",
    }
    ec2 = client("ec2")
    ec2.modify_security_group_rules(
        GroupId=group_id,
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": change}],
    )
    rules = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"]
    assert rules[0]["Description"] == "After"


def test_a_deleted_subnet_is_in_no_access_list(client: Client) -> None:
    ec2 = client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]

    def subnets() -> list[str]:
        found = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NetworkAcls"]
        return [association["SubnetId"] for acl in found for association in acl["Associations"]]

    assert subnets() == [subnet_id]
    ec2.delete_subnet(SubnetId=subnet_id)
    assert subnets() == []


def test_the_address_of_a_deleted_nat_gateway_is_free_for_the_next(client: Client) -> None:
    ec2 = client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet_id = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]

    def create() -> str:
        gateway = ec2.create_nat_gateway(SubnetId=subnet_id, AllocationId=address)["NatGateway"]
        return str(gateway["NatGatewayId"])

    def interfaces() -> int:
        filters = [{"Name": "subnet-id", "Values": [subnet_id]}]
        return len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])

    ec2.delete_nat_gateway(NatGatewayId=create())
    assert interfaces() == 0

    create()
    assert interfaces() == 1


def test_a_deleted_flow_log_is_no_longer_listed_by_its_tags(client: Client, name: str) -> None:
    ec2, tagging = client("ec2"), client("resourcegroupstaggingapi")
    vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    (log,) = ec2.create_flow_logs(
        ResourceIds=[vpc_id],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{name}",
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "of", "Value": name}]}],
    )["FlowLogIds"]

    def listed() -> list[str]:
        found = tagging.get_resources(TagFilters=[{"Key": "of", "Values": [name]}])["ResourceTagMappingList"]
        return [one["ResourceARN"].rpartition("/")[2] for one in found]

    assert listed() == [log]
    ec2.delete_flow_logs(FlowLogIds=[log])
    assert listed() == []


def test_a_deleted_vpc_endpoint_is_no_longer_listed_by_its_tags(client: Client, name: str) -> None:
    ec2, tagging = client("ec2"), client("resourcegroupstaggingapi")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"],
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "of", "Value": name}]}],
    )["VpcEndpoint"]["VpcEndpointId"]

    def listed() -> list[str]:
        found = tagging.get_resources(TagFilters=[{"Key": "of", "Values": [name]}])["ResourceTagMappingList"]
        return [one["ResourceARN"].rpartition("/")[2] for one in found]

    assert listed() == [endpoint]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert listed() == []


def test_network_acls_of_a_deleted_vpc_are_no_longer_listed_by_their_tags(client: Client, name: str) -> None:
    ec2, tagging = client("ec2"), client("resourcegroupstaggingapi")
    vpc_id = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    own = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    every = [acl["NetworkAclId"] for acl in ec2.describe_network_acls()["NetworkAcls"] if acl["VpcId"] == vpc_id]
    ec2.create_tags(Resources=every, Tags=[{"Key": "of", "Value": name}])

    def listed() -> int:
        return len(tagging.get_resources(TagFilters=[{"Key": "of", "Values": [name]}])["ResourceTagMappingList"])

    assert (len(every), listed()) == (2, 2)
    ec2.delete_network_acl(NetworkAclId=own)
    assert listed() == 1
    ec2.delete_vpc(VpcId=vpc_id)
    assert listed() == 0


def test_a_network_acl_that_is_gone_is_said_in_the_words_of_aws(client: Client) -> None:
    with pytest.raises(ClientError) as refused:
        client("ec2").describe_network_acls(NetworkAclIds=["acl-0123456789abcdef0"])

    assert refused.value.response["Error"]["Code"] == "InvalidNetworkAclID.NotFound"
