"""Rules between settings of the tables `service`, `workers` and `jobs`; `settings.rules` runs them with all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.broken import Broken
from settings.cidr import plan_subnets
from settings.service import reach, workload_rules
from settings.service.sizes import memory, own_variable
from settings.service.tables import EXEC_PATHS, ServiceSettings
from settings.service.workloads import JobSettings, WorkerSettings

if TYPE_CHECKING:
    from settings.database import DatabaseSettings
    from settings.network import NetworkSettings
    from settings.rotation import RotationSettings
    from settings.storage import StorageSettings

# Addresses of each private subnet that tasks cannot use: AWS reserves five
# (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html), a load balancer needs eight free ones
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/availability-zones.html), and the rotation function
# and a migration have one each.
_TAKEN_ADDRESSES = 5 + 8 + 2

# Secrets may set these variables of the platform, because only they contain the credentials.
_LOGIN_VARIABLES = ("DATABASE_USERNAME", "DATABASE_PASSWORD")


def _task_size(service: ServiceSettings) -> Iterator[Broken]:
    yield from memory("service.memory_mb", service.cpu, service.memory_mb)
    if service.min_count > service.max_count:
        yield Broken("service.max_count", service.max_count, f"{service.min_count} or more", "raise it")


def _certificate(account_id: str, region: str, service: ServiceSettings) -> Iterator[Broken]:
    yield from foreign_certificate("service.certificate_arn", service.certificate_arn, account_id, region)


def foreign_certificate(key: str, arn: str | None, account_id: str, region: str) -> Iterator[Broken]:
    """Certificates of listeners and domain names must be in the same account and region."""
    _, _, _, of_region, of_account, *_ = (arn or f"::::{region}:{account_id}").split(":")
    if arn is not None and of_region != region:
        yield Broken(key, arn, f"a certificate of {region}", "request one in that region")
    elif arn is not None and of_account != account_id:
        yield Broken(key, arn, f"a certificate of the account {account_id}", "request one in that account")


def _addresses(
    zones: tuple[str, ...],
    network: NetworkSettings,
    service: ServiceSettings,
    workers: dict[str, WorkerSettings],
    jobs: dict[str, JobSettings],
) -> Iterator[Broken]:
    """Every task needs an address in a private subnet, and a deployment runs each task twice."""
    private = plan_subnets(network.cidr, len(zones))[0].private
    free = len(zones) * (private.num_addresses - _TAKEN_ADDRESSES - len(network.interface_endpoints))
    others = len(jobs) + 2 * sum(worker.max_count for worker in workers.values())
    free = max(0, free - others)
    beside = f" beside {others} for workers and jobs" if others else ""
    if 2 * service.max_count > free:
        yield Broken(
            "service.max_count",
            service.max_count,
            f"at most {free // 2}: {len(zones)} private subnets of {network.cidr} have {free} addresses for tasks"
            f"{beside}, and a deployment runs each twice",
            "lower it, or choose a larger network.cidr before the first deployment",
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
    """A mount inside another mount hides a part of it, or is hidden, depending on the order."""
    # The platform's own mounts come first, so that an overlap is reported for the configured mount.
    named = [("service.exec", path) for path in EXEC_PATHS] if service.exec else []
    named += [(f"service.mounts.{name}", path) for name, path in service.mounts.items()]
    named += [("service.scratch_paths", path) for path in service.scratch_paths]
    named += [("service.volume.path", service.volume.path)] if service.volume else []
    for index, (key, path) in enumerate(named):
        for _, other in named[:index]:
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                yield Broken(key, path, f"a directory neither inside nor around {other}", "choose another")


def _variables(service: ServiceSettings) -> Iterator[Broken]:
    for name in service.environment:
        yield from own_variable(f"service.environment.{name}", name)
    for name in service.secrets:
        if name not in _LOGIN_VARIABLES:
            yield from own_variable(f"service.secrets.{name}", name)
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


def _sidecars(service: ServiceSettings) -> Iterator[Broken]:
    names = ["service", *(sidecar.name for sidecar in service.sidecars)]
    for index, sidecar in enumerate(service.sidecars):
        if sidecar.name in names[: index + 1]:
            yield Broken(f"service.sidecars.{index}.name", sidecar.name, "a unique name", "choose another")


# Run by `settings.rules` with those of the other tables.
RULES = (
    _task_size,
    _certificate,
    _addresses,
    _mounts,
    _directories,
    _variables,
    _database_login,
    _sidecars,
    *reach.RULES,
    *workload_rules.RULES,
)
