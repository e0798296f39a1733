"""Another revision is synthesized by its own program, from its own files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.change import revision
from tools.change.revision import RevisionError
from tools.synthesized.errors import DeployError

_PROGRAM = """
import os, pathlib, sys
assert sys.argv[1:] == ["--env", "iot-dev"]
out = pathlib.Path(os.environ["CDKTF_OUTDIR"])
out.mkdir()
(out / "manifest.json").write_text({text!r} + pathlib.Path("environments/iot-dev.toml").read_text())
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits; the program of each writes something else."""
    root = tmp_path / "repository"
    (root / "environments").mkdir(parents=True)
    _git(root, "init", "--initial-branch", "main")
    for number in ("first ", "second "):
        (root / "main.py").write_text(_PROGRAM.format(text=number))
        (root / "environments" / "iot-dev.toml").write_text(f"settings of {number}")
        _git(root, "add", "--all")
        _git(root, "commit", "--message", number)
    (root / "main.py").write_text("not committed")
    return root


def _git(root: Path, *arguments: str) -> None:
    author = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *arguments], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "text"), [("main", "second settings of second "), ("main~1", "first settings of first ")]
)
def test_a_revision_is_synthesized_by_its_own_program(repository: Path, tmp_path: Path, name: str, text: str) -> None:
    tree, outdir = tmp_path / "tree", tmp_path / "out"

    revision.unpack(revision.resolve(name, repository), repository, tree)
    revision.synthesize(tree, "iot-dev", outdir, environ=os.environ)

    assert (outdir / "manifest.json").read_text() == text
    assert [file.stem for file in (tree / "environments").iterdir()] == ["iot-dev"]


def test_a_branch_that_only_the_remote_has_is_found(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", str(repository), str(clone))
    _git(clone, "checkout", "-b", "feature")
    _git(clone, "branch", "--delete", "main")

    assert revision.resolve("main", clone) == revision.resolve("main", repository)


def test_within_a_hook_of_git_the_revision_is_this_repositorys(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = revision.resolve("main", repository)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))

    assert revision.resolve("main", repository) == expected


@pytest.mark.parametrize("name", ["mian", "--all", "main..feature", ""])
def test_what_is_no_revision_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(RevisionError, match=rf"BASE={name} is no revision"):
        revision.resolve(name, repository)


def test_a_program_that_refuses_its_settings_is_a_failure(repository: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    revision.unpack(revision.resolve("main", repository), repository, tree)
    (tree / "main.py").write_text("raise SystemExit(2)")

    with pytest.raises(DeployError, match="exit code 2"):
        revision.synthesize(tree, "iot-dev", tmp_path / "out", environ=os.environ)
