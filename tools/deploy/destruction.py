"""Remembers in the bucket of the states that a destruction has begun, until it ends or a deployment follows.

A destruction checks the protection of every stack, and then Terraform removes what it has read: the outputs of a stack
are gone from its state at once, also where its destruction fails. Without this it could not be run again.
"""

from __future__ import annotations

from typing import Any

from tools.deploy import states
from tools.synthesized import stacks


def begin(environment: str, s3: Any) -> None:
    """Write it down: every stack was found unprotected."""
    for bucket, key in _places(environment):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")


def has_begun(environment: str, s3: Any) -> bool:
    """Whether it is written down. Raises DeployError when the bucket cannot be read."""
    return any(states.read_object(s3, bucket, key) is not None for bucket, key in _places(environment))


def end(environment: str, s3: Any) -> None:
    """Forget it; nothing happens where none has begun."""
    if has_begun(environment, s3):
        for bucket, key in _places(environment):
            s3.delete_object(Bucket=bucket, Key=key)


def _places(environment: str) -> set[tuple[str, str]]:
    return {(stack.backend["bucket"], f"{environment}/destroying") for stack in stacks.find(environment)}
