"""What a long phase shows: by a clock of its own, with the number of all resources that are coming."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tools.local import progress
from tools.local.progress import Phase, Progress
from tools.synthesized.errors import DeployError


@pytest.fixture
def phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.05)
    return Progress(tmp_path)


def _complete(phase: Phase, count: int) -> None:
    for number in range(count):
        phase.line(f"aws_vpc.a{number}: Creation complete after 1s [id=vpc-{number}]")


def test_a_phase_without_any_output_says_that_it_goes_on(phases: Progress, capsys: pytest.CaptureFixture[str]) -> None:
    with phases.phase("Bootstrap", "bootstrap") as phase:
        phase.expect(7)
        time.sleep(0.3)

    said = capsys.readouterr().out.splitlines()
    assert len(said) >= 4
    assert said[0] == "  ... Bootstrap (0 s) 0 of 7 resources"
    assert said[-1].startswith("done ")


def test_it_counts_against_all_that_is_coming_not_what_was_planned_so_far(
    phases: Progress, capsys: pytest.CaptureFixture[str]
) -> None:
    with phases.phase("Deploy every stack", "deploy") as phase:
        phase.expect(280)
        phase.line("Plan: 64 to add, 0 to change, 0 to destroy.")
        _complete(phase, 64)

    assert capsys.readouterr().out.rstrip().endswith("Deploy every stack: 64 of 280 resources")


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
        time.sleep(0.12)

    lines = capsys.readouterr().out.splitlines()
    assert "Deploy [red]:secret: (0 s) arn:aws:secretsmanager:eu:1:secret:x [b]" in lines[0]
    assert lines[-1].endswith("Deploy [red]:secret:: arn:aws:secretsmanager:eu:1:secret:x [b]")
