"""The stacks of the last synthesis, as its manifest lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.synthesized.errors import SynthesisError
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
        """Its synthesized JSON. Raises SynthesisError."""
        return _json(self.folder / "cdk.tf.json")

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

    Raises SynthesisError when there is none.
    """
    outdir = outdir or OUTDIR
    wanted = f"bootstrap-{environment}"
    found = [
        _read(outdir, name, facts)
        for name, facts in names(outdir).items()
        if (name == wanted if bootstrap else name.startswith(f"{environment}-"))
    ]
    if not found:
        raise SynthesisError(f"{outdir.name} has no stack of {environment}; run: make synth ENV={environment}")
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
    found = _json(manifest).get("stacks") if manifest.is_file() else {}
    if not isinstance(found, dict):
        raise SynthesisError(f"{manifest} is not a manifest of cdktf; delete it and run: make synth")
    return found


def _read(outdir: Path, name: str, facts: Mapping[str, Any]) -> Stack:
    folder = outdir / "stacks" / name
    places = {"workingDirectory": f"stacks/{name}", "synthesizedStackPath": f"stacks/{name}/cdk.tf.json"}
    if any(facts.get(key, place) != place for key, place in places.items()):
        raise SynthesisError(f"the manifest has {name} in another folder than {folder}; run: make synth")
    try:
        backend = _json(folder / "cdk.tf.json")["terraform"]["backend"]["s3"]
        return Stack(name, folder, backend, tuple(sorted(facts.get("dependencies", ()))))
    except (KeyError, TypeError, AttributeError) as error:
        raise SynthesisError(f"{folder / 'cdk.tf.json'} is not the JSON of a stack; run: make synth") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table of JSON. Of a key that is there twice Python takes the last; Terraform takes both."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = sorted({key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1})
        raise ValueError(f"it has {', '.join(twice)} twice")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise SynthesisError(f"{path} cannot be read ({error.strerror}); run: make synth") from error
    except (ValueError, RecursionError) as error:
        raise SynthesisError(f"{path} is not valid JSON ({error}); run: make synth") from error
    if not isinstance(content, dict):
        raise SynthesisError(f"{path} is not a JSON object; run: make synth")
    return content
