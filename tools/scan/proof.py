"""`python -m tools.scan.proof`: does the gate notice when the good JSON is made worse?

Every mutant (`tools.scan.mutations`) must be found by the project's own checks, or by checkov, or have a reason in
`survivors.toml`. A reason that no surviving mutant needs any more fails, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from settings import environment_names
from tools.scan import scanners
from tools.scan.checks import ALL
from tools.scan.mutations import Mutant, mutants
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import OUTDIR
from tools.synthesized.platform import Platform, read_all

SURVIVORS = Path(__file__).parent / "survivors.toml"
# So many at once that checkov still needs a minute at most; more want a reason first.
_FOR_CHECKOV = 150


@dataclass(frozen=True)
class Outcome:
    """One mutant: of which resource, how it was made worse, and whether a check of the project found it."""

    stack: str
    address: str
    path: str
    operation: str
    number: int
    found: bool

    @property
    def label(self) -> str:
        """As the patterns of `survivors.toml` write it."""
        return f"{self.address.partition('.')[0]} {self.path or '-'} {self.operation}"


def attack(platform: Platform) -> list[Outcome]:
    """Every mutant of one environment against the project's own checks."""
    known = {(f.stack, f.address, f.key) for check in ALL for f in check.run(platform)}
    outcomes = []
    for resource in platform.resources:
        for number, mutant in enumerate(mutants(resource)):
            worse = platform.replacing(resource, *([mutant.changed] if mutant.changed else []))
            found = any((f.stack, f.address, f.key) not in known for check in ALL for f in check.run(worse))
            outcomes.append(Outcome(resource.stack, resource.address, mutant.path, mutant.operation, number, found))
    return outcomes


def reasons(text: str) -> dict[str, str]:
    """Pattern -> why a mutant of this kind may survive."""
    return {pattern: group["reason"] for group in tomllib.loads(text)["survivors"] for pattern in group["mutants"]}


def unreasoned(outcomes: Iterable[Outcome], patterns: Iterable[str]) -> tuple[list[Outcome], set[str]]:
    """Survivors without a reason, and the patterns that no survivor needs."""
    labels: dict[str, bool] = {}
    wanted = list(patterns)
    used: set[str] = set()
    left = []
    for outcome in outcomes:
        if outcome.found:
            continue
        if outcome.label not in labels:
            matching = [pattern for pattern in wanted if fnmatchcase(outcome.label, pattern)]
            used.update(matching)
            labels[outcome.label] = bool(matching)
        if not labels[outcome.label]:
            left.append(outcome)
    return left, set(wanted) - used


def ask_checkov(platforms: Sequence[Platform], survivors: Sequence[Outcome]) -> list[Outcome]:
    """Those that checkov does not find either: each in a copy of its stack, all in one run."""
    by_place = {(r.stack, r.address): (p, r) for p in platforms for r in p.resources}
    with TemporaryDirectory(prefix="scan-proof-") as folder:
        for stack in {outcome.stack for outcome in survivors}:
            platform = next(p for p in platforms if stack in p.stacks)
            scanners.stage(Path(folder), stack, platform.stacks[stack])
        for index, outcome in enumerate(survivors):
            platform, resource = by_place[outcome.stack, outcome.address]
            mutant = next(m for n, m in enumerate(mutants(resource)) if n == outcome.number)
            scanners.stage(Path(folder), f"mutant-{index}", _with(platform, mutant))
        raw = scanners.ask(Path(folder), {})
    findings: dict[str, set[tuple[str, str]]] = {}
    for item in raw["findings"]:
        findings.setdefault(item["stack"], set()).add((item["name"], item["check"]))
    return [
        outcome
        for index, outcome in enumerate(survivors)
        if not findings.get(f"mutant-{index}", set()) - findings.get(outcome.stack, set())
    ]


def _with(platform: Platform, mutant: Mutant) -> dict[str, object]:
    """The JSON of the mutant's stack."""
    content = json.loads(json.dumps(platform.stacks[mutant.resource.stack]))
    instances = content["resource"][mutant.resource.type]
    if mutant.changed is None:
        del instances[mutant.resource.id]
    else:
        instances[mutant.resource.id] = mutant.changed.values
    return dict(content)


def _attack(outdir: Path, name: str) -> list[Outcome]:
    return attack(next(platform for platform in read_all(outdir) if platform.name == name))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every mutant is found or reasoned."""
    parser = argparse.ArgumentParser(prog="tools.scan.proof", description=__doc__)
    parser.add_argument("--outdir", type=Path, default=OUTDIR, help="default: cdktf.out")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _prove(options.outdir))


def _prove(outdir: Path) -> int:
    platforms = read_all(outdir)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(_attack, [outdir] * len(platforms), environment_names()))
    outcomes = [outcome for run in runs for outcome in run]
    left, stale = unreasoned(outcomes, reasons(SURVIVORS.read_text(encoding="utf-8")))
    by_checkov: list[Outcome] = []
    if 0 < len(left) <= _FOR_CHECKOV:
        missed = ask_checkov(platforms, left)
        by_checkov = [outcome for outcome in left if outcome not in missed]
        left = missed
    _show(outcomes, by_checkov, left, stale)
    return 1 if left or stale else 0


def _show(
    outcomes: Sequence[Outcome], by_checkov: Sequence[Outcome], left: Sequence[Outcome], stale: Iterable[str]
) -> None:
    def type_of(outcome: Outcome) -> str:
        return outcome.address.partition(".")[0]

    total = Counter(map(type_of, outcomes))
    caught = Counter(type_of(outcome) for outcome in (*(o for o in outcomes if o.found), *by_checkov))
    open_ = Counter(map(type_of, left))
    print(f"{'resource type':52} {'caught':>7} {'total':>7} {'reasoned':>9} {'OPEN':>5}")
    for type_ in sorted(total):
        reasoned = total[type_] - caught[type_] - open_[type_]
        print(f"{type_:52} {caught[type_]:7} {total[type_]:7} {reasoned:9} {open_[type_] or '':>5}")
    for outcome in left:
        print(f"survives without a reason: {outcome.stack} {outcome.address}: {outcome.label}")
    if left:
        print("Each of these needs a check in tools/scan/checks, or a reason in tools/scan/survivors.toml.")
    for pattern in sorted(stale):
        print(f"reason without a survivor: {pattern}")
    whole, all_caught = sum(total.values()), sum(caught.values())
    print(
        f"{whole} mutants: {all_caught} caught ({len(by_checkov)} by checkov alone), "
        f"{whole - all_caught - len(left)} survive with a reason, {len(left)} without; {len(set(stale))} stale reasons"
    )


if __name__ == "__main__":
    sys.exit(main())
