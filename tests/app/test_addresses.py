"""The addresses of all resources are contract: a rename that nobody noticed destroys and makes anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from synthesis_runs import Run
from synthesized import read_stack

from settings import environment_names

COMMITTED = Path(__file__).parent / "addresses"
HOW = (
    "Terraform would destroy what is missing and make what is new. For a rename say move_from_id('<type>.<old id>') on "
    "the new one, in the same commit. Then write the files anew: make addresses"
)


def addresses(outdir: Path, environment: str) -> list[str]:
    """`<stack> <type>.<logical id>` of every resource of an environment, sorted."""
    stacks = json.loads((outdir / "manifest.json").read_text())["stacks"]
    return sorted(
        f"{stack} {address}"
        for stack in stacks
        if stack == f"bootstrap-{environment}" or stack.startswith(f"{environment}-")
        for address in read_stack(outdir, stack).addresses
    )


@pytest.mark.parametrize("environment", environment_names())
def test_addresses_are_those_committed(environment: str, runs: tuple[Run, Run], request: pytest.FixtureRequest) -> None:
    found = addresses(runs[0].outdir, environment)
    path = COMMITTED / f"{environment}.txt"
    if request.config.getoption("--update-addresses", default=False):
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{address}\n" for address in found))
    committed = path.read_text().splitlines() if path.exists() else []

    missing, new = sorted(set(committed) - set(found)), sorted(set(found) - set(committed))
    assert not missing + new, "\n".join([*(f"- {line}" for line in missing), *(f"+ {line}" for line in new), HOW])
    assert committed == found, f"{path.name} is not sorted. {HOW}"


def test_every_committed_file_is_of_an_environment() -> None:
    assert {path.stem for path in COMMITTED.glob("*")} == set(environment_names())
