"""What `make bench` does with its word, with limits that are exceeded, and with a command that fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.bench import __main__ as command
from tools.bench import growth, local, measure, stock
from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT


def test_a_slow_synthesis_and_much_memory_are_refused() -> None:
    assert stock.exceeded(0.45, 150) == []
    assert stock.exceeded(0.46, 151) == [
        "the synthesis takes 0.46 of the stock import; at most 0.45",
        "Python holds 151 MiB; at most 150",
    ]


@pytest.mark.parametrize(("exceeded", "code"), [([], 0), (["too slow"], 1)])
@pytest.mark.parametrize(("what", "part"), [("stock", stock), ("growth", growth), ("local", local)])
def test_an_exceeded_limit_fails_after_the_table(
    what: str,
    part: object,
    exceeded: list[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(part, "report", lambda: (["| table |"], exceeded))

    assert command.main([what]) == code

    printed = capsys.readouterr()
    assert printed.out == "| table |\n"
    assert ("LIMIT EXCEEDED: too slow" in printed.err) is bool(exceeded)


def test_another_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["speed"])

    assert ended.value.code == 2
    assert "invalid choice: 'speed'" in capsys.readouterr().err


def test_what_a_failed_command_printed_is_shown() -> None:
    with pytest.raises(ToolError, match=r"^why\n.* failed with exit code 3$"):
        measure.run([sys.executable, "-c", "print('why'); raise SystemExit(3)"])


def test_a_rotation_is_measured() -> None:
    # In a process of its own: the function is imported as Lambda has it.
    script = "from tools.bench import rotation; print(*rotation.measure_steps(1))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[-2] == "createSecret setSecret testSecret finishSecret bare login"


def test_the_page_names_every_word_and_limit() -> None:
    page = " ".join((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").split())

    assert not [what for what in command.MINUTES if f"`make bench WHAT={what}`" not in page]
    for limit in (stock.RATIO_LIMIT, f"{stock.MEMORY_LIMIT_MIB} MiB", f"{growth.GROWTH_LIMIT - 1:.0%}"):
        assert f"at most {limit}" in page
