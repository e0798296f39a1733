"""What the containers of the service may do, and where their volumes lie."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import blocks, lookup, parsed


def _tasks(platform: Platform) -> Iterator[Finding]:
    for task in platform.all("aws_ecs_task_definition"):
        containers = parsed(task.values.get("container_definitions"))
        if not isinstance(containers, list) or not containers:
            yield task.finding("ECS_CONTAINER", "container_definitions is no JSON list")
            continue
        for container in containers:
            yield from _container(platform, task, container)
        roles = [task.values.get("task_role_arn"), task.values.get("execution_role_arn")]
        if roles[0] == roles[1]:
            yield task.finding("ECS_CONTAINER", "task and execution have each a role of their own")
        for volume in blocks(task.values.get("volume")):
            for efs in (item for found in lookup(volume, "efs_volume_configuration") for item in blocks(found)):
                authorization = blocks(efs.get("authorization_config"))
                if not platform.referred(task.stack, efs.get("file_system_id")):
                    yield task.finding("ECS_VOLUME", "must be a file system of this environment")
                if efs.get("transit_encryption") != "ENABLED":
                    yield task.finding("ECS_VOLUME", "transit_encryption must be ENABLED")
                if not any(
                    a.get("iam") == "ENABLED" and platform.referred(task.stack, a.get("access_point_id"))
                    for a in authorization
                ):
                    yield task.finding("ECS_VOLUME", "must mount an access point with IAM")


def _container(platform: Platform, task: Resource, container: dict[str, object]) -> Iterator[Finding]:
    part = str(container.get("name"))
    user = str(container.get("user") or "")
    if container.get("readonlyRootFilesystem") is not True:
        yield task.finding("ECS_CONTAINER", "readonlyRootFilesystem must be true", part)
    if user.split(":")[0] in ("", "0", "root"):
        yield task.finding("ECS_CONTAINER", "user must be another than root", part)
    if container.get("privileged"):
        yield task.finding("ECS_CONTAINER", "must not be privileged", part)
    capabilities = lookup(container, "linuxParameters.capabilities.add")
    if lookup(container, "linuxParameters.capabilities.drop") != [["ALL"]]:
        yield task.finding("ECS_CONTAINER", "must drop all capabilities", part)
    if lookup(container, "logConfiguration.logDriver") != ["awslogs"]:
        yield task.finding("ECS_CONTAINER", "must log by awslogs", part)
    if any(capabilities):
        yield task.finding("ECS_CONTAINER", "must add no capability", part)
    if platform.tier == "production" and "@sha256:" not in str(container.get("image")):
        yield task.finding("ECS_IMAGE", "image must be named by digest", part)
    options = lookup(container, "logConfiguration.options.awslogs-group")
    if not any(group.type == "aws_cloudwatch_log_group" for group in platform.referred(task.stack, options)):
        yield task.finding("ECS_CONTAINER", "must log into a log group of this environment", part)


CHECKS = (
    Check("ECS_CONTAINER", "Containers: read-only, not root, not privileged, logged", ("2.2",),
          ("aws_ecs_task_definition",), _tasks),
)  # fmt: skip
