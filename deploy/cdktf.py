"""The pinned cdktf CLI, run on one environment."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy import processes, terraform
from deploy.failure import DeployError
from deploy.processes import OnLine
from deploy.terraform import ROOT

_CLI = ROOT / "node_modules" / ".bin" / "cdktf"


def app_command(environment: str, *, suffix: str | None = None, unprotected: bool = False) -> list[str]:
    """The command that synthesizes just this environment."""
    python = Path(sys.executable)
    command = [
        str(python.relative_to(ROOT) if python.is_relative_to(ROOT) else python),
        "main.py",
        "--env",
        environment,
    ]
    command += [] if suffix is None else ["--suffix", suffix]
    return [*command, "--unprotected"] if unprotected else command


def synthesize(app: Sequence[str], environ: Mapping[str, str], *, on_line: OnLine = processes.echo) -> None:
    """Run the app. Raises DeployError when it refuses the settings; it has then said why."""
    code = processes.run(app, environ=environ, cwd=ROOT, on_line=on_line)
    if code:
        raise DeployError(f"synthesis ended with exit code {code}; nothing was changed")


def run(
    verb: str,
    stacks: str,
    *,
    app: Sequence[str],
    environ: Mapping[str, str],
    approved: bool,
    on_line: OnLine = processes.echo,
) -> None:
    """`cdktf deploy` or `cdktf destroy` on all stacks that match the pattern `stacks`.

    Without `approved` the CLI asks, in the terminal, stack by stack. Raises DeployError when it fails.
    """
    if not _CLI.exists():
        raise DeployError("the cdktf CLI is not installed; run: make setup")
    command = [str(_CLI), verb, stacks, "--app", shlex.join(app), "--terraform-parallelism", "30"]
    command += ["--auto-approve"] if approved else []
    # The lock for other platforms needs the registry, which a machine with a mirror may not reach.
    command += ["--skip-provider-lock"] if verb == "deploy" and terraform.find_mirror(environ) else []
    if approved:
        code = processes.run(command, environ=environ, cwd=ROOT, on_line=on_line)
    else:
        code = subprocess.run(command, env=dict(environ), cwd=ROOT, check=False).returncode
    if code:
        raise DeployError(
            f"cdktf {verb} {stacks} ended with exit code {code}. Mend the cause shown above and run it again; "
            "after a kill, first: make recover"
        )
