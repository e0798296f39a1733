"""What a long phase shows: a line per stack that lives in a terminal, and its beginning and end elsewhere."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from tools.local.progress import Phase, Progress
from tools.synthesized.errors import DeployError

# As the cdktf CLI prints the output of two Terraforms at once: a stack's name stands once before several lines.
_CDKTF = """\
shop-network  Initializing the backend...
shop-data  Initializing the backend...
shop-network  aws_vpc.a (network/vpc): Creating...
              aws_subnet.b (network/b): Creating...
bootstrap: aws_s3_bucket.c: Creating...
              aws_vpc.a (network/vpc): Creation complete after 1s [id=vpc-1]
bootstrap: aws_s3_bucket.c: Creation complete after 1s [id=c]
              aws_subnet.b (network/b): Creation complete after 1s [id=b]
bootstrap: Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
shop-network
              Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
shop-data  aws_db.d (data/d): Creating...
"""
_SIZES = {"bootstrap": 1, "shop-network": 2, "shop-data": 7}


@pytest.fixture
def phases(tmp_path: Path) -> Progress:
    return Progress(tmp_path)


def _told(text: str) -> list[str]:
    """The lines that were printed, without their times."""
    return [" ".join(re.sub(r"\(?[\d.]+ s\)? ", "", line).split()) for line in text.splitlines()]


def _complete(phase: Phase, count: int) -> None:
    for number in range(count):
        phase.line(f"aws_vpc.a{number}: Creation complete after 1s [id=vpc-{number}]")


def test_without_a_terminal_each_stack_is_a_line_at_its_beginning_and_one_at_its_end(
    phases: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with phases.phase("Deploy every stack", "deploy") as phase:
        phase.expect(_SIZES)
        for line in _CDKTF.splitlines():
            phase.line(line)

    assert _told(capsys.readouterr().out) == [
        "begin shop-network",
        "begin bootstrap",
        "done bootstrap: 1 of 1 resources",
        "done shop-network: 2 of 2 resources",
        "begin shop-data",
        "done Deploy every stack: 3 of 10 resources",
    ]


def test_in_a_terminal_each_stack_has_one_line_that_lives(tmp_path: Path) -> None:
    phases, screen, picture = Progress(tmp_path), io.StringIO(), Console(file=io.StringIO(), width=200)
    phases.console = Console(file=screen, force_terminal=True, width=200)
    with phases.phase("Deploy every stack", "deploy") as phase:
        phase.expect(_SIZES)
        for line in _CDKTF.splitlines():
            phase.line(line)
        with picture.capture() as shown:
            picture.print(phase)

    assert _told(shown.get()) == [
        "Deploy every stack 3 of 10 resources",
        "done bootstrap: 1 of 1 resources",
        "done shop-network: 2 of 2 resources",
        "working shop-data: 0 of 7 resources",
    ]
    assert "working" in screen.getvalue()
    assert "begin" not in screen.getvalue()


def test_a_stack_that_has_nothing_to_do_begins_with_its_end(
    phases: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with phases.phase("Plan and apply", "change") as phase:
        phase.expect({"shop-network": 0, "shop-data": 0})
        phase.line("shop-network: Apply complete! Resources: 0 added, 0 changed, 0 destroyed.")
        phase.line("shop-network: Rehearsed, changes")
        phase.line("shop-data: Planning")
        phase.line("shop-data: Planned, exit code 0\nshop-network: Planning")

    assert _told(capsys.readouterr().out)[:3] == [
        "done shop-network",
        "begin shop-data",
        "done shop-data",
    ]


def test_where_nobody_knows_how_many_are_coming_it_does_not_say(
    phases: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with phases.phase("Plan and apply", "change") as phase:
        phase.line("Plan: 64 to add, 0 to change, 0 to destroy.")
        _complete(phase, 2)

    assert capsys.readouterr().out.rstrip().endswith("Plan and apply: 2 resources")


@pytest.mark.parametrize("tail", [True, False])
def test_a_phase_whose_error_says_it_all_does_not_repeat_its_log(
    phases: Progress, capsys: pytest.CaptureFixture[str], tmp_path: Path, *, tail: bool
) -> None:
    with pytest.raises(DeployError), phases.phase("Deploy main", "base", tail=tail) as phase:
        phase.line("Error: no")
        raise DeployError("no")

    shown = capsys.readouterr().err.splitlines()
    assert shown == [*(["Error: no"] if tail else []), f"(the whole log: {tmp_path / 'base.log'})"]
    assert (tmp_path / "base.log").read_text() == "Error: no\n"


def test_nothing_of_a_title_or_detail_is_markup(phases: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    with phases.phase("Deploy [red]:secret:", "deploy") as phase:
        phase.detail("arn:aws:secretsmanager:eu:1:secret:x [b]")

    said = capsys.readouterr().out.rstrip()
    assert said.endswith("Deploy [red]:secret:: arn:aws:secretsmanager:eu:1:secret:x [b]")
