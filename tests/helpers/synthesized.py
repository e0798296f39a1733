"""Reads synthesized Terraform JSON the way a test wants to: resources by type and attributes, not by hashed ids.

Modules are synthesized with `Testing.synth`, stacks with the real App, because `Testing.synth` neither fails on error
annotations nor keeps the remote states of other stacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cdktf import Testing
from constructs import Construct

Attributes = dict[str, Any]


class Synthesized:
    """One stack's JSON."""

    def __init__(self, text: str) -> None:
        self.json: dict[str, Any] = json.loads(text)

    def all(self, type_: str, **attributes: object) -> list[Attributes]:
        """Every resource of the type whose attributes have these values, in the order of their logical ids."""
        found = self.json.get("resource", {}).get(type_, {})
        return [
            resource
            for _, resource in sorted(found.items())
            if all(resource.get(key) == value for key, value in attributes.items())
        ]

    def one(self, type_: str, **attributes: object) -> Attributes:
        """The only such resource; fails when there is none, or more than one."""
        found = self.all(type_, **attributes)
        assert len(found) == 1, f"{len(found)} {type_} with {attributes}; all: {self.all(type_)}"
        return found[0]

    def address(self, type_: str, **attributes: object) -> str:
        """The address (`type.logical_id`) of the only such resource, as references and `depends_on` write it."""
        wanted = self.one(type_, **attributes)
        return next(f"{type_}.{id_}" for id_, resource in self.json["resource"][type_].items() if resource is wanted)

    @property
    def addresses(self) -> list[str]:
        """Addresses of all resources, sorted."""
        return sorted(f"{type_}.{id_}" for type_, found in self.json.get("resource", {}).items() for id_ in found)

    @property
    def outputs(self) -> Attributes:
        """The stack's outputs."""
        outputs: Attributes = self.json.get("output", {})
        return outputs


def synthesize_module(build: Callable[[Construct], object]) -> Synthesized:
    """Synthesize what `build` adds to an empty stack."""
    from cdktf import TerraformStack

    # An App makes its folder at once, and nobody removes the one that `Testing.app` takes when it is given none.
    with TemporaryDirectory(prefix="cdktf.outdir.") as outdir:
        stack = TerraformStack(Testing.app(outdir=outdir), "test")
        build(stack)
        return Synthesized(Testing.synth(stack))


def read_stack(outdir: Path, stack: str) -> Synthesized:
    """A stack that the real App has synthesized into `outdir`."""
    return Synthesized((outdir / "stacks" / stack / "cdk.tf.json").read_text(encoding="utf-8"))
