"""The Terraform states of an environment, and the locks on them, as they are in its bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack


def states(stacks: list[Stack], s3: Any) -> Iterator[tuple[Stack, dict[str, Any]]]:
    """The state of every stack that has one. Raises DeployError as `state` does."""
    for stack in stacks:
        found = state(stack, s3)
        if found is not None:
            yield stack, found


def state(stack: Stack, s3: Any) -> dict[str, Any] | None:
    """The state of a stack, None before its first deployment.

    Raises DeployError when the bucket cannot be read, or when the object is no state: nobody may take that for a stack
    without resources or without protection.
    """
    bucket, key = stack.backend["bucket"], stack.backend["key"]
    return _document(
        s3,
        bucket,
        key,
        is_right=_is_state,
        what="a Terraform state",
        remedy="copy an older version of the object over it; they are listed by: "
        f"aws s3api list-object-versions --bucket {bucket} --prefix {key}",
    )


def lock(stack: Stack, s3: Any) -> dict[str, Any] | None:
    """The lock on a stack's state, None where there is none. Raises DeployError as `state` does."""
    bucket, key = stack.backend["bucket"], stack.lock_key
    return _document(
        s3,
        bucket,
        key,
        is_right=lambda found: bool(found.get("ID")) and isinstance(found["ID"], str),
        what="a Terraform lock",
        remedy=f"if no Terraform runs on {stack.name}, delete it: aws s3 rm s3://{bucket}/{key}; then run this again",
    )


def _is_state(found: Mapping[str, Any]) -> bool:
    """Whether it has the form of https://developer.hashicorp.com/terraform/internals/state-format, version 4."""
    outputs, resources = found.get("outputs"), found.get("resources")
    return (
        found.get("version") == 4
        and isinstance(found.get("serial"), int)
        and isinstance(found.get("lineage"), str)
        and isinstance(outputs, dict)
        and isinstance(resources, list)
        and all(isinstance(part, dict) for part in (*outputs.values(), *resources))
    )


def _document(
    s3: Any, bucket: str, key: str, *, is_right: Callable[[dict[str, Any]], bool], what: str, remedy: str
) -> dict[str, Any] | None:
    text = _read_object(s3, bucket, key)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        fault = "is not JSON" if text.strip() else "is empty"
    else:
        if isinstance(found, dict) and is_right(found):
            return found
        fault = "holds other JSON"
    raise DeployError(f"s3://{bucket}/{key} is not {what}, it {fault}; {remedy}")


def _read_object(s3: Any, bucket: str, key: str) -> bytes | None:
    """An object's content, or None where there is no such object or bucket."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise DeployError(f"s3://{bucket}/{key} cannot be read: {error}") from error
    except BotoCoreError as error:
        raise DeployError(f"AWS cannot be reached: {error}; set credentials and AWS_REGION") from error
    return content
