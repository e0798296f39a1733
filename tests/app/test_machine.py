"""A machine that lacks something: one line, exit code 1, and nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import main
from settings import machine
from tools.deploy import __main__ as deploy
from tools.deploy import terraform

ROOT = Path(__file__).parents[2]
Shell = Callable[[str, str], Path]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Puts a program with this shell script on PATH, before all others."""
    folder = tmp_path / "bin"

    def put(name: str, script: str) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder / name

    return put


@pytest.fixture
def outdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a synthesis in this test writes."""
    monkeypatch.setenv("CDKTF_OUTDIR", str(tmp_path / "out"))
    return tmp_path / "out"


def synthesize(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a synthesis that this machine refuses."""
    assert main.main(["--env", "iot-dev"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.rstrip("\n")


def test_this_machine_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.main() == 0
    assert capsys.readouterr().err == ""


def test_without_node(outdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(outdir))

    assert synthesize(capsys) == "Node.js 20 or newer is needed, and there is no node; put it on PATH"
    assert not outdir.exists()


@pytest.mark.parametrize("version", ["v18.20.4", "v6.0.0"])
def test_an_old_node(version: str, outdir: Path, program: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    node = program("node", f"echo {version}")

    assert synthesize(capsys) == f"Node.js 20 or newer is needed, and {node} is {version[1:]}; put it on PATH"
    assert not outdir.exists()


def test_a_node_that_does_not_start(outdir: Path, program: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    node = program("node", "echo 'wrong glibc' >&2; exit 3")

    assert (
        synthesize(capsys) == f"Node.js 20 or newer is needed, and {node} cannot be run (wrong glibc); put it on PATH"
    )
    assert not outdir.exists()


@pytest.mark.parametrize("version", ["v20.0.0", "v24.1.0", "v100.0.0"])
def test_a_node_that_is_new_enough(version: str, program: Shell) -> None:
    program("node", f"echo {version}")

    assert machine.node_fault(os.environ) is None


@pytest.mark.parametrize("home", ["/proc/nobody", "file", "no-link"])
def test_a_home_that_cannot_be_written(
    home: str, tmp_path: Path, outdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "no-link").symlink_to(tmp_path / "gone")
    monkeypatch.setenv("HOME", str(tmp_path / home))
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", raising=False)

    line = synthesize(capsys)

    assert line.startswith("the cache of jsii: ")
    assert "cannot be written" in line
    assert not outdir.exists()


def _file(outdir: Path) -> None:
    outdir.touch()


def _nowhere(outdir: Path) -> None:
    outdir.symlink_to("/proc/nobody/out")


def _loop(outdir: Path) -> None:
    outdir.symlink_to(outdir)


def _file_of_stacks(outdir: Path) -> None:
    outdir.mkdir()
    (outdir / "stacks").touch()


def _file_of_a_stack(outdir: Path) -> None:
    (outdir / "stacks").mkdir(parents=True)
    (outdir / "stacks" / "iot-dev-data").touch()


@pytest.mark.parametrize("spoil", [_file, _nowhere, _loop, _file_of_stacks, _file_of_a_stack])
def test_an_output_that_cannot_be_written(
    spoil: Callable[[Path], None], tmp_path: Path, outdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(outdir)
    before = sorted(tmp_path.rglob("*"))

    line = synthesize(capsys)

    assert line.startswith("the output of the synthesis: ")
    assert line.endswith("; make it a folder that you may write to")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_the_operating_system_refuses_later(
    outdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("Error: ENOSPC: no space left on device, write")

    monkeypatch.setattr(main, "build_app", full)

    assert synthesize(capsys) == "the synthesis failed: Error: ENOSPC: no space left on device, write"


def test_a_mistake_in_the_program_keeps_its_traceback(outdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError("Expected object reference, got 1")

    monkeypatch.setattr(main, "build_app", wrong)

    with pytest.raises(RuntimeError, match="Expected object"):
        main.main(["--env", "iot-dev"])


def test_an_old_terraform_is_noticed_by_every_command(program: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    from tools.change import __main__ as review
    from tools.local import __main__ as local

    old = program("terraform", 'echo "Terraform v1.9.8"')
    line = (
        f"Terraform 1.11 or newer is needed, and {old} is 1.9.8; "
        "put it on PATH, or name the program in TERRAFORM_BINARY_NAME\n"
    )

    for command, verb in ((deploy.main, "diff"), (review.main, "rehearsal"), (local.main, "up")):
        assert command([verb, "--env", "iot-dev"]) == 1
        assert capsys.readouterr().err == line


def test_a_working_folder_that_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").touch()
    monkeypatch.setattr(terraform, "WORK", tmp_path / "work")

    assert deploy.main(["diff", "--env", "iot-dev"]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path / 'work'} cannot be written (Not a directory); make it a folder that you may write to\n"
    )


def test_opentofu_is_asked_in_its_place(program: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    program("terraform", "exit 1")
    tofu = program("tofu", 'echo "OpenTofu v1.10.0"')
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "tofu")

    assert f"{tofu} is 1.10.0" in str(machine.terraform_fault(os.environ))


def test_everything_that_is_missing_is_said_before_an_installation() -> None:
    # GIVEN nothing on PATH, and an interpreter without any package
    command = [sys.executable, "-I", "-S", str(ROOT / "settings" / "machine.py")]

    done = subprocess.run(command, env={"PATH": "/proc"}, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [line.split(" is needed")[0] for line in done.stderr.splitlines()] == [
        "Node.js 20 or newer",
        "npm",
        "Terraform 1.11 or newer",
    ]


def test_everything_that_is_missing_is_one_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/proc")
    monkeypatch.setattr(machine, "PYTHON", (9, 0))

    assert machine.main() == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split(" needed")[0] for line in said] == [
        "Python 3.11 or newer is",
        "Node.js 20 or newer is",
        "npm is",
        "Terraform 1.11 or newer is",
    ]


def test_a_program_that_does_not_answer(program: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    program("node", "exit 0")

    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("node", 60)

    monkeypatch.setattr(subprocess, "run", hang)

    assert "cannot be run (Command 'node' timed out after 60 seconds)" in str(machine.node_fault(os.environ))
