"""`python -m tools.scan.proof`: does the gate notice when the good JSON is made worse?

One mutant of each kind and tier (`tools.scan.mutations`) must be found by the project's own checks, or have a
reason in `survivors.toml`. A reason that no surviving mutant needs any more fails, too. `--print` shows every
mutant: kind, path, what was there, what took its place.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from settings import environment_names
from tools.scan.allowlist import FREE, allow_list
from tools.scan.checks import ALL
from tools.scan.mutations import GONE, Mutant, mutants
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import OUTDIR
from tools.synthesized.platform import Platform, read_all
from tools.synthesized.resources import Resource

SURVIVORS = Path(__file__).parent / "survivors.toml"


@dataclass(frozen=True)
class Outcome:
    """One mutant: its kind, how it reads, and whether a check of the project found it."""

    label: str
    text: str
    found: bool


def kinds(platform: Platform) -> Iterator[Mutant]:
    """The first mutant of each kind."""
    seen: set[str] = set()
    blocks = [_blocks(stack, content) for stack, content in platform.stacks.items()]
    for resource in (*platform.resources, *blocks):
        for mutant in mutants(platform, resource):
            whole_stack = resource.type == "stack" and not mutant.path
            if mutant.label not in seen and not whole_stack and not _free(mutant):
                seen.add(mutant.label)
                yield mutant


def _free(mutant: Mutant) -> bool:
    """Whether the allow-list says that the argument may be anything."""
    parts = (allow_list().every.get(type_, {}) for type_ in ("*", mutant.resource.type))
    return bool(mutant.path) and any(mutant.path[0] in part.get(FREE, "").split() for part in parts)


def _blocks(stack: str, content: Mapping[str, Any]) -> Resource:
    """What Terraform reads beside the resources, in the form of one."""
    assert isinstance(content, dict)
    outputs = content.get("output", {})
    own = {"output": {name: outputs[name] for name in outputs if name not in _read_by_others(outputs)}}
    return Resource(stack, "stack", "", {**{key: content[key] for key in content if key != "resource"}, **own})


def _read_by_others(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: output for name, output in outputs.items() if name.startswith("cross-stack-output-")}


def applied(platform: Platform, mutant: Mutant) -> Platform:
    """The platform with the mutant in place of the good resource."""
    old, changed = mutant.resource, mutant.changed
    if old.type == "stack":
        content = {**platform.stacks[old.stack], **dict.fromkeys(old.values)}
        content |= changed.values if changed else {}
        # `_blocks` leaves these out; without them references would mean nothing, and every mutant would be found.
        outputs = platform.stacks[old.stack].get("output", {})
        content["output"] = {**_read_by_others(outputs), **(content["output"] or {})}
        kept = {key: value for key, value in content.items() if value is not None}
        return dataclasses.replace(platform, stacks={**platform.stacks, old.stack: kept}, subjects=())
    if mutant.operation == "added" and changed:
        return dataclasses.replace(platform, resources=(*platform.resources, changed), subjects=(changed,))
    return platform.replacing(old, *([changed] if changed else []))


def attack(platform: Platform) -> list[Outcome]:
    """A mutant of every kind against the project's own checks."""
    known = {(f.stack, f.address, f.key) for check in ALL for f in check.run(platform)}
    outcomes = []
    for mutant in kinds(platform):
        worse = applied(platform, mutant)
        found = any((f.stack, f.address, f.key) not in known for check in ALL for f in check.run(worse))
        outcomes.append(Outcome(mutant.label, _text(mutant), found))
    return outcomes


def _text(mutant: Mutant) -> str:
    old, new = ("nothing" if value is GONE else json.dumps(value) for value in (mutant.old, mutant.new))
    path = "/".join(map(str, mutant.path)) or "-"
    return f"{mutant.label}\n    {mutant.resource.stack} {mutant.resource.address} {path}\n    - {old}\n    + {new}"


def reasons(text: str) -> dict[str, str]:
    """Pattern -> why a mutant of this kind may survive."""
    return {pattern: group["reason"] for group in tomllib.loads(text)["survivors"] for pattern in group["mutants"]}


def unreasoned(outcomes: Iterable[Outcome], patterns: Iterable[str]) -> tuple[list[Outcome], set[str]]:
    """Survivors without a reason, and the patterns that no survivor needs."""
    wanted = list(patterns)
    used: set[str] = set()
    left = []
    for outcome in outcomes:
        if not outcome.found:
            matching = [pattern for pattern in wanted if fnmatchcase(outcome.label, pattern)]
            used.update(matching)
            left += [] if matching else [outcome]
    return left, set(wanted) - used


def _attack(outdir: Path, name: str) -> list[Outcome]:
    return attack(next(platform for platform in read_all(outdir) if platform.name == name))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every mutant is found or reasoned."""
    parser = argparse.ArgumentParser(prog="tools.scan.proof", description=__doc__)
    parser.add_argument("--outdir", type=Path, default=OUTDIR, help="default: cdktf.out")
    parser.add_argument("--print", action="store_true", help="show every mutant, and ask nobody")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _show(options.outdir) if options.print else _prove(options.outdir))


def _show(outdir: Path) -> int:
    for platform in read_all(outdir):
        print(*map(_text, kinds(platform)), sep="\n")
    return 0


def _prove(outdir: Path) -> int:
    platforms = read_all(outdir)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(_attack, [outdir] * len(platforms), environment_names()))
    outcomes = {(platform.tier, o.label): o for platform, run in zip(platforms, runs, strict=True) for o in run}
    left, stale = unreasoned(outcomes.values(), reasons(SURVIVORS.read_text(encoding="utf-8")))
    for outcome in left:
        print(f"survives without a reason: {outcome.text}")
    if left:
        print("Each of these needs a line in tools/scan/allowed that is narrower, or a reason in survivors.toml.")
    for pattern in sorted(stale):
        print(f"reason without a survivor: {pattern}")
    found = sum(outcome.found for outcome in outcomes.values())
    print(
        f"{len(outcomes)} mutants, one of each kind and tier: {found} found, "
        f"{len(outcomes) - found - len(left)} survive with a reason, {len(left)} without; "
        f"{len(stale)} stale reasons"
    )
    return 1 if left or stale else 0


if __name__ == "__main__":
    sys.exit(main())
