"""The synthesized stacks of an environment, and what their states in S3 say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.failure import DeployError
from deploy.terraform import ROOT

OUTDIR = ROOT / "cdktf.out"


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
    def lock_key(self) -> str:
        """Where Terraform puts the lock of this stack's state."""
        return f"{self.backend['key']}.tflock"


def find(environment: str, *, bootstrap: bool = False, outdir: Path = OUTDIR) -> list[Stack]:
    """The stacks of an environment in the manifest of the last synthesis, or its bootstrap stack alone.

    Raises DeployError when there is none.
    """
    wanted = f"bootstrap-{environment}"
    found = [
        _read(outdir, name, facts)
        for name, facts in names(outdir).items()
        if (name == wanted if bootstrap else name.startswith(f"{environment}-"))
    ]
    if not found:
        raise DeployError(f"{outdir.name} has no stack of {environment}; run: make synth ENV={environment}")
    return found


def names(outdir: Path = OUTDIR) -> dict[str, dict[str, Any]]:
    """Every stack in the manifest of the last synthesis, with what the manifest says of it; empty without one."""
    manifest = outdir / "manifest.json"
    found: dict[str, dict[str, Any]] = (
        json.loads(manifest.read_text(encoding="utf-8"))["stacks"] if manifest.is_file() else {}
    )
    return found


def _read(outdir: Path, name: str, facts: Mapping[str, Any]) -> Stack:
    folder = outdir / "stacks" / name
    text = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    return Stack(name, folder, text["terraform"]["backend"]["s3"], tuple(sorted(facts.get("dependencies", ()))))


def states(stacks: list[Stack], s3: Any) -> Iterator[tuple[Stack, dict[str, Any]]]:
    """The state of every stack that has one. Raises DeployError when the bucket cannot be read."""
    for stack in stacks:
        text = read_object(s3, stack.backend["bucket"], stack.backend["key"])
        if text is not None:
            yield stack, json.loads(text)


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
