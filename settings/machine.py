"""What the machine must have before anything is installed or run; `make setup` runs it before there is any package.

`python settings/machine.py` prints one line for each thing that is missing or too old, and ends with 1.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

PYTHON = (3, 11)
# Required by cdktf-cli 0.21.0 and package.json.
NODE = (20,)
# State locks in S3 (`use_lockfile`) are generally available from this version:
# https://developer.hashicorp.com/terraform/language/v1.11.x/upgrade-guides. The same is asked of OpenTofu.
TERRAFORM = (1, 11)


def node_fault(environ: Mapping[str, str]) -> str | None:
    """What is wrong with the Node.js that jsii starts, in one line."""
    return _fault("Node.js", environ.get("JSII_NODE", "node"), "--version", NODE, "put it on PATH", environ)


def terraform_fault(environ: Mapping[str, str]) -> str | None:
    """The same for Terraform, or the program that replaces it."""
    remedy = "put it on PATH, or name the program in TERRAFORM_BINARY_NAME"
    return _fault("Terraform", environ.get("TERRAFORM_BINARY_NAME", "terraform"), "version", TERRAFORM, remedy, environ)


def cache_fault(environ: Mapping[str, str]) -> str | None:
    """Whether jsii can unpack its packages: in some read-only home folders Node.js would retry forever."""
    root = environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")
    fault = unwritable(
        Path(root) if root else Path(environ.get("HOME") or Path.home(), ".cache/aws/jsii/package-cache")
    )
    return None if fault is None else f"the cache of jsii: {fault}, or set JSII_RUNTIME_PACKAGE_CACHE_ROOT to another"


def unwritable(folder: Path) -> str | None:
    """Why no file can be created in `folder` or its nearest existing parent; None if one can."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror}); make it a folder that you may write to"


def _fault(
    name: str, program: str, option: str, least: tuple[int, ...], remedy: str, environ: Mapping[str, str]
) -> str | None:
    wanted = f"{name} {'.'.join(map(str, least))} or newer is needed"
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        return f"{wanted}, and there is no {program}; {remedy}"
    try:
        done = subprocess.run(
            [found, option],
            env={**environ, "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{wanted}, and {found} cannot be run ({error}); {remedy}"
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[:200] or f"exit code {done.returncode}"
        return f"{wanted}, and {found} cannot be run ({said}); {remedy}"
    version = re.search(r"v(\d+(?:\.\d+)*)", done.stdout)
    # A program that prints no version is a wrapper script; accept it.
    if version and tuple(map(int, version.group(1).split("."))) < least:
        return f"{wanted}, and {found} is {version.group(1)}; {remedy}"
    return None


def _faults(environ: Mapping[str, str]) -> Iterator[str | None]:
    if sys.version_info < PYTHON:
        yield "Python 3.11 or newer is needed, and this is {}.{}; PYTHON=... chooses another".format(*sys.version_info)
    yield node_fault(environ)
    if shutil.which("npm", path=environ.get("PATH")) is None:
        yield "npm is needed, and there is none; it comes with Node.js: put it on PATH"
    yield terraform_fault(environ)


def main() -> int:
    """0 when nothing is missing."""
    faults = [fault for fault in _faults(os.environ) if fault]
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
