"""Which outputs a stack reads, from the JSON that is deployed."""

from __future__ import annotations

from pathlib import Path

from synthesized import read_stack

from tools.synthesized import references, stacks


def test_every_output_that_is_read_exists(app_outdir: Path) -> None:
    found = {stack.name: stack.configuration for stack in stacks.find("iot-dev", outdir=app_outdir)}

    reads = references.reads_of(found)

    assert {owner for owner, _ in reads["iot-dev-data"]} == {"iot-dev-network"}
    assert all(
        output in read_stack(app_outdir, owner).outputs for outputs in reads.values() for owner, output in outputs
    )


def test_whoever_reads_another_stack_needs_it_in_the_order(app_outdir: Path) -> None:
    found = stacks.find("iot-dev", outdir=app_outdir)
    reads = references.reads_of({stack.name: stack.configuration for stack in found})

    for stack in found:
        assert {owner for owner, _ in reads[stack.name]} <= set(stack.needs)
