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

Group = dict[str, Any]


@extend(ElastiCacheBackend, "__init__", unless="usergroup")
def start_without_groups(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto refuses the ARNs of some in ListTagsForResource."""
    stock(self, region_name, account_id)
    self.groups = {}
    self.arn_regex = re.compile(rf"^arn:{self.partition}:elasticache:{region_name}:{account_id}:[a-z]+:.+$")


def _answering(answer: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], ActionResult]:
    def operation(self: Any) -> ActionResult:
        asked = {name: value for name, value in self._get_params().items() if value is not None}
        return ActionResult(answer(self.elasticache_backend, asked))

    operation.__name__ = answer.__name__
    return operation


class Groups:
    """A kind of group (or user): what is created is stored, described by its name, changed and deleted.

    `kind` is its name in the operations and errors. `facts` are what a call changes beside what it says: it is given
    the backend, the group as it was and what is asked. `changes` are further operations that change. All take the
    place of moto's own. An answer holds the group as a member and as itself: some operations have it so and some the
    other way, and what is not in an operation's model is left out.
    """

    def __init__(self, kind: str, facts: Callable[[Any, Group, Group], Group], *changes: str) -> None:
        self._kind, self._facts = kind, facts
        self._name = f"{kind}Name" if kind.startswith("Cache") else f"{kind}Id"
        member = camelcase_to_underscores(kind)
        operations = {f"create_{member}": self.create, f"describe_{member}s": self.describe}
        operations |= {f"delete_{member}": self.delete, **dict.fromkeys((f"modify_{member}", *changes), self.modify)}
        for operation, answer in operations.items():
            setattr(ElastiCacheResponse, operation, _answering(answer))

    def all(self, backend: Any) -> dict[str, Group]:
        groups: dict[str, Group] = backend.groups.setdefault(self._kind, {})
        return groups

    def _error(self, what: str, message: str) -> ElastiCacheException:
        code = get_service_model("elasticache").shape_for(f"{self._kind}{what}Fault").error_code
        return ElastiCacheException(code, message)

    def find(self, backend: Any, asked: Group) -> Group:
        name, groups = asked[self._name].lower(), self.all(backend)
        if name.startswith("default."):
            return groups.setdefault(name, {self._name: name, f"{self._kind}Family": name.split(".")[1]})
        if name not in groups:
            raise self._error("NotFound", f"{self._kind} {name} not found.")
        return groups[name]

    def create(self, backend: Any, asked: Group) -> Group:
        """AWS stores the names of all kinds in lower case.

        https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUserGroup.html
        """
        name = asked[self._name].lower()
        if name in self.all(backend):
            raise self._error("AlreadyExists", f"{self._kind} {name} already exists.")
        service = f"arn:{backend.partition}:elasticache:{backend.region_name}:{backend.account_id}"
        arn = f"{service}:{self._kind.removeprefix('Cache').lower()}:{name}"
        group = {"ARN": arn, "Status": "active"}
        group |= {**asked, **self._facts(backend, group, asked), self._name: name}
        backend.tagging_service.tag_resource(arn, asked.get("Tags", []))
        self.all(backend)[name] = group
        return {self._kind: group, **group}

    def describe(self, backend: Any, asked: Group) -> Group:
        return {f"{self._kind}s": [self.find(backend, asked)] if self._name in asked else [*self.all(backend).values()]}

    def modify(self, backend: Any, asked: Group) -> Group:
        group = self.find(backend, asked)
        group |= {**asked, **self._facts(backend, group, asked), self._name: group[self._name]}
        return {self._kind: group, **group}

    def delete(self, backend: Any, asked: Group) -> Group:
        group = self.all(backend).pop(self.find(backend, asked)[self._name]) | {"Status": "deleting"}
        backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return {self._kind: group, **group}


def _parameters(backend: Any, group: Group, asked: Group) -> Group:
    changed = {p["ParameterName"]: p["ParameterValue"] for p in asked.get("ParameterNameValues", ())}
    return {"parameters": group.get("parameters", {}) | changed}


def _authentication(backend: Any, user: Group, asked: Group) -> Group:
    """What is asked for and what is answered are two enumerations.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_Authentication.html
    """
    mode = {"Type": "no-password-required"} if asked.get("NoPasswordRequired") else asked.get("AuthenticationMode", {})
    if passwords := asked.get("Passwords", mode.get("Passwords")):
        mode = {"Type": "password"}
    type_ = mode.get("Type", "").removesuffix("-required")
    found = {"Type": type_, "PasswordCount": len(passwords or ())} if type_ else user["Authentication"]
    return {"Authentication": found, "MinimumEngineVersion": "6.0"}


def _members(backend: Any, group: Group, asked: Group) -> Group:
    """A Redis group needs a member named `default`, which the platform switches off."""
    users = USERS.all(backend)
    group = {"UserIds": [], **group, **asked}
    kept = [user_id for user_id in group["UserIds"] if user_id not in asked.get("UserIdsToRemove", ())]
    members = [*kept, *asked.get("UserIdsToAdd", ())]
    for user_id in members:
        if user_id not in users:
            raise UserNotFound(user_id)
    engine = group["Engine"].lower()
    if engine == "redis" and not any(users[user_id]["UserName"] == "default" for user_id in members):
        raise ElastiCacheException(
            "DefaultUserRequired", "User group needs to contain a user with the user name default."
        )
    return {"Engine": engine, "UserIds": members, "MinimumEngineVersion": "6.0"}


def _subnets(backend: Any, group: Group, asked: Group) -> Group:
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    subnets = ec2.describe_subnets(subnet_ids={**group, **asked}["SubnetIds"])
    zones = {subnet.id: {"Name": subnet.availability_zone} for subnet in subnets}
    described = [{"SubnetIdentifier": id_, "SubnetAvailabilityZone": zone} for id_, zone in zones.items()]
    return {"VpcId": subnets[0].vpc_id, "Subnets": described}


PARAMETER_GROUPS = Groups("CacheParameterGroup", _parameters)
SUBNET_GROUPS = Groups("CacheSubnetGroup", _subnets)
USERS = Groups("User", _authentication)
Groups("UserGroup", _members)


@add(ElastiCacheResponse)
@_answering
def describe_cache_parameters(backend: Any, asked: Group) -> Group:
    """Not in moto. Only what was set is listed: the provider asks for `Source=user`."""
    parameters = PARAMETER_GROUPS.find(backend, asked).get("parameters", {}).items()
    return {
        "Parameters": [{"ParameterName": key, "ParameterValue": value, "Source": "user"} for key, value in parameters]
    }


@add(ElastiCacheResponse)
@_answering
def reset_cache_parameter_group(backend: Any, asked: Group) -> Group:
    """Not in moto. Without names it resets all."""
    group = PARAMETER_GROUPS.find(backend, asked)
    reset = {parameter["ParameterName"] for parameter in asked.get("ParameterNameValues", ())}
    group["parameters"] = {key: value for key, value in group["parameters"].items() if reset and key not in reset}
    return group
