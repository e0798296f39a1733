"""The container definitions of a task and its volumes, as pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modules.service.links import ServiceLinks
from settings.service import DATABASE_REFERENCE, EXEC_PATHS, ServiceSettings, SidecarSettings

CONTAINER = "service"
EBS_VOLUME = "volume"


def containers(
    settings: ServiceSettings,
    *,
    variables: dict[str, str],
    listens: bool,
    secret_arn: str,
    log_group: str,
    region: str,
) -> list[dict[str, object]]:
    """The container of the service, worker or job, then its sidecars."""
    first = container_definition(
        settings, variables=variables, listens=listens, secret_arn=secret_arn, log_group=log_group, region=region
    )
    return [
        first,
        *(_sidecar(sidecar, user=settings.user, log_group=log_group, region=region) for sidecar in settings.sidecars),
    ]


def container_definition(
    settings: ServiceSettings,
    *,
    variables: dict[str, str],
    listens: bool,
    secret_arn: str,
    log_group: str,
    region: str,
) -> dict[str, object]:
    """The first container: read-only root file system, no capabilities, a non-root user, an init process.

    Logging does not block the service: up to 25 MB of log is kept in memory while CloudWatch is unavailable.
    """
    mounts = [(files_volume(name), path) for name, path in settings.mounts.items()]
    mounts += [(scratch_volume(path), path) for path in writable_paths(settings)]
    mounts += [(EBS_VOLUME, settings.volume.path)] if settings.volume else []
    port = {"containerPort": settings.port, "hostPort": settings.port, "protocol": "tcp"}
    secrets = [
        {"name": name, "valueFrom": _value_from(reference, secret_arn)}
        for name, reference in sorted(settings.secrets.items())
    ]
    return {
        "name": CONTAINER,
        "image": settings.image,
        **({"command": list(settings.command)} if settings.command else {}),
        **_closed(settings.user, log_group, region, stream="task"),
        "essential": True,
        "portMappings": [port] if listens else [],
        "environment": _environment(variables),
        **({"secrets": secrets} if secrets else {}),
        "mountPoints": [
            {"sourceVolume": volume, "containerPath": path, "readOnly": False} for volume, path in sorted(mounts)
        ],
    }


def _sidecar(sidecar: SidecarSettings, *, user: str, log_group: str, region: str) -> dict[str, object]:
    return {
        "name": sidecar.name,
        "image": sidecar.image,
        **({"command": list(sidecar.command)} if sidecar.command else {}),
        **_closed(user, log_group, region, stream=sidecar.name),
        "essential": sidecar.essential,
        "portMappings": [],
        "environment": _environment(sidecar.environment),
        "mountPoints": [],
    }


def _environment(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def _closed(user: str, log_group: str, region: str, *, stream: str) -> dict[str, object]:
    """The restrictions of every container."""
    return {
        "user": user,
        "privileged": False,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "stopTimeout": 30,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": stream,
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        },
    }


def writable_paths(settings: ServiceSettings) -> tuple[str, ...]:
    """Directories of the first container that are empty at the start of a task and writable."""
    return (*settings.scratch_paths, *(EXEC_PATHS if settings.exec else ()))


def variables(settings: ServiceSettings, links: ServiceLinks, *, cache_form: str, listens: bool) -> dict[str, str]:
    """Addresses and user names, but no passwords, plus the variables in the settings."""
    database, cache = links.database, links.cache
    found = {
        **settings.environment,
        "DATABASE_HOST": database.writer_endpoint,
        "DATABASE_READER_HOST": database.reader_endpoint,
        "DATABASE_PORT": str(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_SECRET_ARN": links.secret_arn,
        "REDIS_HOST": cache.endpoint,
        "REDIS_PORT": str(cache.port),
        "REDIS_FORM": cache_form,
        "REDIS_USER": cache.user_name,
        # An IAM token is for the name of the replication group, not for its host.
        "REDIS_REPLICATION_GROUP": cache.replication_group_id,
        **{f"QUEUE_{_variable(name)}_URL": queue.url for name, queue in links.queues.items()},
        **{f"BUCKET_{_variable(name)}_NAME": bucket.name for name, bucket in links.buckets.items()},
    }
    if listens:
        found["PORT"] = str(settings.port)
    if cache.reader_endpoint is not None:
        found["REDIS_READER_HOST"] = cache.reader_endpoint
    if settings.database_iam_user is not None:
        found["DATABASE_IAM_USER"] = settings.database_iam_user
    return found


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _value_from(reference: str, secret_arn: str) -> str:
    """A setting's reference in ECS's format: the secret's ARN, then the JSON key. Its version is AWSCURRENT."""
    arn, key = _split(reference, secret_arn)
    return f"{arn}:{key}::" if key else arn


def referenced_arns(settings: ServiceSettings, secret_arn: str) -> Iterator[str]:
    """The ARNs of all secrets that ECS reads for the container, sorted and without duplicates."""
    yield from sorted({_split(reference, secret_arn)[0] for reference in settings.secrets.values()})


def _split(reference: str, secret_arn: str) -> tuple[str, str]:
    if reference.startswith(DATABASE_REFERENCE):
        return secret_arn, reference.removeprefix(DATABASE_REFERENCE)
    parts = reference.split(":")
    return ":".join(parts[:7]), ":".join(parts[7:])


def files_volume(access_point: str) -> str:
    """Name of the volume of an EFS access point."""
    return f"files-{access_point}"


def scratch_volume(path: str) -> str:
    """Name of the volume of a writable directory."""
    return f"scratch{path.replace('/', '-').replace('.', '_')}"
