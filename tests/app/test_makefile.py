"""The real `make` over stubs of the programs that it starts: what a person types reaches them as it was typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
# Every variable that a person may give to a command, and the options that have its value.
GIVEN = {
    "ENV": ("--env",),
    "SUFFIX": ("--suffix",),
    "ALLOW": ("--allow",),
    "CONFIRM": ("--confirm",),
    "BASE": ("--base",),
    "ARCHITECTURE": ("--architecture",),
    "REPORT": ("--json", "--sarif"),
}
SWITCHES = {"KEEP": "--keep", "AUTO_APPROVE": "--approve"}
# Targets that run a program of the project.
PROGRAMS = [
    name
    for names, recipe in re.findall(r"^([a-z -]+): .*## .*\n((?:\t.*\n)+)", TEXT, re.MULTILINE)
    if "$(PY)" in recipe
    for name in names.split()
]
# Writes down what it is given: arguments end with NUL, a call with an empty one.
# One write, because two lanes of make write at the same time.
STUB = '#!/bin/sh\nprintf "%s\\0" "$@" "" >>"$LOG"\n'
VALUES = {
    "command": "$(touch x)",
    "command for make": "$$(touch x)",
    "function of make": "$(shell touch x)",
    "backquotes": "`touch x`",
    "single quote": "a'; touch x; '",
    "double quote": 'a"; touch x; "',
    "semicolon": "a; touch x",
    "background": "a & touch x",
    "line break": "a\ntouch x",
    "variable": "$HOME ${HOME} $(PY)",
    "option": "--help",
    "spaces": "a  b ",
    "comment": "a # b",
    "backslash": "a\\",
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """The Makefile where everything is installed, and every program is a stub."""
    root = tmp_path / "sandbox"
    apart = ("tools/scan", "tools/compat/cdktn", "tools/compat/provider6")
    for path in ("Pipfile.lock", "package-lock.json", *(f"{folder}/Pipfile.lock" for folder in apart)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    for path in (".pipenv/bin/pipenv", ".venv/bin/python", ".venv/bin/pytest", "python", "npm"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(STUB)
        (root / path).chmod(0o755)
    for path in (".venv/.ready", "node_modules/.ready", *(f"{folder}/.venv/.ready" for folder in apart)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    shutil.copy(ROOT / "Makefile", root)
    return root


def make(sandbox: Path, *words: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """Run it, and read what the stubs were given."""
    log = sandbox / "log"
    log.unlink(missing_ok=True)
    kept = {key: value for key, value in os.environ.items() if key not in (*GIVEN, *SWITCHES, "MAKEFLAGS")}
    done = subprocess.run(
        ["make", "PYTHON=./python", *words],
        cwd=sandbox,
        env={**kept, "LOG": str(log), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    text = log.read_text() if log.is_file() else ""
    return done, [call.split("\0") for call in text.split("\0\0") if call]


def options(calls: list[list[str]], name: str) -> set[str]:
    return {word.removeprefix(f"{name}=") for call in calls for word in call if word.startswith(f"{name}=")}


def test_all_programs_of_the_project_are_tried() -> None:
    assert {"synth", "deploy", "plan", "destroy", "local", "review", "scan", "package"} <= set(PROGRAMS)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_on_the_command_line_is_passed_on_as_it_was_typed(kind: str, sandbox: Path) -> None:
    value = VALUES[kind]
    escaped = value.replace("$", "$$")  # what make reads as the value
    for typed, meant in ((value, value), (escaped, escaped)):
        done, calls = make(sandbox, *PROGRAMS, *(f"{name}={typed}" for name in GIVEN))

        assert done.returncode == 0, done.stderr
        for names in GIVEN.values():
            for name in names:
                ending = f"/scan.{name.removeprefix('--')}" if name in ("--json", "--sarif") else ""
                assert options(calls, name) == {meant + ending}, name
        assert not (sandbox / "x").exists()


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_in_the_environment_is_passed_on_as_it_is(kind: str, sandbox: Path) -> None:
    done, calls = make(sandbox, *PROGRAMS, **dict.fromkeys(GIVEN, VALUES[kind]))

    assert done.returncode == 0, done.stderr
    assert options(calls, "--env") == options(calls, "--suffix") == options(calls, "--confirm") == {VALUES[kind]}
    assert not (sandbox / "x").exists()


@pytest.mark.parametrize("kind", VALUES)
def test_a_make_within_make_runs_nothing_of_it_either(kind: str, sandbox: Path) -> None:
    done, calls = make(sandbox, "test-emulator", *(f"{name}={VALUES[kind]}" for name in (*GIVEN, *SWITCHES)))

    assert done.returncode == 0, done.stderr
    assert ["-m", "emulator and not long", "tests/tools/local"] in [call[:3] for call in calls]
    assert not (sandbox / "x").exists()


@pytest.mark.parametrize("what", ["", "speed", *VALUES.values()])
def test_only_what_can_be_measured_is(what: str, sandbox: Path) -> None:
    done, calls = make(sandbox, "bench", f"WHAT={what}")

    assert done.returncode == 2
    assert "; one of: stock growth local rotation" in done.stderr
    assert not [call for call in calls if "-q" in call]
    assert not (sandbox / "x").exists()


def test_a_benchmark_is_a_file(sandbox: Path) -> None:
    done, calls = make(sandbox, "bench", "WHAT=stock")

    assert done.returncode == 0, done.stderr
    assert calls[1:] == [["-q", "-s", "tests/*/bench_stock.py"]]


def test_what_is_not_given_is_no_option(sandbox: Path) -> None:
    _, calls = make(sandbox, *PROGRAMS, "ENV=iot-dev")

    words = {word.partition("=")[0] for call in calls for word in call if word.startswith("--")}
    assert words <= {"--env", "--resources"}
    assert options(calls, "--only") == set()


def test_switches_are_given_by_any_value(sandbox: Path) -> None:
    _, calls = make(sandbox, *PROGRAMS, "ENV=iot-dev", "KEEP=1", "AUTO_APPROVE=1")

    assert {word for call in calls for word in call} >= set(SWITCHES.values())


def test_local_needs_no_name(sandbox: Path) -> None:
    _, calls = make(sandbox, "local")

    assert ["-m", "tools.local", "up", "--env=iot-dev"] in calls


@pytest.mark.parametrize(
    "target", [name for name in PROGRAMS if re.search(rf"^[a-z -]*\b{name}\b.*: named", TEXT, re.M)]
)
def test_a_missing_name_is_said_in_one_line_before_anything_is_installed(target: str, sandbox: Path) -> None:
    (sandbox / ".venv" / ".ready").unlink()

    done, calls = make(sandbox, target)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "ENV is missing; one of:" in done.stderr
    assert calls == []


def test_the_machine_is_looked_at_before_anything_is_installed(sandbox: Path) -> None:
    # GIVEN a fresh clone, and a look at the machine that finds something missing
    for path in (".venv/.ready", "node_modules/.ready", ".pipenv/bin/pipenv"):
        (sandbox / path).unlink()
    (sandbox / "python").write_text('#!/bin/sh\ncase "$1" in settings/machine.py) exit 1;; esac\n' + STUB)

    # WHEN it is set up
    done, calls = make(sandbox, "setup")

    # THEN nothing was started after that look
    assert done.returncode == 2
    assert calls == []


@pytest.mark.parametrize(("count", "code"), [("", 0), ("3", 0), ("0", 2), ("1x", 2), ("-1", 2), ("1;touch x", 2)])
def test_only_a_number_of_kills_is_taken(count: str, code: int, sandbox: Path) -> None:
    done, calls = make(sandbox, "chaos", f"COUNT={count}")

    assert done.returncode == code, done.stderr
    assert ("allowed: a whole number from 1" in done.stderr) == bool(code)
    assert bool([call for call in calls if "-q" in call]) != bool(code)
    assert not (sandbox / "x").exists()
