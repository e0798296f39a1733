"""Runs Terraform, with the provider from a filesystem mirror where the machine has one."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from settings import machine
from tools.deploy import processes
from tools.deploy.processes import OnLine
from tools.synthesized.errors import DeployError
from tools.synthesized.paths import ROOT

WORK = ROOT / ".local"

# What cdktf-cdktf-provider-aws 20.1.0 pins; a test holds it against the synthesized JSON.
PROVIDER_VERSION = "5.100.0"
_USUAL_PARENTS = (Path("/opt"), Path("/srv"), Path("/usr/local"))


def binary(environ: Mapping[str, str]) -> str:
    """The Terraform to run; `TERRAFORM_BINARY_NAME` is what the cdktf CLI obeys, too."""
    return environ.get("TERRAFORM_BINARY_NAME", "terraform")


def check_machine(environ: Mapping[str, str]) -> None:
    """Raise DeployError, in one line, when Node.js or Terraform is missing or old, or `.local` cannot be written."""
    fault = machine.node_fault(environ) or machine.terraform_fault(environ) or machine.unwritable(WORK)
    if fault:
        raise DeployError(fault)


def find_mirror(environ: Mapping[str, str]) -> Path | None:
    """A folder laid out as a Terraform mirror that holds the pinned provider for this machine, or None.

    Looked for in this order: the variable TF_PROVIDER_MIRROR, the folders that Terraform itself searches, and any
    folder directly under /opt, /srv and /usr/local.
    """
    # OpenTofu takes `aws` for that of its own registry.
    registry = "registry.opentofu.org" if Path(binary(environ)).name.startswith("tofu") else "registry.terraform.io"
    unpacked = f"{registry}/hashicorp/aws/{PROVIDER_VERSION}/{_platform()}"
    packed = f"{registry}/hashicorp/aws/terraform-provider-aws_{PROVIDER_VERSION}_{_platform()}.zip"
    folders = (folder for folder in _candidates(environ) if (folder / unpacked).is_dir() or (folder / packed).is_file())
    return next(folders, None)


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    if named := environ.get("TF_PROVIDER_MIRROR"):
        yield Path(named)
    # https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    home = environ.get("HOME", "/")
    yield Path(home, ".terraform.d/plugins")
    for data in (
        environ.get("XDG_DATA_HOME", f"{home}/.local/share"),
        *environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":"),
    ):
        yield Path(data, "terraform/plugins")
    for parent in _USUAL_PARENTS:
        yield from sorted(parent.glob("*/"))


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{platform.system().lower()}_{machine}"


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for Terraform and the cdktf CLI: no telemetry, no questions, and the mirror, if there is one.

    A CLI configuration file of the user's own wins, as long as it exists; a variable that points to a missing file
    makes Terraform print a warning into everything, its JSON included, and so is replaced.
    """
    found = {
        # Go then frees memory later: Terraform and the provider take a third less of the processor, and 30 MB more.
        "GOGC": "400",
        "CHECKPOINT_DISABLE": "1",
        "DISABLE_VERSION_CHECK": "1",
        "CI": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "FORCE_COLOR": "0",
    }
    own = environ.get("TF_CLI_CONFIG_FILE")
    mirror = find_mirror(environ)
    if (own and Path(own).is_file()) or (mirror is None and own is None):
        return found
    text = "" if mirror is None else f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
    WORK.mkdir(exist_ok=True)
    file = WORK / "terraform.rc"
    temporary = file.with_suffix(f".{os.getpid()}")  # other commands may be reading it
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
    # The cdktf CLI's plugin cache is shared by stacks deployed at once, which ends in "text file busy"; with a mirror
    # nothing is downloaded and no cache is wanted.
    return {**found, "TF_CLI_CONFIG_FILE": str(file), "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1"}


def run(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    check: bool = True,
    on_line: OnLine = processes.ignore,
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a stack's folder; raises DeployError with its output unless `check` is off."""
    done = processes.capture([binary(environ), *arguments], cwd=cwd, environ=environ, on_line=on_line)
    if check and done.returncode:
        raise DeployError(
            f"terraform {arguments[0]} failed in {cwd.name}; nothing is lost: fix the cause and run this command "
            "again\n"
            f"{done.stdout}{done.stderr}"
        )
    return done


def init(folder: Path, environ: Mapping[str, str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Initialize a stack's folder, as `run` does."""
    return run(["init", "-reconfigure", "-input=false", "-no-color"], cwd=folder, environ=environ, check=check)
