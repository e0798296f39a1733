"""`python main.py` with something wrong: exit code 2, one line for each fault, and nothing written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settings import environment_names

ROOT = Path(__file__).parents[2]
KNOWN = ", ".join(environment_names())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what is read before synthesis, with the output of an earlier run."""
    root = tmp_path / "project"
    for room in ("environments", "settings"):
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "main.py", root)
    earlier = root / "cdktf.out" / "stacks" / "iot-dev-network"
    earlier.mkdir(parents=True)
    (earlier / "cdk.tf.json").write_text('{"earlier": true}\n')
    (root / "cdktf.out" / "manifest.json").write_text("{}")
    return root


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run main.py as the cdktf CLI does: from the project's root."""
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def tree(directory: Path) -> dict[str, bytes]:
    """Every file under a directory with its content."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_faults_of_all_files_are_said_and_nothing_is_written(project: Path) -> None:
    # GIVEN faults in two files
    first, second = project / "environments" / "iot-dev.toml", project / "environments" / "iot-prod.toml"
    first.write_text(first.read_text().replace("10.20.0.0/16", "10.20.0.1/16").replace("clients", "client"))
    second.write_text("protected = false\n" + second.read_text())
    before = tree(project)

    # WHEN the app is run
    result = run(project)

    # THEN it says each in one line, in the order of the files
    assert result.returncode == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split(";")[0] for line in lines] == [
        'environments/iot-dev.toml: network.cidr = "10.20.0.1/16"',
        "environments/iot-dev.toml: api.plans.default.clients is missing",
        "environments/iot-dev.toml: api.plans.default.client is unknown",
        "environments/iot-prod.toml: protected = false",
    ]
    assert all("; allowed: " in line for line in lines)
    # and leaves everything byte for byte as it was
    assert tree(project) == before


def test_a_fault_in_an_environment_that_was_not_asked_for_is_not_said(project: Path) -> None:
    (project / "environments" / "iot-prod.toml").write_text("=")

    result = run(project, "--env", "iot-absent")

    assert result.stderr.count("\n") == 1
    assert "iot-absent" in result.stderr


def test_a_directory_asked_for_by_the_cdktf_cli_is_left_alone_too(project: Path, tmp_path: Path) -> None:
    (project / "environments" / "iot-dev.toml").write_text("=")
    outdir = tmp_path / "elsewhere"

    result = run(project, CDKTF_OUTDIR=str(outdir))

    assert result.returncode == 2
    assert not outdir.exists()


def test_an_unknown_environment_is_answered_with_the_known_ones(project: Path) -> None:
    before = tree(project)

    result = run(project, "--env", "iot-absent")

    assert result.returncode == 2
    assert result.stderr == (
        f"environments/iot-absent.toml: the file is missing; allowed: {KNOWN}; name one of them, or write the file\n"
    )
    assert tree(project) == before


def test_a_fault_of_the_command_line_is_not_said_to_be_in_a_file(project: Path) -> None:
    result = run(project, "--env", "iot-dev", "--suffix", "PR_12")

    assert result.returncode == 2
    assert result.stderr == (
        'the command line: suffix = "PR_12"; allowed: 2 to 12 lower-case letters, digits and single hyphens, '
        "beginning with a letter; correct the value\n"
    )


@pytest.mark.parametrize("arguments", [("--suffix", "pr-12"), ("--unprotected",), ("--suffix", "")])
def test_options_about_one_environment_need_its_name(project: Path, arguments: tuple[str, ...]) -> None:
    result = run(project, *arguments)

    assert result.returncode == 2
    assert result.stderr.endswith("main.py: error: --suffix and --unprotected need --env\n")


def test_an_empty_environment_name_is_an_error_and_no_default(project: Path) -> None:
    result = run(project, "--env", "")

    assert result.returncode == 2
    assert f"the file is missing; allowed: {KNOWN};" in result.stderr


def test_a_zip_that_cannot_be_built_is_said_in_one_line_and_nothing_is_written(project: Path) -> None:
    # GIVEN the whole project, without the list of the zip's requirements
    for room in ("modules", "stacks", "rotation_lambda"):
        shutil.copytree(ROOT / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "rotation_lambda" / "requirements.txt").write_text("psycopg2-binary==2.9.13\n")
    before = tree(project)

    # WHEN the app is run
    result = run(project)

    # THEN it says why
    assert result.returncode == 2
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("b'!!")]
    assert line == (
        "the rotation function for arm64 cannot be built: requirements.txt must hold one name==version with one "
        "sha256 hash for each of arm64, x86_64"
    )
    assert tree(project) == before
