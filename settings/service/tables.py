"""Table `service`: what runs, how many of it, and what it may reach."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from settings.base import CertificateArn, Percent, Settings, described
from settings.service.links import (
    AllowSettings,
    BucketSettings,
    Outbound,
    QueueSettings,
    SidecarSettings,
    VolumeSettings,
)
from settings.service.values import (
    DATABASE_REFERENCE,
    ContainerPath,
    EnvironmentVariable,
    Image,
    KeyArn,
    LinkName,
    SecretReference,
)

_ECR_IMAGE = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")

# The directories that the agent of ECS Exec writes to. AWS does not document them, and supports ECS Exec only with a
# writable root file system; users report that these are enough: https://github.com/aws/containers-roadmap/issues/1359
EXEC_PATHS = ("/var/lib/amazon/ssm", "/var/log/amazon/ssm")


class EcrRepository(NamedTuple):
    """The location of an image in ECR."""

    account_id: str
    region: str
    name: str


def ecr_repository(image: str) -> EcrRepository | None:
    """The repository of an image; None for one of another registry."""
    found = _ECR_IMAGE.match(image)
    return EcrRepository(*found.groups()) if found else None


def _exec(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    raise PydanticCustomError("exec", "neither true, false nor a name")


class ServiceSettings(Settings):
    """One ECS Fargate service behind the entry's load balancer."""

    image: Image
    command: tuple[str, ...] = Field(default=(), description="the container's command; empty means the image's own")
    migration_command: tuple[str, ...] = Field(
        default=(), description="the command of the one-off migration task; empty means there is none"
    )
    migration_timeout_minutes: Annotated[
        int, Field(ge=1, le=720, description="minutes before a migration is stopped, 1 to 720")
    ] = 30
    port: Annotated[int, Field(ge=1024, le=65535, description="1024 to 65535; lower ports need root")] = 8080
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
    environment: dict[EnvironmentVariable, str] = Field(
        default={}, description="environment variables and their values; must not contain secrets"
    )
    secrets: dict[EnvironmentVariable, SecretReference] = Field(
        default={}, description="environment variables that ECS fills from Secrets Manager when a task starts"
    )
    secret_key_arns: tuple[KeyArn, ...] = Field(
        default=(),
        description="ARNs of the KMS keys of the secrets named by ARN; not needed for the key aws/secretsmanager",
    )
    mounts: dict[str, ContainerPath] = Field(
        default={},
        description="directories in the container, by the name of the access point in [storage.access_points]",
    )
    scratch_paths: tuple[ContainerPath, ...] = Field(
        default=("/tmp",),  # noqa: S108 (a path inside the container)
        description="directories that a task may write to; empty when it starts, deleted when it stops",
    )
    database_iam_user: Annotated[
        str | None,
        described("a PostgreSQL role of 1 to 63 lower-case letters, digits and _", r"^[a-z][a-z0-9_]{0,62}$"),
    ] = None
    health_check_path: Annotated[str, described("a path beginning with /", r"^/[A-Za-z0-9/_.-]{0,200}$")] = "/health"
    health_check_grace_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=3600,
            description="seconds after the start of a task during which failed health checks are ignored, 0 to 3600",
        ),
    ] = 60
    min_count: Annotated[int, Field(ge=1, le=1000, description="minimum number of tasks, 1 to 1000")]
    max_count: Annotated[int, Field(ge=1, le=1000, description="maximum number of tasks, 1 to 1000")]
    cpu_target_percent: Percent = 60
    memory_target_percent: Percent | None = Field(
        default=None,
        description="a whole percentage from 1 to 100; absent means that memory does not scale the service",
    )
    container_insights: Literal["enhanced", "enabled"] = Field(
        description='"enhanced" (metrics per task) or "enabled" (metrics of the cluster and the service)'
    )
    certificate_arn: CertificateArn | None = Field(
        default=None, description="the ARN of the load balancer's ACM certificate; required in production"
    )
    redeploy_after_rotation: bool = Field(
        default=False, description="true or false: replace the tasks after each rotation of the database secret"
    )
    outbound: Outbound = Field(
        description='"none", "https" (port 443 of the internet) or a list of { cidr | prefix_list, port }: '
        "destinations outside the VPC to which tasks, workers and jobs may connect"
    )
    allow: tuple[AllowSettings, ...] = Field(
        default=(), description="tables [[service.allow]]: additional permissions of the tasks' roles"
    )
    queues: dict[LinkName, QueueSettings] = Field(default={}, description="tables named [service.queues.<name>]")
    buckets: dict[LinkName, BucketSettings] = Field(default={}, description="tables named [service.buckets.<name>]")
    tracing: bool = Field(
        default=True, description="true or false: tasks may send X-Ray traces, which continue those of API Gateway"
    )
    exec: Annotated[bool | str, BeforeValidator(_exec)] = Field(
        description="true or false: allow ECS Exec (a shell in a task); production accepts the environment's name "
        "instead of true"
    )
    rollback_on_alarm: bool = Field(
        description="true or false: ECS rolls back a deployment if an alarm fires soon after it; "
        "this makes each deployment some minutes longer"
    )
    spot_percent: Annotated[
        int, Field(ge=0, le=100, description="percentage of tasks on Fargate Spot, 0 to 100; must be 0 in production")
    ] = 0
    ephemeral_storage_gb: Annotated[
        int | None,
        Field(
            ge=21,
            le=200,
            description="ephemeral storage of a task, 21 to 200 GiB; absent means Fargate's default of 20",
        ),
    ] = None
    volume: VolumeSettings | None = None
    sidecars: tuple[SidecarSettings, ...] = Field(
        default=(), description="tables [[service.sidecars]]: additional containers in every task"
    )

    @property
    def ecr_repository(self) -> EcrRepository | None:
        """The repository of the image; None for one of another registry."""
        return ecr_repository(self.image)

    @property
    def reaches_every_host(self) -> bool:
        """Whether tasks may call any host by HTTPS, and so AWS without interface endpoints."""
        return any((rule.cidr, rule.port) == ("0.0.0.0/0", 443) for rule in self.outbound)

    @property
    def injects_database_login(self) -> bool:
        """Whether a task gets the database credentials at its start, and therefore keeps them until it stops."""
        return any(reference.startswith(DATABASE_REFERENCE) for reference in self.secrets.values())
