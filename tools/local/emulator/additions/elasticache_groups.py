"""ElastiCache: parameter groups, subnet groups, users and user groups.

moto has no parameter groups and no user groups; it can neither change the others nor delete a subnet group.
"""

import re
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.ec2.models import ec2_backends
from moto.elasticache.exceptions import ElastiCacheException, UserNotFound
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from tools.local.emulator.registry import add, extend


@extend(ElastiCacheBackend, "__init__", unless="usergroup")
def start_without_groups(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto refuses the ARNs of some in ListTagsForResource."""
    stock(self, region_name, account_id)
    self.groups = {}
    self.arn_regex = re.compile(rf"^arn:{self.partition}:elasticache:{region_name}:{account_id}:[a-z]+:.+$")


def _answering(answer: Callable[[Any], dict[str, Any]]) -> Callable[[Any], ActionResult]:
    return lambda response: ActionResult(answer(response))


class Groups:
    """A kind of group (or user): what is created is stored, described by its name, changed and deleted.

    `kind` is its name in the operations and errors, `name` the parameter with its own name, `arn` the word in its ARN.
    `change` does what a call says to a new or stored group; `changes` are further operations that do. With `replace`
    these take the place of moto's own operations. An answer holds the group as a member and as itself: some operations
    have it so and some the other way, and what is not in an operation's model is left out.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        arn: str,
        change: Callable[[Any, dict[str, Any]], None],
        *changes: str,
        replace: bool = False,
    ) -> None:
        self._kind, self._name, self._arn, self._change = kind, name, arn, change
        member = camelcase_to_underscores(kind)
        operations = {f"create_{member}": self.create, f"describe_{member}s": self.describe}
        operations |= {f"delete_{member}": self.delete, **dict.fromkeys((f"modify_{member}", *changes), self.modify)}
        for operation, answer in operations.items():
            if replace and hasattr(ElastiCacheResponse, operation):
                delattr(ElastiCacheResponse, operation)
            add(ElastiCacheResponse, name=operation)(_answering(answer))

    def all(self, backend: Any) -> dict[str, Any]:
        groups: dict[str, Any] = backend.groups.setdefault(self._kind, {})
        return groups

    def _error(self, what: str, message: str) -> ElastiCacheException:
        code = get_service_model("elasticache").shape_for(f"{self._kind}{what}Fault").error_code
        return ElastiCacheException(code, message)

    def find(self, response: Any) -> dict[str, Any]:
        name = response._get_param(self._name).lower()
        groups = self.all(response.elasticache_backend)
        if name.startswith("default."):
            return groups.setdefault(name, {self._name: name, f"{self._kind}Family": name.split(".")[1]})
        if name not in groups:
            raise self._error("NotFound", f"{self._kind} {name} not found.")
        return groups[name]

    def create(self, response: Any) -> dict[str, Any]:
        """AWS stores the names of both kinds in lower case.

        https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUserGroup.html
        """
        backend = response.elasticache_backend
        name = response._get_param(self._name).lower()
        if name in self.all(backend):
            raise self._error("AlreadyExists", f"{self._kind} {name} already exists.")
        arn = f"arn:{backend.partition}:elasticache:{backend.region_name}:{backend.account_id}:{self._arn}:{name}"
        group = {**response._get_params(), self._name: name, "ARN": arn, "Status": "active"}
        self._change(response, group)
        backend.tagging_service.tag_resource(arn, group.get("Tags", []))
        self.all(backend)[name] = group
        return {self._kind: group, **group}

    def describe(self, response: Any) -> dict[str, Any]:
        named = response._get_param(self._name)
        found = [self.find(response)] if named else list(self.all(response.elasticache_backend).values())
        return {f"{self._kind}s": found}

    def modify(self, response: Any) -> dict[str, Any]:
        group = self.find(response)
        self._change(response, group)
        return {self._kind: group, **group}

    def delete(self, response: Any) -> dict[str, Any]:
        backend = response.elasticache_backend
        group = self.all(backend).pop(self.find(response)[self._name]) | {"Status": "deleting"}
        backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return {self._kind: group, **group}


def _change_parameters(response: Any, group: dict[str, Any]) -> None:
    changed = {p["ParameterName"]: p["ParameterValue"] for p in response._get_param("ParameterNameValues", [])}
    group["parameters"] = group.get("parameters", {}) | changed


def _change_user(response: Any, user: dict[str, Any]) -> None:
    """What is asked for and what is answered are two enumerations.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_Authentication.html
    """
    asked = response._get_params()
    mode = {"Type": "no-password-required"} if asked.get("NoPasswordRequired") else asked.get("AuthenticationMode")
    if passwords := asked.get("Passwords") or (mode or {}).get("Passwords"):
        mode = {"Type": "password", "Passwords": passwords}
    if mode:
        type_ = mode["Type"].removesuffix("-required")
        user["Authentication"] = {"Type": type_, "PasswordCount": len(mode.get("Passwords", ()))}
    user |= {"AccessString": asked.get("AccessString", user.get("AccessString")), "MinimumEngineVersion": "6.0"}


def _change_members(response: Any, group: dict[str, Any]) -> None:
    """A Redis group needs a member named `default`, which the platform switches off."""
    users = USERS.all(response.elasticache_backend)
    removed = response._get_param("UserIdsToRemove", [])
    kept = [user_id for user_id in group.get("UserIds", []) if user_id not in removed]
    members = kept + response._get_param("UserIdsToAdd", [])
    for user_id in members:
        if user_id not in users:
            raise UserNotFound(user_id)
    engine = group["Engine"].lower()
    if engine == "redis" and not any(users[user_id]["UserName"] == "default" for user_id in members):
        raise ElastiCacheException(
            "DefaultUserRequired", "User group needs to contain a user with the user name default."
        )
    group |= {"Engine": engine, "UserIds": members, "MinimumEngineVersion": "6.0"}


def _change_subnets(response: Any, group: dict[str, Any]) -> None:
    group |= {name: value for name, value in response._get_params().items() if value is not None}
    ec2 = ec2_backends[response.current_account][response.region]
    subnets = ec2.describe_subnets(subnet_ids=group["SubnetIds"])
    group["VpcId"] = subnets[0].vpc_id
    group["Subnets"] = [
        {"SubnetIdentifier": subnet.id, "SubnetAvailabilityZone": {"Name": subnet.availability_zone}}
        for subnet in subnets
    ]


PARAMETER_GROUPS = Groups("CacheParameterGroup", "CacheParameterGroupName", "parametergroup", _change_parameters)
SUBNET_GROUPS = Groups("CacheSubnetGroup", "CacheSubnetGroupName", "subnetgroup", _change_subnets, replace=True)
USERS = Groups("User", "UserId", "user", _change_user, replace=True)
Groups("UserGroup", "UserGroupId", "usergroup", _change_members)


@add(ElastiCacheResponse)
def describe_cache_parameters(self: Any) -> ActionResult:
    """Not in moto. Only what was set is listed: the provider asks for `Source=user`."""
    parameters = PARAMETER_GROUPS.find(self).get("parameters", {}).items()
    return ActionResult(
        {"Parameters": [{"ParameterName": key, "ParameterValue": value, "Source": "user"} for key, value in parameters]}
    )


@add(ElastiCacheResponse)
def reset_cache_parameter_group(self: Any) -> ActionResult:
    """Not in moto. Without names it resets all."""
    group = PARAMETER_GROUPS.find(self)
    reset = {parameter["ParameterName"] for parameter in self._get_param("ParameterNameValues", [])}
    group["parameters"] = {key: value for key, value in group["parameters"].items() if reset and key not in reset}
    return ActionResult(group)
