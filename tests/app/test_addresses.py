"""The addresses of all resources are contract: a rename that nobody noticed destroys and makes anew.

A project's file has a line for each resource: the stages that have it, its stack without the project and the stage, and
its address.
"""

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
Manifest = dict[str, set[str]]
"""`<component> <type>.<logical id>` of the resources, by stage."""


def projects() -> list[str]:
    """Those that have an environment."""
    return sorted({name.partition("-")[0] for name in environment_names()})


def synthesized(outdir: Path, project: str) -> Manifest:
    """What a project's environments have."""
    found: Manifest = {}
    for environment in environment_names():
        owner, _, stage = environment.partition("-")
        if owner == project:
            found[stage] = set()
            for stack in json.loads((outdir / "manifest.json").read_text())["stacks"]:
                component = stack.removesuffix(f"-{environment}").removeprefix(f"{environment}-")
                if component != stack:
                    found[stage] |= {f"{component} {address}" for address in read_stack(outdir, stack).addresses}
    return found


def written(manifest: Manifest) -> str:
    """The text of a project's file."""
    return "".join(
        f"{' '.join((stage if line in manifest[stage] else '-').ljust(len(stage)) for stage in manifest)}  {line}\n"
        for line in sorted(set().union(*manifest.values()))
    )


def read(text: str) -> Manifest:
    """The opposite of `written`."""
    found: Manifest = {}
    for line in text.splitlines():
        *stages, component, address = line.split()
        for stage in stages:
            if stage != "-":
                found.setdefault(stage, set()).add(f"{component} {address}")
    return found


def differences(project: str, committed: Manifest, found: Manifest) -> list[str]:
    """A line for each resource that one environment has lost or won."""
    lines = []
    for stage in sorted(committed | found):
        old, new = committed.get(stage, set()), found.get(stage, set())
        lines += [f"- {project}-{stage}: {line}" for line in sorted(old - new)]
        lines += [f"+ {project}-{stage}: {line}" for line in sorted(new - old)]
    return lines


@pytest.mark.parametrize("project", projects())
def test_addresses_are_those_committed(project: str, runs: tuple[Run, Run], request: pytest.FixtureRequest) -> None:
    found = synthesized(runs[0].outdir, project)
    path = COMMITTED / f"{project}.txt"
    if request.config.getoption("--update-addresses", default=False):
        COMMITTED.mkdir(exist_ok=True)
        path.write_text(written(found))
    committed = path.read_text() if path.exists() else ""

    different = differences(project, read(committed), found)
    assert not different, "\n".join([*different, HOW])
    assert committed == written(found), f"{path.name} is not written as it would be by: make addresses"


def test_every_committed_file_is_of_a_project(request: pytest.FixtureRequest) -> None:
    old = [path for path in COMMITTED.iterdir() if path.stem not in projects()]
    if request.config.getoption("--update-addresses", default=False):
        for path in old:
            path.unlink()
        old = []

    assert not old, f"no environment is of their project: {', '.join(path.name for path in old)}. Run: make addresses"


def test_an_environment_that_joins_changes_no_line_but_its_marks() -> None:
    before: Manifest = {"dev": {"data aws_a.a", "data aws_b.b"}, "prod": {"data aws_a.a", "network aws_c.c"}}
    after = {**before, "test": {"data aws_a.a", "network aws_c.c"}}

    assert written(before) == "dev prod  data aws_a.a\ndev -     data aws_b.b\n-   prod  network aws_c.c\n"
    assert read(written(after)) == after
    assert [line.split()[-2:] for line in written(after).splitlines()] == [
        line.split()[-2:] for line in written(before).splitlines()
    ]


def test_what_is_lost_and_won_is_told_by_environment() -> None:
    committed: Manifest = {"dev": {"data aws_a.a"}, "prod": {"data aws_a.a"}}

    assert differences("iot", committed, {"dev": {"data aws_a.a"}, "prod": {"data aws_a.new"}}) == [
        "- iot-prod: data aws_a.a",
        "+ iot-prod: data aws_a.new",
    ]
