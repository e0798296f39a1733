"""The synthesized stacks of an environment, and what their states in S3 say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.synthesized.errors import DeployError
from tools.synthesized.paths import OUTDIR


@dataclass(frozen=True)
class Stack:
    """One stack in `cdktf.out`."""

    name: str
    folder: Path
    backend: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    """Names of the stacks that come before it."""

    @property
    def configuration(self) -> dict[str, Any]:
        """Its synthesized JSON."""
        found: dict[str, Any] = json.loads((self.folder / "cdk.tf.json").read_text(encoding="utf-8"))
        return found

    @property
    def size(self) -> int:
        """How many resources it has."""
        return sum(map(len, self.configuration.get("resource", {}).values()))

    @property
    def lock_key(self) -> str:
        """Where Terraform puts the lock of this stack's state."""
        return f"{self.backend['key']}.tflock"


def find(environment: str, *, bootstrap: bool = False, outdir: Path | None = None) -> list[Stack]:
    """The stacks of an environment in the manifest of the last synthesis, or its bootstrap stack alone.

    Raises DeployError when there is none.
    """
    outdir = outdir or OUTDIR
    wanted = f"bootstrap-{environment}"
    found = [
        _read(outdir, name, facts)
        for name, facts in names(outdir).items()
        if (name == wanted if bootstrap else name.startswith(f"{environment}-"))
    ]
    if not found:
        raise DeployError(f"{outdir.name} has no stack of {environment}; run: make synth ENV={environment}")
    return found


def find_all(environment: str, *, outdir: Path | None = None) -> list[Stack]:
    """As `find`, with the bootstrap stack first; an ephemeral environment has none."""
    found = find(environment, outdir=outdir)
    if f"bootstrap-{environment}" in names(outdir):
        return [*find(environment, bootstrap=True, outdir=outdir), *found]
    return found


def names(outdir: Path | None = None) -> dict[str, dict[str, Any]]:
    """Every stack in the manifest of the last synthesis, with what the manifest says of it; empty without one."""
    manifest = (outdir or OUTDIR) / "manifest.json"
    if not manifest.is_file():
        return {}
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8"))["stacks"])
    except (ValueError, KeyError, TypeError) as error:
        raise DeployError(f"{manifest} is not a manifest of cdktf; delete it and run: make synth") from error


def _read(outdir: Path, name: str, facts: Mapping[str, Any]) -> Stack:
    folder = outdir / "stacks" / name
    try:
        text = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
        return Stack(name, folder, text["terraform"]["backend"]["s3"], tuple(sorted(facts.get("dependencies", ()))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeployError(f"{folder / 'cdk.tf.json'} is not the JSON of a stack; run: make synth") from error


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
