"""`python -m tools.change` with a call that cannot succeed: one line and exit code 2, before anything is started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.synthesized.paths import ROOT


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rehearsal", "--env", "iot-dev", "--base", "mian"], "BASE=mian is no revision of this repository; give a"),
        (["rehearsal", "--env", "iot-dve"], "iot-dve"),
        (["rehearsal", "--env", "iot-dev", "--suffix", "pr-1"], "a rehearsal has no --suffix"),
        (["drift"], "--env"),
        (["picture", "--env", "iot-dev"], "invalid choice: 'picture'"),
    ],
)
def test_a_call_at_fault(arguments: list[str], line: str) -> None:
    ended = subprocess.run([sys.executable, "-m", "tools.change", *arguments], cwd=ROOT, capture_output=True, text=True)

    assert ended.returncode == 2
    assert line in ended.stderr
    assert "Traceback" not in ended.stderr
