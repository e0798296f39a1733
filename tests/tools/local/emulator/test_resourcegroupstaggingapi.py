"""What the platform's tagged resources are called by GetResources; those of moto's own services are moto's business."""

from tests.tools.local.emulator.conftest import Client

TAGS = {"Environment": "listed"}
LISTED = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def test_what_moto_does_not_list(client: Client) -> None:
    ec2, api = client("ec2"), client("apigateway")

    def tags(type_: str) -> list[dict[str, object]]:
        return [{"ResourceType": type_, "Tags": LISTED}]

    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    acl = ec2.create_network_acl(VpcId=vpc, TagSpecifications=tags("network-acl"))["NetworkAcl"]["NetworkAclId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))["AllocationId"]
    rest_api = api.create_rest_api(name="listed", tags=TAGS)["id"]
    key = api.create_api_key(name="listed", tags=TAGS)["id"]
    repository = client("ecr").create_repository(
        repositoryName="listed", tags=[{"Key": "Environment", "Value": "listed"}]
    )["repository"]["repositoryArn"]
    group = client("rds").create_db_parameter_group(
        DBParameterGroupName="listed", DBParameterGroupFamily="aurora-postgresql16", Description="-", Tags=LISTED
    )["DBParameterGroup"]["DBParameterGroupArn"]
    api.create_rest_api(name="another", tags={"Environment": "another"})

    pages = client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = [
        mapping
        for page in pages.paginate(TagFilters=[{"Key": "Environment", "Values": ["listed"]}])
        for mapping in page["ResourceTagMappingList"]
    ]

    assert all(mapping["Tags"] == LISTED for mapping in found)
    assert sorted(mapping["ResourceARN"].split(":", 5)[5] for mapping in found) == sorted([
        f"network-acl/{acl}",
        f"elastic-ip/{address}",
        f"/restapis/{rest_api}",
        f"/apikeys/{key}",
        repository.split(":", 5)[5],
        group.split(":", 5)[5],
    ])  # fmt: skip
