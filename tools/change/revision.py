"""Synthesizes another revision of the project, from its own tree and by its own `main.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from tools.deploy import processes
from tools.deploy.processes import OnLine
from tools.synthesized.errors import DeployError, ToolError


class RevisionError(ToolError):
    """The name of a revision that git does not know."""

    exit_code = 2


def resolve(name: str, root: Path) -> str:
    """The commit that `name` means, here or on `origin`. Raises RevisionError."""
    for candidate in (name, f"origin/{name}"):
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.decode().strip()
    raise RevisionError(f"BASE={name} is no revision of this repository; give a branch, a tag or a commit")


def unpack(commit: str, root: Path, tree: Path) -> None:
    """Write the files of `commit` into `tree`, with what is already downloaded for the rotation function's zip."""
    archive = _git(root, "archive", "--format=tar", commit)
    if archive.returncode:
        raise DeployError(f"git archive {commit}: {archive.stderr.decode()}")
    tree.mkdir(parents=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    wheels = Path("build", "wheels")
    if (root / wheels).is_dir() and not (tree / wheels).exists():
        (tree / wheels).parent.mkdir(exist_ok=True)
        (tree / wheels).symlink_to(root / wheels)


def synthesize(
    tree: Path, environment: str, outdir: Path, *, environ: Mapping[str, str], on_line: OnLine = processes.echo
) -> None:
    """Synthesize one environment with the program in `tree` into `outdir`. Raises DeployError."""
    variables = {**environ, "CDKTF_OUTDIR": str(outdir)}
    variables.pop("PYTHONPATH", None)
    code = processes.run(
        [sys.executable, "main.py", "--env", environment], environ=variables, cwd=tree, on_line=on_line
    )
    if code:
        raise DeployError(f"main.py --env {environment} of {tree.name} ended with exit code {code}")


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(["git", *arguments], cwd=root, env=environ, capture_output=True, check=False)
