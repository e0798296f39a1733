"""One environment as it was synthesized: its stacks, what each needs, and what a reference means.

References between stacks go through an output and a remote state; here they are followed to the resource itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.synthesized.paths import OUTDIR

_REMOTE = re.compile(r"data\.terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)")
_ADDRESS = re.compile(r"\b([a-z][a-z0-9_]*)\.([\w-]+)")


class SynthesisError(Exception):
    """The synthesized JSON is missing; the message is one line and says what to do."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of one stack."""

    stack: str
    type: str
    id: str
    values: dict[str, Any]

    @property
    def address(self) -> str:
        """As Terraform writes it."""
        return f"{self.type}.{self.id}"

    def value(self, path: str) -> Any:
        """What stands under a dotted path; None where there is nothing. A list on the way means its first element."""
        found: Any = self.values
        for part in path.split("."):
            found = found[0] if isinstance(found, list) and found else found
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


class Synthesis:
    """All stacks of one environment but bootstrap, in the order of their names."""

    def __init__(self, stacks: Mapping[str, Mapping[str, Any]], needs: Mapping[str, tuple[str, ...]]) -> None:
        self.stacks = stacks
        self.needs = needs

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource, in a fixed order."""
        return tuple(
            Resource(stack, type_, id_, values)
            for stack, content in self.stacks.items()
            for type_, found in sorted(content.get("resource", {}).items())
            for id_, values in sorted(found.items())
        )

    @cached_property
    def _by_address(self) -> dict[tuple[str, str], Resource]:
        return {(resource.stack, resource.address): resource for resource in self.resources}

    def all(self, *types: str) -> list[Resource]:
        """Every resource of these types."""
        return [resource for resource in self.resources if resource.type in types]

    def meant(self, stack: str, value: object) -> list[Resource]:
        """The resources that the references inside `value` mean, each once, in the order in which they stand."""
        found = {
            (where, address): None
            for text in texts(value)
            for where, address in addresses(self.stacks, stack, text)
            if (where, address) in self._by_address
        }
        return [self._by_address[place] for place in found]


def addresses(stacks: Mapping[str, Mapping[str, Any]], stack: str, text: str) -> Iterator[tuple[str, str]]:
    """(stack, address) of all that looks like a reference in a `text` of `stack`, through the outputs of `stacks`."""
    for other, output in _REMOTE.findall(text):
        written = stacks.get(other, {}).get("output", {}).get(output, {}).get("value")
        for inner in texts(written):
            yield from addresses(stacks, other, inner)
    for type_, id_ in _ADDRESS.findall(_REMOTE.sub("", text)):
        yield stack, f"{type_}.{id_}"


def texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def read(environment: str, outdir: Path = OUTDIR) -> Synthesis:
    """The environment's stacks in the last synthesis, without bootstrap. Raises SynthesisError when there is none."""
    manifest = outdir / "manifest.json"
    listed = json.loads(manifest.read_text(encoding="utf-8"))["stacks"] if manifest.is_file() else {}
    own = {name: facts for name, facts in sorted(listed.items()) if name.startswith(f"{environment}-")}
    if not own:
        raise SynthesisError(f"{outdir.name} has no stack of {environment}; run: make synth ENV={environment}")
    return Synthesis(
        {
            name: json.loads((outdir / facts["synthesizedStackPath"]).read_text(encoding="utf-8"))
            for name, facts in own.items()
        },
        {name: tuple(sorted(facts["dependencies"])) for name, facts in own.items()},
    )
