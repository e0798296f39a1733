"""Builds the rotation function's zip. It is run by path, because `rotation_lambda` is a separate program."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from pathlib import Path

from modules.rotation import CodePackage

_BUILDER = Path(__file__).resolve().parent.parent / "rotation_lambda" / "build.py"


class PackageError(Exception):
    """The zip cannot be built; the message is one line."""


def build_packages(architectures: Iterable[str]) -> dict[str, CodePackage]:
    """The zip for each of the architectures, built once."""
    builder = runpy.run_path(str(_BUILDER), run_name="rotation_lambda_build")
    packages = {}
    for architecture in sorted(set(architectures)):
        try:
            built = builder["build"](architecture)
        except builder["BuildError"] as error:
            reason = " ".join(str(error).split())
            raise PackageError(f"the rotation function for {architecture} cannot be built: {reason}") from error
        packages[architecture] = CodePackage(built.path, built.sha256_base64)
    return packages
