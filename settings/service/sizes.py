"""Checks for service, workers and jobs: pairs of CPU and memory, names of variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from settings.broken import Broken

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

# Variables that the platform sets itself begin with these, or are called PORT.
_OWN_VARIABLES = re.compile(r"^(PORT$|DATABASE_|REDIS_|AWS_|ECS_|QUEUE_|BUCKET_)")


def memory(key: str, cpu: int, memory_mb: int) -> Iterator[Broken]:
    """A memory that Fargate does not pair with the CPU."""
    found = FARGATE_MEMORY[cpu]
    if memory_mb not in found:
        shown = ", ".join(map(str, found)) if len(found) <= 8 else f"{found[0]}, {found[1]}, ..., {found[-1]}"
        yield Broken(key, memory_mb, f"with cpu = {cpu}: {shown}", "choose one of them")


def own_variable(key: str, name: str) -> Iterator[Broken]:
    """A variable of a name that the platform sets itself."""
    if _OWN_VARIABLES.match(name):
        yield Broken(key, name, "a name that the platform does not set", "choose another name")
