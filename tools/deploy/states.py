"""The Terraform states of an environment, and the locks on them, as they are in its bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack


class _State(BaseModel):
    """The form of https://developer.hashicorp.com/terraform/internals/state-format, version 4."""

    model_config = ConfigDict(strict=True)
    version: Literal[4]
    serial: int
    lineage: str
    outputs: dict[str, dict[str, Any]]
    resources: list[dict[str, Any]]


class _Lock(BaseModel):
    id: str = Field(alias="ID", min_length=1)


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
    remedy = "copy an older version of the object over it; to list the versions: "
    remedy += f"aws s3api list-object-versions --bucket {bucket} --prefix {key}"
    return _document(s3, bucket, key, form=_State, what="a Terraform state", remedy=remedy)


def lock(stack: Stack, s3: Any) -> dict[str, Any] | None:
    """The lock on a stack's state, None where there is none. Raises DeployError as `state` does."""
    bucket, key = stack.backend["bucket"], stack.lock_key
    remedy = (
        f"if no Terraform runs on {stack.name}, delete it: aws s3 rm s3://{bucket}/{key}; then run this command again"
    )
    return _document(s3, bucket, key, form=_Lock, what="a Terraform lock", remedy=remedy)


def _document(
    s3: Any, bucket: str, key: str, *, form: type[BaseModel], what: str, remedy: str
) -> dict[str, Any] | None:
    text = read_object(s3, bucket, key)
    if text is None:
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        form.model_validate(found)
    except ValidationError:
        fault = "holds other JSON"
    except (ValueError, RecursionError):
        fault = "is not JSON" if text.strip() else "is empty"
    else:
        return found
    raise DeployError(f"s3://{bucket}/{key} is not {what}, it {fault}; {remedy}")


def read_object(s3: Any, bucket: str, key: str) -> bytes | None:
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
