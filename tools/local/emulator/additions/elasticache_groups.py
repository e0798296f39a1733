"""ElastiCache: parameter groups, user groups, changes of users and of subnet groups."""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import CacheSubnetGroupNotFound, ElastiCacheException, UserNotFound
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend, User
from moto.elasticache.responses import ElastiCacheResponse
from moto.utilities.utils import get_partition

from tools.local.emulator.additions.in_use import refuse_cache_subnet_group
from tools.local.emulator.registry import add, extend


@extend(ElastiCacheBackend, "__init__", unless="usergroup")
def start_without_groups(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto has no parameter groups and no user groups, and refuses their ARNs in ListTagsForResource."""
    stock(self, region_name, account_id)
    self.parameter_groups = {}
    self.user_groups = {}
    self.arn_regex = re.compile(
        r"^arn:[\w-]+:elasticache:[\w-]+:\d+:"
        r"(cluster|snapshot|subnetgroup|replicationgroup|parametergroup|user|usergroup):.+$"
    )


def _register(response: Any, kind: str, name: str) -> str:
    """The ARN of a new resource, with the call's tags put on it."""
    backend = response.elasticache_backend
    partition = get_partition(backend.region_name)
    arn = f"arn:{partition}:elasticache:{backend.region_name}:{backend.account_id}:{kind}:{name}"
    backend.tagging_service.tag_resource(arn, response._get_param("Tags", []))
    return arn


def _parameter_group(response: Any) -> Any:
    name = response._get_param("CacheParameterGroupName").lower()
    group = response.elasticache_backend.parameter_groups.get(name)
    if group is None and name.startswith("default."):
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": name.split(".")[1],
            "parameters": {},
        }
    if group is None:
        raise ElastiCacheException("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return group


@add(ElastiCacheResponse)
def create_cache_parameter_group(self: Any) -> ActionResult:
    """Not in moto. AWS stores the name in lower case."""
    name = self._get_param("CacheParameterGroupName").lower()
    groups = self.elasticache_backend.parameter_groups
    if name in groups:
        raise ElastiCacheException("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
    groups[name] = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": _register(self, "parametergroup", name),
        "parameters": {},
    }
    return ActionResult({"CacheParameterGroup": groups[name]})


@add(ElastiCacheResponse)
def describe_cache_parameter_groups(self: Any) -> ActionResult:
    """Not in moto."""
    if self._get_param("CacheParameterGroupName"):
        return ActionResult({"CacheParameterGroups": [_parameter_group(self)]})
    return ActionResult({"CacheParameterGroups": list(self.elasticache_backend.parameter_groups.values())})


@add(ElastiCacheResponse)
def describe_cache_parameters(self: Any) -> ActionResult:
    """Not in moto. Only what was set is listed: the provider asks for `Source=user`."""
    parameters = _parameter_group(self)["parameters"].items()
    return ActionResult(
        {"Parameters": [{"ParameterName": key, "ParameterValue": value, "Source": "user"} for key, value in parameters]}
    )


@add(ElastiCacheResponse)
def modify_cache_parameter_group(self: Any) -> ActionResult:
    """Not in moto."""
    group = _parameter_group(self)
    for parameter in self._get_param("ParameterNameValues"):
        group["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


@add(ElastiCacheResponse)
def reset_cache_parameter_group(self: Any) -> ActionResult:
    """Not in moto."""
    group = _parameter_group(self)
    if self._get_bool_param("ResetAllParameters"):
        group["parameters"].clear()
    for parameter in self._get_param("ParameterNameValues", []):
        group["parameters"].pop(parameter["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


@add(ElastiCacheResponse)
def delete_cache_parameter_group(self: Any) -> ActionResult:
    """Not in moto."""
    name = _parameter_group(self)["CacheParameterGroupName"]
    self.elasticache_backend.parameter_groups.pop(name, None)
    return EmptyResult()


def _subnet_group(response: Any) -> Any:
    name = response._get_param("CacheSubnetGroupName")
    groups = response.elasticache_backend.cache_subnet_groups
    if name not in groups:
        raise CacheSubnetGroupNotFound(name)
    return groups[name]


@add(ElastiCacheResponse)
def modify_cache_subnet_group(self: Any) -> ActionResult:
    """Not in moto. Built anew, since the constructor derives the VPC and the zones from the subnets."""
    old = _subnet_group(self)
    backend = self.elasticache_backend
    new = CacheSubnetGroup(
        backend.account_id,
        backend.region_name,
        old.cache_subnet_group_name,
        self._get_param("CacheSubnetGroupDescription", old.cache_subnet_group_description),
        self._get_param("SubnetIds", old.subnet_ids),
        old.tags,
    )
    backend.cache_subnet_groups[new.cache_subnet_group_name] = new
    return ActionResult({"CacheSubnetGroup": new})


@add(ElastiCacheResponse)
def delete_cache_subnet_group(self: Any) -> ActionResult:
    """Not in moto."""
    group = _subnet_group(self)
    refuse_cache_subnet_group(self.elasticache_backend, group)
    del self.elasticache_backend.cache_subnet_groups[group.cache_subnet_group_name]
    return EmptyResult()


@add(ElastiCacheResponse)
def modify_user(self: Any) -> ActionResult:
    """Not in moto."""
    users = self.elasticache_backend.users
    user_id = self._get_param("UserId")
    if user_id not in users:
        raise UserNotFound(user_id)
    user = users[user_id]
    user.access_string = self._get_param("AccessString", user.access_string)
    mode = self._get_param("AuthenticationMode", {})
    if self._get_bool_param("NoPasswordRequired"):
        mode = {"Type": "no-password-required"}
    if mode:
        user.authentication_type = mode["Type"]
        user.no_password_required = mode["Type"] == "no-password-required"
    user.passwords = mode.get("Passwords") or self._get_param("Passwords", user.passwords)
    return ActionResult(user)


@extend(User, because="else self.authentication_type")
def authentication(stock: Any, self: Any) -> Any:
    """moto repeats a type that was asked for; AWS answers another word.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_Authentication.html
    """
    answer = stock(self)
    return answer | {"Type": "no-password"} if answer["Type"] == "no-password-required" else answer


def _user_group(response: Any) -> Any:
    name = response._get_param("UserGroupId")
    group = response.elasticache_backend.user_groups.get(name)
    if group is None:
        raise ElastiCacheException("UserGroupNotFound", f"User group {name} not found.")
    return group


def _set_members(response: Any, group: dict[str, Any], user_ids: list[str]) -> None:
    users = response.elasticache_backend.users
    for user_id in user_ids:
        if user_id not in users:
            raise UserNotFound(user_id)
    if group["Engine"] == "redis" and not any(users[user_id].name == "default" for user_id in user_ids):
        raise ElastiCacheException(
            "DefaultUserRequired", "User group needs to contain a user with the user name default."
        )
    group["UserIds"] = user_ids


@add(ElastiCacheResponse)
def create_user_group(self: Any) -> ActionResult:
    """Not in moto. A Redis group needs a member named `default`, which the platform switches off."""
    name = self._get_param("UserGroupId")
    groups = self.elasticache_backend.user_groups
    if name in groups:
        raise ElastiCacheException("UserGroupAlreadyExists", f"User group {name} already exists.")
    group = {
        "UserGroupId": name,
        "Engine": self._get_param("Engine").lower(),
        "Status": "active",
        "MinimumEngineVersion": "6.0",
        "ReplicationGroups": [],
    }
    _set_members(self, group, self._get_param("UserIds", []))
    group["ARN"] = _register(self, "usergroup", name)
    groups[name] = group
    return ActionResult(group)


@add(ElastiCacheResponse)
def describe_user_groups(self: Any) -> ActionResult:
    """Not in moto."""
    if self._get_param("UserGroupId"):
        return ActionResult({"UserGroups": [_user_group(self)]})
    return ActionResult({"UserGroups": list(self.elasticache_backend.user_groups.values())})


@add(ElastiCacheResponse)
def modify_user_group(self: Any) -> ActionResult:
    """Not in moto."""
    group = _user_group(self)
    removed = self._get_param("UserIdsToRemove", [])
    added = self._get_param("UserIdsToAdd", [])
    _set_members(self, group, [user_id for user_id in group["UserIds"] if user_id not in removed] + added)
    return ActionResult(group)


@add(ElastiCacheResponse)
def delete_user_group(self: Any) -> ActionResult:
    """Not in moto."""
    group = _user_group(self)
    del self.elasticache_backend.user_groups[group["UserGroupId"]]
    return ActionResult({**group, "Status": "deleting"})
