"""Settings of the service stack: what runs, and how many of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from environments.base import CertificateArn, Percent, Settings, described


class ServiceSettings(Settings):
    """One ECS Fargate service behind the entry's load balancer."""

    image: Annotated[
        str,
        described(
            "a container image with a tag or, as production demands, a digest: <repository>@sha256:<64 hex digits>",
            r"^[a-z0-9][a-zA-Z0-9._:/-]{0,254}(@sha256:[0-9a-f]{64})?$",
        ),
    ]
    command: tuple[str, ...] = Field(default=(), description="the container's command; empty means the image's own")
    migration_command: tuple[str, ...] = Field(
        default=(), description="the command of the one-off migration task; empty means there is none"
    )
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
    environment: dict[Annotated[str, described("an environment variable name", r"^[A-Z][A-Z0-9_]{0,62}$")], str] = (
        Field(default={}, description="texts; no secret belongs here")
    )
    health_check_path: Annotated[str, described("a path beginning with /", r"^/[A-Za-z0-9/_.-]{0,200}$")] = "/health"
    min_count: Annotated[int, Field(ge=1, le=1000, description="tasks that always run, 1 to 1000")]
    max_count: Annotated[int, Field(ge=1, le=1000, description="tasks at most, 1 to 1000")]
    cpu_target_percent: Percent = 60
    memory_target_percent: Percent | None = Field(
        default=None, description="a whole percentage from 1 to 100; absent means memory does not scale the service"
    )
    certificate_arn: CertificateArn | None = Field(
        default=None, description="the ACM certificate of the internal listener; production demands one"
    )
    redeploy_after_rotation: bool = Field(
        default=False, description="true or false: start new tasks when the database secret has rotated"
    )
