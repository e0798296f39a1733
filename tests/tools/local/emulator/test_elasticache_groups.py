from typing import Any

import pytest

from tests.tools.local.emulator.conftest import Client


def _user(client: Client, user_id: str, user_name: str, **settings: Any) -> str:
    client("elasticache").create_user(
        UserId=user_id,
        UserName=user_name,
        Engine="redis",
        AccessString="off -@all",
        **(settings or {"NoPasswordRequired": True}),
    )
    return user_id


def test_parameter_group_lives_from_creation_to_deletion(client: Client, name: str) -> None:
    cache = client("elasticache")

    def parameters() -> dict[str, str]:
        found = cache.describe_cache_parameters(CacheParameterGroupName=name, Source="user")["Parameters"]
        return {p["ParameterName"]: p["ParameterValue"] for p in found}

    group = cache.create_cache_parameter_group(
        CacheParameterGroupName=name.upper(),
        CacheParameterGroupFamily="redis7",
        Description="Test",
        Tags=[{"Key": "Name", "Value": name}],
    )["CacheParameterGroup"]
    assert group["CacheParameterGroupName"] == name
    assert cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"] == [{"Key": "Name", "Value": name}]
    with pytest.raises(cache.exceptions.CacheParameterGroupAlreadyExistsFault):
        cache.create_cache_parameter_group(
            CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="Test"
        )

    values = [{"ParameterName": key, "ParameterValue": "1"} for key in ("timeout", "databases")]
    cache.modify_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=values)
    assert parameters() == {"timeout": "1", "databases": "1"}
    cache.reset_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=values[:1])
    assert parameters() == {"databases": "1"}
    cache.reset_cache_parameter_group(CacheParameterGroupName=name, ResetAllParameters=True)
    assert parameters() == {}

    cache.delete_cache_parameter_group(CacheParameterGroupName=name)
    with pytest.raises(cache.exceptions.CacheParameterGroupNotFoundFault):
        cache.describe_cache_parameter_groups(CacheParameterGroupName=name)


def test_default_parameter_groups_exist(client: Client) -> None:
    groups = client("elasticache").describe_cache_parameter_groups(CacheParameterGroupName="default.redis7.cluster.on")
    assert groups["CacheParameterGroups"][0]["CacheParameterGroupFamily"] == "redis7"


def test_user_group_lives_from_creation_to_deletion(client: Client, name: str) -> None:
    cache = client("elasticache")
    default, one, two = (_user(client, f"{name}-{n}", n) for n in ("default", "one", "two"))
    group = cache.create_user_group(UserGroupId=name, Engine="Redis", UserIds=[default, one])
    assert (group["Status"], group["Engine"]) == ("active", "redis")
    changed = cache.modify_user_group(UserGroupId=name, UserIdsToAdd=[two], UserIdsToRemove=[one])
    assert changed["UserIds"] == [default, two]
    assert cache.describe_user_groups(UserGroupId=name)["UserGroups"][0]["UserIds"] == [default, two]
    assert cache.delete_user_group(UserGroupId=name)["Status"] == "deleting"
    with pytest.raises(cache.exceptions.UserGroupNotFoundFault):
        cache.describe_user_groups(UserGroupId=name)


def test_user_group_needs_known_users_and_a_default_one(client: Client, name: str) -> None:
    cache = client("elasticache")
    with pytest.raises(cache.exceptions.UserNotFoundFault):
        cache.create_user_group(UserGroupId=name, Engine="redis", UserIds=["nobody"])
    with pytest.raises(cache.exceptions.DefaultUserRequired):
        cache.create_user_group(UserGroupId=name, Engine="redis", UserIds=[_user(client, name, "one")])


def test_user_can_be_changed(client: Client, name: str) -> None:
    cache = client("elasticache")
    _user(client, name, name, AuthenticationMode={"Type": "password", "Passwords": ["0123456789abcdef"]})
    cache.modify_user(UserId=name, AccessString="on ~* +@all", AuthenticationMode={"Type": "iam"})
    user = cache.describe_users(UserId=name)["Users"][0]
    assert user["AccessString"] == "on ~* +@all"
    assert user["Authentication"]["Type"] == "iam"


@pytest.mark.parametrize(
    "asked", [{"NoPasswordRequired": True}, {"AuthenticationMode": {"Type": "no-password-required"}}]
)
def test_a_user_without_a_password_is_described_in_the_words_of_aws(
    client: Client, name: str, asked: dict[str, Any]
) -> None:
    cache = client("elasticache")
    _user(client, name, name, **asked)
    _user(client, f"{name}-two", name, AuthenticationMode={"Type": "iam"}, NoPasswordRequired=False)
    cache.modify_user(UserId=f"{name}-two", **asked)

    # What is asked for and what is answered are two enumerations of the API, InputAuthenticationType and this one.
    answers = cache.meta.service_model.shape_for("AuthenticationType").enum
    types = [cache.describe_users(UserId=id_)["Users"][0]["Authentication"]["Type"] for id_ in (name, f"{name}-two")]
    assert types == ["no-password", "no-password"]
    assert set(types) <= set(answers)


def test_subnet_group_can_be_changed_and_deleted(client: Client, name: str) -> None:
    ec2, cache = client("ec2"), client("elasticache")
    vpc_id = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.3.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="Test", SubnetIds=subnets[:1]
    )
    changed = cache.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=subnets)["CacheSubnetGroup"]
    assert {s["SubnetIdentifier"] for s in changed["Subnets"]} == set(subnets)
    assert changed["CacheSubnetGroupDescription"] == "Test"
    cache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    with pytest.raises(cache.exceptions.CacheSubnetGroupNotFoundFault):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName=name)
