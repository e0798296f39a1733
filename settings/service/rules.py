"""Rules between settings of the tables `service`, `workers` and `jobs`; `settings.rules` runs them with all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from settings.broken import Broken
from settings.cidr import plan_subnets
from settings.naming import Naming
from settings.service.tables import ServiceSettings, ecr_repository
from settings.service.workloads import JobSettings, WorkerSettings, workload_settings

if TYPE_CHECKING:
    from settings.database import DatabaseSettings
    from settings.network import NetworkSettings
    from settings.rotation import RotationSettings
    from settings.storage import StorageSettings

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
_OWN_VARIABLES = re.compile(r"^(PORT$|DATABASE_|REDIS_|AWS_|ECS_|QUEUE_|BUCKET_)")

# Those of them that secrets may set: the login has no other place.
_LOGIN_VARIABLES = ("DATABASE_USERNAME", "DATABASE_PASSWORD")


def _memory(key: str, cpu: int, memory_mb: int) -> Iterator[Broken]:
    memory = FARGATE_MEMORY[cpu]
    if memory_mb not in memory:
        shown = ", ".join(map(str, memory)) if len(memory) <= 8 else f"{memory[0]}, {memory[1]}, ..., {memory[-1]}"
        yield Broken(key, memory_mb, f"with cpu = {cpu}: {shown}", "choose one of them")


def _task_size(service: ServiceSettings) -> Iterator[Broken]:
    yield from _memory("service.memory_mb", service.cpu, service.memory_mb)
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


def _addresses(
    zones: tuple[str, ...],
    network: NetworkSettings,
    service: ServiceSettings,
    workers: dict[str, WorkerSettings],
    jobs: dict[str, JobSettings],
) -> Iterator[Broken]:
    """Every task has an address in a private subnet of its own: a deployment runs each of them twice."""
    private = plan_subnets(network.cidr, len(zones))[0].private
    free = len(zones) * (private.num_addresses - _TAKEN_ADDRESSES - len(network.interface_endpoints))
    free -= len(jobs) + 2 * sum(worker.max_count for worker in workers.values())
    if 2 * service.max_count > free:
        yield Broken(
            "service.max_count",
            service.max_count,
            f"at most {free // 2}: {len(zones)} private subnets of {network.cidr} have {free} addresses for tasks, and "
            "a deployment runs each twice",
            "lower it, or choose a larger network.cidr before the first deployment",
        )


# What a task calls: its image, its log, its secret. IAM tokens for Redis and Aurora are made without a call.
_CALLED = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
_WORLD = "0.0.0.0/0"


def _way_out(region: str, network: NetworkSettings, service: ServiceSettings) -> Iterator[Broken]:
    """Rules for the internet need NAT; without HTTPS to everywhere, AWS is called over endpoints alone."""
    rules = [rule.model_dump(exclude_none=True) for rule in service.outbound]
    outbound = {"": "none", f"{_WORLD}443": "https"}.get(
        "".join(f"{rule.cidr}{rule.port}" for rule in service.outbound), rules
    )
    for index, rule in enumerate(service.outbound):
        key = f"service.outbound.{index}"
        if (rule.cidr is None) == (rule.prefix_list is None):
            yield Broken(key, rules[index], "either cidr or prefix_list", "name one of them")
        if rule.cidr is not None:
            yield from _block(f"{key}.cidr", rule.cidr, network)
        if service.outbound.index(rule) != index:
            yield Broken(key, rules[index], "each rule once", "delete the doubles")
    if service.outbound and network.nat == "none":
        yield Broken(
            "service.outbound", outbound, '"none" with network.nat = "none"', "set it, or choose another network.nat"
        )
    if any(rule.cidr == _WORLD and rule.port == 443 for rule in service.outbound):
        return
    called = {*_CALLED, *(["xray"] if service.tracing else []), *(["sqs"] if service.queues else [])}
    missing = sorted(called - set(network.interface_endpoints))
    if missing:
        yield Broken(
            "service.outbound",
            outbound,
            f'"https", or interface endpoints for {", ".join(missing)}',
            "add them to network.interface_endpoints"
            + (", or set service.tracing = false" if missing == ["xray"] else ""),
        )


def _block(key: str, block: str, network: NetworkSettings) -> Iterator[Broken]:
    try:
        inside = IPv4Network(block).overlaps(IPv4Network(network.cidr)) and block != _WORLD
    except ValueError:
        yield Broken(key, block, "an IPv4 block without host bits, e.g. 203.0.113.0/24", "correct the block")
        return
    if inside:
        yield Broken(key, block, f"a block outside the VPC's {network.cidr}", "choose another block")


def _images_within_reach(
    region: str,
    network: NetworkSettings,
    service: ServiceSettings,
    workers: dict[str, WorkerSettings],
    jobs: dict[str, JobSettings],
) -> Iterator[Broken]:
    """Without HTTPS to everywhere an image comes over the endpoints of ECR, which are those of the region."""
    if any(rule.cidr == _WORLD and rule.port == 443 for rule in service.outbound):
        return
    images = {"service.image": service.image}
    images |= {f"service.sidecars.{number}.image": car.image for number, car in enumerate(service.sidecars)}
    images |= {f"workers.{name}.image": worker.image for name, worker in workers.items() if worker.image}
    images |= {f"jobs.{name}.image": job.image for name, job in jobs.items() if job.image}
    for key, image in images.items():
        repository = ecr_repository(image)
        if repository is None or repository.region != region:
            yield Broken(
                key, image, f'without service.outbound = "https" an image in ECR of {region}', "copy the image there"
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
    named += [("service.volume.path", service.volume.path)] if service.volume else []
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


def _exec_by_name(
    project: str, stage: str, tier: str, network: NetworkSettings, service: ServiceSettings
) -> Iterator[Broken]:
    """A shell in production is asked for by the environment's name, so that no copied line opens one."""
    name = Naming(project, stage).environment
    if tier == "production" and service.exec is True:
        yield Broken("service.exec", True, f'false, or "{name}" to open it in production', "set one of them")
    if isinstance(service.exec, str) and service.exec != name:
        yield Broken("service.exec", service.exec, f'true, false or "{name}"', "correct the name")
    if service.exec and not service.outbound and "ssmmessages" not in network.interface_endpoints:
        yield Broken(
            "service.exec",
            service.exec,
            'with service.outbound = "none" the interface endpoint ssmmessages',
            "add it to network.interface_endpoints, or set false",
        )


def _sidecars(service: ServiceSettings) -> Iterator[Broken]:
    names = ["service", *(sidecar.name for sidecar in service.sidecars)]
    for index, sidecar in enumerate(service.sidecars):
        if sidecar.name in names[: index + 1]:
            yield Broken(f"service.sidecars.{index}.name", sidecar.name, "a name of its own", "choose another")


def _allowed(service: ServiceSettings) -> Iterator[Broken]:
    """A right over every object of a service is no right that anybody has thought about."""
    for index, allowed in enumerate(service.allow):
        for arn in allowed.resources:
            if arn.split(":", 5)[5] in ("/*", "*"):
                yield Broken(f"service.allow.{index}.resources", arn, "an ARN that names what it is", "name it")


def _workloads(
    service: ServiceSettings, workers: dict[str, WorkerSettings], jobs: dict[str, JobSettings]
) -> Iterator[Broken]:
    for table, named in (("workers", workers), ("jobs", jobs)):
        for name, workload in named.items():
            own = workload_settings(service, workload)
            yield from _memory(f"{table}.{name}.memory_mb", own.cpu, own.memory_mb)
            for variable in workload.environment:
                if _OWN_VARIABLES.match(variable) or variable in service.secrets:
                    key = f"{table}.{name}.environment.{variable}"
                    yield Broken(key, variable, "a name that the platform does not set itself", "choose another name")
    for name, worker in workers.items():
        if worker.min_count > worker.max_count:
            yield Broken(f"workers.{name}.max_count", worker.max_count, f"{worker.min_count} or more", "raise it")
        if worker.queue is not None and worker.queue not in service.queues:
            names = ", ".join(sorted(service.queues)) or "there is none"
            yield Broken(
                f"workers.{name}.queue",
                worker.queue,
                f"a name of [service.queues]: {names}",
                "correct it or add the queue",
            )
    for name, job in jobs.items():
        every = job.every_hours
        if every is not None and every + job.timeout_minutes / 60 > job.missing_after_hours:
            yield Broken(
                f"jobs.{name}.missing_after_hours",
                job.missing_after_hours,
                f"more than the {every:g} hours between two runs and the {job.timeout_minutes} minutes of one",
                "raise it, or run the job more often",
            )
        if not _is_zone(job.timezone):
            yield Broken(f"jobs.{name}.timezone", job.timezone, "a name of the IANA time zones", "correct the name")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


# Run by `settings.rules` with those of the other tables.
RULES = (
    _task_size,
    _certificate,
    _addresses,
    _way_out,
    _images_within_reach,
    _mounts,
    _directories,
    _variables,
    _database_login,
    _exec_by_name,
    _sidecars,
    _allowed,
    _workloads,
)
