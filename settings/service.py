"""Table `service`: what runs, how many of it, and what it may reach. Its types and rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from settings.base import CertificateArn, Percent, Settings, described
from settings.broken import Broken
from settings.cidr import plan_subnets

if TYPE_CHECKING:
    from settings.database import DatabaseSettings
    from settings.network import NetworkSettings
    from settings.rotation import RotationSettings
    from settings.storage import StorageSettings

# Begins a reference to the application's own database secret, as opposed to one named by its ARN.
DATABASE_REFERENCE = "database:"

_EnvironmentVariable = Annotated[str, described("an environment variable name", r"^[A-Z][A-Z0-9_]{0,62}$")]

_Path = Annotated[
    str, described("an absolute directory in the container, e.g. /mnt/media", r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*){1,8}$")
]

_SecretReference = Annotated[
    str,
    described(
        '"database:<JSON key>" (the application\'s database secret) or the ARN of a secret, with :<JSON key> if one is '
        "meant",
        rf"^({DATABASE_REFERENCE}[a-z]+|arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:[A-Za-z0-9/_+=.@-]+"
        r"-[A-Za-z0-9]{6}(:[A-Za-z0-9_.-]+)?)$",
    ),
]

_KeyArn = Annotated[str, described("the ARN of a KMS key", r"^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]{36}$")]

# The grammar of image names: https://github.com/distribution/reference/blob/main/reference.go
_REPOSITORY = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?/)?[a-z0-9]+(([._]|__|-+|/)[a-z0-9]+)*"

_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"

_ECR_IMAGE = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


class EcrRepository(NamedTuple):
    """Where an image lies in ECR."""

    account_id: str
    region: str
    name: str


class ServiceSettings(Settings):
    """One ECS Fargate service behind the entry's load balancer."""

    image: Annotated[
        str,
        described(
            "a container image with a tag or, as production demands, a digest: <repository>@sha256:<64 hex digits>",
            rf"^{_REPOSITORY}(:{_TAG}|(:{_TAG})?@sha256:[0-9a-f]{{64}})$",
        ),
    ]
    command: tuple[str, ...] = Field(default=(), description="the container's command; empty means the image's own")
    migration_command: tuple[str, ...] = Field(
        default=(), description="the command of the one-off migration task; empty means there is none"
    )
    migration_timeout_minutes: Annotated[
        int, Field(ge=1, le=720, description="minutes before a migration is stopped, 1 to 720")
    ] = 30
    port: Annotated[int, Field(ge=1024, le=65535, description="1024 to 65535: a non-root user opens no lower port")] = (
        8080
    )
    cpu: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = Field(
        description="CPU units: 256, 512, 1024, 2048, 4096, 8192 or 16384"
    )
    memory_mb: Annotated[
        int, Field(ge=512, le=122_880, description="memory in MB from Fargate's table of CPU and memory pairs")
    ]
    architecture: Literal["ARM64", "X86_64"] = Field(default="ARM64", description='"ARM64" or "X86_64"')
    user: Annotated[
        str, described('a non-root uid and gid in quotes, e.g. "1000:1000"', r"^[1-9][0-9]{0,8}:[1-9][0-9]{0,8}$")
    ] = "1000:1000"
    environment: dict[_EnvironmentVariable, str] = Field(default={}, description="texts; no secret belongs here")
    secrets: dict[_EnvironmentVariable, _SecretReference] = Field(
        default={}, description="environment variables that ECS fills from Secrets Manager when a task starts"
    )
    secret_key_arns: tuple[_KeyArn, ...] = Field(
        default=(), description="KMS keys of the secrets named by ARN; none for those under aws/secretsmanager"
    )
    mounts: dict[str, _Path] = Field(
        default={}, description="access point of [storage.access_points] -> directory in the container"
    )
    scratch_paths: tuple[_Path, ...] = Field(
        default=("/tmp",),  # noqa: S108 (a path inside the container)
        description="directories that a task may write to, empty at its start and gone at its end",
    )
    database_iam_user: Annotated[
        str | None,
        described("a PostgreSQL role of 1 to 63 lower-case letters, digits and _", r"^[a-z][a-z0-9_]{0,62}$"),
    ] = None
    health_check_path: Annotated[str, described("a path beginning with /", r"^/[A-Za-z0-9/_.-]{0,200}$")] = "/health"
    health_check_grace_seconds: Annotated[
        int,
        Field(ge=0, le=3600, description="seconds after its start in which a task may fail health checks, 0 to 3600"),
    ] = 60
    min_count: Annotated[int, Field(ge=1, le=1000, description="tasks that always run, 1 to 1000")]
    max_count: Annotated[int, Field(ge=1, le=1000, description="tasks at most, 1 to 1000")]
    cpu_target_percent: Percent = 60
    memory_target_percent: Percent | None = Field(
        default=None, description="a whole percentage from 1 to 100; absent means memory does not scale the service"
    )
    container_insights: Literal["enhanced", "enabled"] = Field(
        description='"enhanced" (metrics of every task) or "enabled" (of cluster and service)'
    )
    certificate_arn: CertificateArn | None = Field(
        default=None, description="the ACM certificate of the internal listener; production demands one"
    )
    redeploy_after_rotation: bool = Field(
        default=False, description="true or false: start new tasks when the database secret has rotated"
    )

    @property
    def ecr_repository(self) -> EcrRepository | None:
        """The repository of the image; None for one of another registry."""
        found = _ECR_IMAGE.match(self.image)
        return EcrRepository(*found.groups()) if found else None

    @property
    def injects_database_login(self) -> bool:
        """Whether a task is given the database's login at its start, and so keeps it for its life."""
        return any(reference.startswith(DATABASE_REFERENCE) for reference in self.secrets.values())


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

# Of each private subnet: five are AWS's (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html), a load
# balancer whose address AWS chooses asks for eight free ones
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/availability-zones.html), and the rotation function
# and a migration have one each.
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


# Run by `settings.rules` with those of the other tables.
RULES = (_task_size, _certificate, _addresses, _image_within_reach, _mounts, _directories, _variables, _database_login)
