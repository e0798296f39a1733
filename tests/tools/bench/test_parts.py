"""The kept results and their page; limits of the other parts; pytest is given what the Makefile gives it."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any, cast

import pytest

from tools.bench import __main__ as command
from tools.bench import layers, pages, profile, stock
from tools.bench.parts import PARTS
from tools.synthesized.paths import ROOT

SYNTHESIS: dict[str, Any] = {
    "runs": 3,
    "stock": {"seconds": 10.0, "processor": 8.0},
    "own": {"seconds": 4.4, "processor": 4.0},
    "python_mib": 110,
    "node_mib": 230,
}


def test_the_page_is_what_the_kept_results_give() -> None:
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page(pages.results()), "run: python -m tools.bench --page"


def test_every_kept_limit_holds() -> None:
    for name, kept in pages.results().items():
        assert PARTS[name].exceeded(kept["values"]) == []


@pytest.mark.parametrize("file", [pages.RESULTS, pages.PAGE])
def test_nothing_kept_names_a_path_of_the_machine(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert not [path for path in (ROOT, Path.home(), Path(tempfile.gettempdir())) if f"{path}/" in text]


def test_a_slow_synthesis_and_much_memory_are_refused() -> None:
    assert stock.exceeded(SYNTHESIS) == []
    slow = SYNTHESIS | {"own": {"seconds": 4.6, "processor": 4.0}, "python_mib": 151}
    assert stock.exceeded(slow) == [
        "the synthesis takes 0.46 of the stock import; at most 0.45",
        "Python holds 151 MiB; at most 150",
    ]


def test_the_project_may_not_take_much_time_itself() -> None:
    assert profile.exceeded({"looks": 100, "shares": {"project": 5, "Node.js": 95}}) == []
    assert profile.exceeded({"looks": 100, "shares": {"project": 6, "Node.js": 94}}) == [
        "the project's own code takes 6.0%; at most 5%"
    ]


class _Frame:
    def __init__(self, file: str, name: str, back: _Frame | None = None) -> None:
        self.f_code = type("Code", (), {"co_filename": file, "co_name": name})
        self.f_back = back


@pytest.mark.parametrize(
    ("inner", "who"),
    [
        (_Frame("site-packages/jsii/_kernel/providers/process.py", "_next_message"), "Node.js"),
        (_Frame("python3/json/decoder.py", "decode", _Frame("site-packages/jsii/_runtime.py", "x")), "libraries"),
        (_Frame("python3/hashlib.py", "x", _Frame(str(ROOT / "rotation_lambda/build.py"), "build")), "project"),
        (_Frame("python3/re.py", "x", _Frame("<frozen importlib._bootstrap>", "_load")), "imports"),
        (_Frame("python3/runpy.py", "x"), "imports"),
    ],
)
def test_a_look_has_one_owner(inner: _Frame, who: str) -> None:
    assert profile.owner(cast("FrameType", inner)) == who


@pytest.mark.parametrize(
    "arguments", [arguments for lane in (*layers.TEST, *layers.EMULATOR) for arguments in lane.values()]
)
def test_pytest_is_given_what_the_makefile_gives_it(arguments: list[str]) -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()

    assert [".venv/bin/pytest", *arguments] in [
        shlex.split(line) for line in lines if line.strip().startswith(".venv/bin/pytest")
    ]


def test_make_test_is_limited() -> None:
    assert layers.exceeded({"seconds": 480.0}) == []
    assert layers.exceeded({"seconds": 481.0}) == ["make test takes 481 s; at most 480"]


def test_tests_and_seconds_by_folder(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.app.test_a" name="a" time="1.5" />'
        '<testcase classname="tests.app.test_b.TestB" name="b" time="2" />'
        '<testcase classname="tests.stacks.test_c" name="c" time="9" /></testsuite></testsuites>',
        encoding="utf-8",
    )

    assert layers.folders(report) == [
        {"folder": "tests/stacks", "tests": 1, "seconds": 9.0},
        {"folder": "tests/app", "tests": 2, "seconds": 3.5},
    ]


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--only", "stock,speed"])

    assert ended.value.code == 2
    assert "no such part: speed; there are stock, profile," in capsys.readouterr().err
