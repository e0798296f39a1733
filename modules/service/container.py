"""What runs in a task: the container's definition and its volumes, as pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from modules.cache import Cache
from modules.database import Database
from settings.cache import CacheSettings
from settings.service import DATABASE_REFERENCE, ServiceSettings

CONTAINER = "service"


def container_definition(
    settings: ServiceSettings, *, variables: dict[str, str], secret_arn: str, log_group: str, region: str
) -> dict[str, object]:
    """The one container: read-only root, no capabilities, not root, an init process that reaps and forwards.

    The log is sent without blocking the service, which keeps up to 25 MB of it in memory while CloudWatch is away.
    """
    mounts = [(files_volume(name), path) for name, path in settings.mounts.items()]
    mounts += [(scratch_volume(path), path) for path in settings.scratch_paths]
    secrets = [
        {"name": name, "valueFrom": _value_from(reference, secret_arn)}
        for name, reference in sorted(settings.secrets.items())
    ]
    return {
        "name": CONTAINER,
        "image": settings.image,
        "essential": True,
        **({"command": list(settings.command)} if settings.command else {}),
        "user": settings.user,
        "privileged": False,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "portMappings": [{"containerPort": settings.port, "hostPort": settings.port, "protocol": "tcp"}],
        "environment": [{"name": name, "value": value} for name, value in sorted(variables.items())],
        **({"secrets": secrets} if secrets else {}),
        "mountPoints": [
            {"sourceVolume": volume, "containerPath": path, "readOnly": False} for volume, path in sorted(mounts)
        ],
        "stopTimeout": 30,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": "task",
                "mode": "non-blocking",
                "max-buffer-size": "25m",
            },
        },
    }


def variables(
    settings: ServiceSettings, *, database: Database, secret_arn: str, cache_settings: CacheSettings, cache: Cache
) -> dict[str, str]:
    """Where everything is, and the names to log in with; never a password. The settings' own are added."""
    found = {
        **settings.environment,
        "PORT": str(settings.port),
        "DATABASE_HOST": database.writer_endpoint,
        "DATABASE_READER_HOST": database.reader_endpoint,
        "DATABASE_PORT": str(database.port),
        "DATABASE_NAME": database.name,
        "DATABASE_SECRET_ARN": secret_arn,
        "REDIS_HOST": cache.endpoint,
        "REDIS_PORT": str(cache.port),
        "REDIS_FORM": cache_settings.form,
        "REDIS_USER": cache.user_name,
        # An IAM token is made for the group's name, not for its host.
        "REDIS_REPLICATION_GROUP": cache.replication_group_id,
    }
    if cache.reader_endpoint is not None:
        found["REDIS_READER_HOST"] = cache.reader_endpoint
    if settings.database_iam_user is not None:
        found["DATABASE_IAM_USER"] = settings.database_iam_user
    return found


def _value_from(reference: str, secret_arn: str) -> str:
    """A setting's reference as ECS writes it: the secret's ARN, then the JSON key, AWSCURRENT being meant."""
    arn, key = _split(reference, secret_arn)
    return f"{arn}:{key}::" if key else arn


def referenced_arns(settings: ServiceSettings, secret_arn: str) -> Iterator[str]:
    """The ARNs of all secrets that ECS reads for the container, each once, sorted."""
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
