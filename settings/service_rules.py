"""Rules between settings of the service; `settings.rules` runs them with all others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from settings.broken import Broken
from settings.cidr import plan_subnets
from settings.credentials import RotationSettings
from settings.data import DatabaseSettings, StorageSettings
from settings.network import NetworkSettings
from settings.service import ServiceSettings

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html: CPU units -> MB
FARGATE_MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
# Of each private subnet: five are AWS's (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html), the load
# balancer asks for eight free ones, and the rotation function and a migration have one each.
_TAKEN_ADDRESSES = 5 + 8 + 2
# Variables that the platform sets itself begin with these, or are called PORT.
_OWN_VARIABLES = re.compile(r"^(PORT$|DATABASE_|REDIS_|AWS_|ECS_)")
# Those of them that secrets may set: the login has no other place.
_LOGIN_VARIABLES = ("DATABASE_USERNAME", "DATABASE_PASSWORD")


def _task_size(service: ServiceSettings) -> Iterator[Broken]:
    memory = FARGATE_MEMORY[service.cpu]
    if service.memory_mb not in memory:
        shown = ", ".join(map(str, memory)) if len(memory) <= 8 else f"{memory[0]}, {memory[1]}, ..., {memory[-1]}"
        yield Broken("service.memory_mb", service.memory_mb, f"with cpu = {service.cpu}: {shown}", "choose one of them")
    if service.min_count > service.max_count:
        yield Broken("service.max_count", service.max_count, f"{service.min_count} or more", "raise it")


def _certificate(account_id: str, region: str, service: ServiceSettings) -> Iterator[Broken]:
    yield from foreign_certificate("service.certificate_arn", service.certificate_arn, account_id, region)


def foreign_certificate(key: str, arn: str | None, account_id: str, region: str) -> Iterator[Broken]:
    """Listeners and domain names take a certificate of their own account and region only."""
    _, _, _, of_region, of_account, *_ = (arn or f"::::{region}:{account_id}").split(":")
    if arn is not None and of_region != region:
        yield Broken(key, arn, f"a certificate of {region}", "request one in that region")
    elif arn is not None and of_account != account_id:
        yield Broken(key, arn, f"a certificate of the account {account_id}", "request one in that account")


def _addresses(zones: tuple[str, ...], network: NetworkSettings, service: ServiceSettings) -> Iterator[Broken]:
    """Every task has an address in a private subnet of its own: a deployment runs each of them twice."""
    private = plan_subnets(network.cidr, len(zones))[0].private
    free = len(zones) * (private.num_addresses - _TAKEN_ADDRESSES - len(network.interface_endpoints))
    if 2 * service.max_count > free:
        yield Broken(
            "service.max_count",
            service.max_count,
            f"at most {free // 2}: {len(zones)} private subnets of {network.cidr} have {free} addresses for tasks, and "
            "a deployment runs each twice",
            "lower it, or choose a larger network.cidr before the first deployment",
        )


def _image_within_reach(region: str, network: NetworkSettings, service: ServiceSettings) -> Iterator[Broken]:
    repository = service.ecr_repository
    if network.nat == "none" and (repository is None or repository.region != region):
        yield Broken(
            "service.image", service.image, f'with nat = "none" an image in ECR of {region}', "copy the image there"
        )


def _mounts(service: ServiceSettings, storage: StorageSettings) -> Iterator[Broken]:
    names = sorted(storage.access_points)
    for name, path in service.mounts.items():
        if name not in names:
            yield Broken(
                f"service.mounts.{name}",
                path,
                f"names of [storage.access_points]: {', '.join(names) or 'there is none'}",
                "correct the name, or add the access point",
            )


def _directories(service: ServiceSettings) -> Iterator[Broken]:
    """What is mounted inside another mount hides a part of it, or is hidden, depending on the order."""
    named = [(f"service.mounts.{name}", path) for name, path in service.mounts.items()]
    named += [("service.scratch_paths", path) for path in service.scratch_paths]
    for index, (key, path) in enumerate(named):
        for _, other in named[:index]:
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                yield Broken(key, path, f"a directory neither inside nor around {other}", "choose another")


def _variables(service: ServiceSettings) -> Iterator[Broken]:
    for name in service.environment:
        key = f"service.environment.{name}"
        if _OWN_VARIABLES.match(name):
            yield Broken(key, name, "a name that the platform does not set itself", "choose another name")
    for name in service.secrets:
        if _OWN_VARIABLES.match(name) and name not in _LOGIN_VARIABLES:
            yield Broken(
                f"service.secrets.{name}", name, "a name that the platform does not set itself", "choose another name"
            )
        if name in service.environment:
            yield Broken(f"service.secrets.{name}", name, "each variable once", "delete it here or in environment")


def _database_login(
    service: ServiceSettings, database: DatabaseSettings, rotation: RotationSettings
) -> Iterator[Broken]:
    if service.injects_database_login and not service.redeploy_after_rotation:
        yield Broken(
            "service.redeploy_after_rotation",
            False,
            "true while service.secrets hands out the database login",
            "set it, for tasks would keep a login that is rotated away; or let the service read the secret itself",
        )
    user = service.database_iam_user
    if user is not None and not database.iam_authentication:
        yield Broken(
            "service.database_iam_user", user, "only with database.iam_authentication = true", "set that, or delete it"
        )
    taken = {database.master_username, rotation.role_name, *rotation.usernames}
    if user in taken:
        yield Broken(
            "service.database_iam_user",
            user,
            f"a role other than {', '.join(sorted(taken))}: those have passwords",
            "choose another",
        )


SERVICE_RULES = (
    _task_size,
    _certificate,
    _addresses,
    _image_within_reach,
    _mounts,
    _directories,
    _variables,
    _database_login,
)
