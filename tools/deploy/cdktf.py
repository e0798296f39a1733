"""The pinned cdktf CLI, run on one environment."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.deploy import processes
from tools.deploy.processes import OnLine
from tools.synthesized.errors import DeployError
from tools.synthesized.paths import ROOT
from tools.synthesized.stacks import find

_CLI = ROOT / "node_modules" / ".bin" / "cdktf"


def app_command(environment: str, *, suffix: str | None = None, unprotected: bool = False) -> list[str]:
    """The command that synthesizes just this environment."""
    python = Path(sys.executable)
    python = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    command = [str(python), "main.py", "--env", environment]
    command += [] if suffix is None else ["--suffix", suffix]
    return [*command, "--unprotected"] if unprotected else command


def synthesize(app: Sequence[str], environ: Mapping[str, str], *, on_line: OnLine = processes.echo) -> None:
    """Run the app. Raises DeployError when it refuses the settings; it has then said why."""
    code = processes.run(app, environ=environ, cwd=ROOT, on_line=on_line)
    if code:
        raise DeployError(f"synthesis ended with exit code {code}; nothing was changed")


def diff(environment: str, *, app: Sequence[str], environ: Mapping[str, str]) -> None:
    """Show what a deployment would change, stack by stack: the CLI's own `diff` takes one stack.

    What is synthesized is shown. Raises DeployError, after all the others, for stacks that cannot be planned.
    """
    failed = [
        stack.name
        for stack in find(environment)
        if processes.run([*_command("diff", stack.name, app), "--skip-synth"], environ=environ, cwd=ROOT)
    ]
    if failed:
        raise DeployError(
            f"not planned: {', '.join(failed)}; a stack can be planned only after the stacks that it reads from are "
            "deployed"
        )


def require_credentials(environ: Mapping[str, str]) -> None:
    """Raise DeployError without any: else every stack says so by itself, after seconds of asking."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        given = environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY")
        found = given or Session().get_credentials()
    except BotoCoreError as error:  # a profile that does not exist, or half of a pair
        raise DeployError(f"there are no AWS credentials: {error}") from error
    if not found:
        raise DeployError(
            "there are no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )


def _command(verb: str, stacks: str, app: Sequence[str]) -> list[str]:
    if not _CLI.exists():
        raise DeployError("the cdktf CLI is not installed; run: make setup")
    return [str(_CLI), verb, stacks, "--app", shlex.join(app), "--terraform-parallelism", "30"]


def run(
    verb: str,
    stacks: str,
    *,
    app: Sequence[str],
    environ: Mapping[str, str],
    approved: bool,
    alone: bool = False,
    synthesized: bool = False,
    on_line: OnLine = processes.echo,
) -> None:
    """`cdktf deploy` or `cdktf destroy` on all stacks that match the pattern `stacks`; `alone` without those they need,
    `synthesized` as they are, and else synthesized anew.

    Without `approved` the CLI asks, in the terminal, stack by stack. Raises DeployError when it fails, or when there is
    no terminal to ask in.
    """
    require_credentials(environ)
    command = _command(verb, stacks, app)
    # The lock would be for other platforms, on which nobody uses this machine's `cdktf.out`, and needs the registry.
    command += ["--skip-provider-lock"] if verb == "deploy" else []
    command += ["--ignore-missing-stack-dependencies"] if alone else []
    command += ["--skip-synth"] if synthesized else []
    if approved:
        code = processes.run([*command, "--auto-approve"], environ=environ, cwd=ROOT, on_line=on_line)
    else:
        code = processes.ask(command, environ=environ, cwd=ROOT)
    if code:
        raise DeployError(
            f"cdktf {verb} {stacks} ended with exit code {code}. Fix the cause shown above and run it again; "
            "if it was killed, first run: make recover"
        )
